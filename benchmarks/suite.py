"""The measurements, in their order."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import create_engine, text

from benchmarks import floors, sequential
from benchmarks.commands import HIGH_LIMITS, Cost, ordersync, spawned
from benchmarks.databases import KINDS, Fresh
from benchmarks.figures import Case, Limited, Run
from benchmarks.floors import Reading
from benchmarks.vendors import Vendors, serving
from benchmarks.worlds import shop_rows
from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url

DAYS = {"month": 30, "day": 1}
REPEATS = 3  # the fastest counts, here and for the floors
REPEATED_UP_TO = 20_000  # sessions
STAGED_UP_TO = 100_000  # sessions; larger cases show the same
SEQUENTIAL_ROWS = 500
T = TypeVar("T")


def cases(
    fresh: Fresh, shape: str, size: int, latencies: Sequence[float], kinds: Sequence[str] = KINDS
) -> Iterator[Case]:
    """One world at each latency against each database."""
    with serving(shape, size, latencies) as vendors:
        for latency in latencies:
            reading = _best([_reading(vendors, shape, latency) for _ in range(REPEATS)], lambda each: each.wall)
            for kind in kinds:
                yield _case(fresh, Setting(vendors, shape, size, latency, kind), reading)


@dataclass(frozen=True, slots=True)
class Setting:
    """The world and database of one case."""

    vendors: Vendors
    shape: str
    size: int
    latency: float
    kind: str

    def environment(self, url: str) -> dict[str, str]:
        return self.vendors.environment(self.latency) | HIGH_LIMITS | {"DATABASE_URL": url}


def _case(fresh: Fresh, setting: Setting, reading: Reading) -> Case:
    size, days = setting.size, DAYS[setting.shape]
    repeats = range(REPEATS if size <= REPEATED_UP_TO else 1)
    first, again = _best([_twice(fresh, setting) for _ in repeats], lambda pair: pair[0].cost.wall)
    stages: dict[str, float] = {}
    if size <= STAGED_UP_TO:
        with _empty(fresh, setting.kind) as url:
            stages = json.loads(spawned(["-m", "benchmarks.stages", str(days)], setting.environment(url))[1])
    floor = min(_write_floor(fresh, setting) for _ in repeats)
    with _empty(fresh, setting.kind) as url:
        plain = sequential.measure(url, setting.environment(url), floors.rows(SEQUENTIAL_ROWS))
    kept = (setting.size, setting.shape, setting.latency, setting.kind)
    return Case(*kept, first, again, reading, floor, plain, stages)


def _twice(fresh: Fresh, setting: Setting) -> tuple[Run, Run]:
    """A run for a shop without orders, and a second run."""
    with _empty(fresh, setting.kind) as url:
        environment, days = setting.environment(url), DAYS[setting.shape]
        first, again = (_run(setting.vendors, setting.latency, days, environment) for _ in range(2))
        if (found := _count(url)) != setting.size:
            raise RuntimeError(f"the run left {found} orders of {setting.size} sessions: its time says nothing")
        return first, again


def _write_floor(fresh: Fresh, setting: Setting) -> float:
    with _empty(fresh, setting.kind) as url:
        return floors.write(url, floors.rows(setting.size))


@contextmanager
def _empty(fresh: Fresh, kind: str) -> Iterator[str]:
    """A shop with its tables and ours, but no orders."""
    with fresh(kind) as url:
        open_shop.seed(parse_url(url), {})
        yield url


def starts(fresh: Fresh) -> dict[str, Cost]:
    """The command with nothing to do: its help, and a day without sessions on each database."""
    found = {"ordersync --help": _least([ordersync(["--help"], {}) for _ in range(REPEATS)])}
    with serving("month", 0) as vendors:
        for kind in KINDS:
            with _empty(fresh, kind) as url:
                settings = vendors.environment(0.0) | {"DATABASE_URL": url}
                arguments = ["sync", "--days", "1", "--printful", "none"]
                ordersync(arguments, settings)
                found[f"empty day, {kind}"] = _least([ordersync(arguments, settings) for _ in range(REPEATS)])
    return found


def sandbox_pages(size: int) -> float:
    """The maximum number of pages of 100 that the sandbox serves in a second."""
    with serving("month", size) as vendors:
        base = vendors.environment(0.0)["STRIPE_API_BASE"]
        return max(float(spawned(["-m", "benchmarks.pages", base], {})[1]) for _ in range(REPEATS))


def stripe_limit(fresh: Fresh, size: int, per_second: int) -> Limited:
    """A run while Stripe allows `per_second` requests and the setting is the same."""
    with serving("month", size, [0.1], f"stripe={per_second}/1") as vendors, _empty(fresh, "postgresql") as url:
        budget = {"STRIPE_REQUESTS_PER_SECOND": str(per_second)}
        settings = vendors.environment(0.1) | budget | {"DATABASE_URL": url}
        run, again = (_run(vendors, 0.1, 30, settings) for _ in range(2))
        return Limited(size, _count(url), per_second, run, again=again)


def printful_limit(fresh: Fresh, size: int, missing: int) -> Limited:
    """A run with the default setting while Printful allows 120 requests a minute; `missing` ids are unknown to it."""
    with serving("printful", size, [0.1], "printful=120/60") as vendors, fresh("postgresql") as url:
        open_shop.seed(parse_url(url), {"orders": shop_rows(size, missing)})
        cost = ordersync(["sync", "--days", "1"], vendors.environment(0.1) | {"DATABASE_URL": url})
        query = "SELECT count(DISTINCT order_id) FROM order_items"
        return Limited(size, _count(url, query), 2.0, Run(cost, vendors.tally(0.1, "printful")), missing)


def _reading(vendors: Vendors, shape: str, latency: float) -> Reading:
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=DAYS[shape])
    end = midnight if shape == "day" else now
    span = [str(int(start.timestamp())), str(int(end.timestamp()))]
    base = vendors.environment(latency)["STRIPE_API_BASE"]
    return Reading(*json.loads(spawned(["-m", "benchmarks.floors", base, *span], {})[1]))


def _run(vendors: Vendors, latency: float, days: int, settings: dict[str, str]) -> Run:
    vendors.tally(latency)
    cost = ordersync(["sync", "--days", str(days), "--printful", "none"], settings)
    return Run(cost, vendors.tally(latency))


def _count(url: str, query: str = "SELECT count(*) FROM orders") -> int:
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        count = int(connection.execute(text(query)).scalar_one())
    engine.dispose()
    return count


def _best(found: Sequence[T], seconds: Callable[[T], float]) -> T:
    return min(found, key=seconds)


def _least(found: Sequence[Cost]) -> Cost:
    return _best(found, lambda cost: cost.wall)
