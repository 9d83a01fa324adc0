"""Many shops side by side: `python -m benchmarks.shops` prints the time and memory of `ordersync sync --shop all`.

`--ways` also tries the two other ways that decision 24 names: a command for each shop, and threads of one process.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from benchmarks.commands import ORDERSYNC, Cost, ordersync
from benchmarks.tables import table
from ordersync_dagster.app.pretend_shops import pretend_shops

THREADS = """
import threading
from ordersync_dagster.app.run import start_run
from ordersync_dagster.app.shops import read_shops
from ordersync_dagster.app.wiring import open_run
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.order_sync import PrintfulScope
def work(shop):
    ready = open_run(shop.settings, PrintfulScope.all, dry_run=False)
    for _ in start_run(ready, Window.last_days(30, ready.sync.clock())).parts:
        pass
threads = [threading.Thread(target=work, args=(shop,)) for shop in read_shops()]
for each in threads: each.start()
for each in threads: each.join()
"""
Way = Callable[[Mapping[str, str], int], Cost]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shops", description=__doc__)
    parser.add_argument("--shops", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds that each answer of a vendor takes")
    parser.add_argument("--ways", action="store_true")
    wanted = parser.parse_args()
    ways: dict[str, Way] = {"one shop alone": _one, f"`--shop all`, {wanted.shops} shops": _all}
    if wanted.ways:
        ways |= {"a command for each shop, at the same time": _commands, "threads of one process": _threads}
    rows: list[Sequence[str]] = []
    for name, way in ways.items():
        with pretend_shops(wanted.shops, latency=wanted.latency) as environment:
            cost = way(environment, wanted.shops)
        rows.append((name, f"{cost.wall:.1f} s", f"{cost.cpu:.1f} s", f"{cost.memory:.0f} MB"))
    print(table(("what", "time", "processor time", "memory of the started processes"), rows))


def _one(environment: Mapping[str, str], _count: int) -> Cost:
    return ordersync(["sync", "--shop", "shop1"], environment)


def _all(environment: Mapping[str, str], _count: int) -> Cost:
    return ordersync(["sync", "--shop", "all"], environment)


def _commands(environment: Mapping[str, str], count: int) -> Cost:
    return _cost([[ORDERSYNC, "sync", "--shop", f"shop{number}"] for number in range(1, count + 1)], environment)


def _threads(environment: Mapping[str, str], _count: int) -> Cost:
    return _cost([[THREADS]], environment)


def _cost(programs: Sequence[Sequence[str]], environment: Mapping[str, str]) -> Cost:
    started, cpu, memory = time.perf_counter(), 0.0, 0.0
    running = [
        subprocess.Popen(
            [sys.executable, "-c", *each],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for each in programs
    ]
    for process in running:
        _, process.returncode, used = os.wait4(process.pid, 0)
        cpu, memory = cpu + used.ru_utime + used.ru_stime, memory + used.ru_maxrss / 1024
    return Cost(time.perf_counter() - started, cpu, memory)


if __name__ == "__main__":
    main()
