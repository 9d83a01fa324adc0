"""Runs in Dagster's UI, on a real webserver and daemon; each run is a process."""

from benchmarks.dagster_dev import dagster_dev
from benchmarks.figures import DagsterRun
from benchmarks.worlds import over_a_year
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import World, build

REPEATS = 3  # of order_sync on the shop after the outage; the fastest counts


def measure(size: int) -> list[DagsterRun]:
    """`order_sync` over 30 days of the outage, and a backfill of 365 days with `size` sessions."""
    month = min((_order_sync() for _ in range(REPEATS)), key=lambda run: run.seconds)
    return [month, _backfill(over_a_year(build("large", now=utc_now(), size=size)))]


def _order_sync() -> DagsterRun:
    world = build("outage", now=utc_now())
    with dagster_dev(world) as dagster:
        seconds = dagster.order_sync(days=30)
        recovered = dagster.orders() - len(world.shop.orders)
        return DagsterRun("order_sync over 30 days of the outage", 1, seconds, recovered)


def _backfill(year: World) -> DagsterRun:
    with dagster_dev(year) as dagster:
        seconds = dagster.backfill()
        name = f"backfill of {len(dagster.days())} days with {len(year.sessions):,} sessions"
        return DagsterRun(name, len(seconds), sum(seconds), dagster.orders() - len(year.shop.orders))


if __name__ == "__main__":
    for each in measure(20_000):
        print(each)
