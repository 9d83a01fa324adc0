"""The time of each part of a run: the same run in one process, with a timer around each port.

`python -m benchmarks.stages` reads the settings from the environment and prints seconds by stage.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

BEGAN = time.perf_counter()
sys.modules["aiohttp"] = None  # type: ignore[assignment]  # benchmarks/commands.py says why

from ordersync_dagster.app.settings import read_settings  # noqa: E402
from ordersync_dagster.app.wiring import open_run, utc_now  # noqa: E402
from ordersync_dagster.core.window import Window  # noqa: E402  # imports are one of the stages
from ordersync_dagster.sync.order_sync import PrintfulScope, Request  # noqa: E402
from ordersync_dagster.sync.ports import Sessions, Store  # noqa: E402

IMPORTED = time.perf_counter()
LISTS = ("sessions", "refunds", "disputes", "invoice_payments")
LOOK_UPS = ("orders_of_sessions", "newest_sessions")


class Clocked:
    """Wraps a port and measures the time of its answers."""

    def __init__(self, port: object, spent: dict[str, float], stages: dict[str, str]) -> None:
        self._port, self._spent, self._stages = port, spent, stages

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        return self._timed(value, self._stages[name]) if name in self._stages else value

    def _timed(self, call: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            answer = call(*arguments, **named)
            self._spent[stage] += time.perf_counter() - started
            return self._each(answer, stage) if isinstance(answer, Iterator) else answer

        return timed

    def _each(self, answers: Iterator[Any], stage: str) -> Iterator[Any]:
        """Counts only the wait for the next item."""
        while True:
            started = time.perf_counter()
            answer = next(answers, None)
            self._spent[stage] += time.perf_counter() - started
            if answer is None:
                return
            yield answer


def measure(days: int) -> dict[str, float]:
    """Seconds of the main thread: imports, opening, waiting for pages, look-ups, writing, and reconciling the rest."""
    started = time.perf_counter()
    shop = open_run(read_settings(), PrintfulScope.none, dry_run=False)
    opened = time.perf_counter()
    spent = dict.fromkeys(("fetch", "look up", "write"), 0.0)
    stripe: Sessions = Clocked(
        shop.sync.stripe, spent, dict.fromkeys(("sessions", "refunds", "disputes", "invoice_payments"), "fetch")
    )
    doors = dict.fromkeys(LOOK_UPS, "look up") | {"apply": "write"}
    store: Store = Clocked(shop.sync.store, spent, doors)
    sync = replace(shop.sync, stripe=stripe, store=store)
    for _ in sync.repair(Request(Window.last_days(days, utc_now()), PrintfulScope.none)):
        continue
    total = time.perf_counter() - opened
    own = {"imports": IMPORTED - BEGAN, "open": opened - started}
    return {**own, **spent, "reconcile": total - sum(spent.values())}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
