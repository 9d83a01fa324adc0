"""What people wait for in Dagster's UI: its own runs on a real webserver and daemon, each a process that it starts."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import DagsterRun
from benchmarks.worlds import over_a_year
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import World, build
from ordersync_dagster_tests.orchestration.pretend import PretendShop, deployed

TIMES = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status startTime endTime } } }"
REPEATS = 3  # of order_sync, of which the fastest counts


def measure(size: int) -> list[DagsterRun]:
    """`order_sync` over 30 days of the outage, and a backfill of 365 days with `size` sessions."""
    with TemporaryDirectory(prefix="ordersync-bench-") as folder, deployed(Path(folder)) as pretend:
        month = min((_order_sync(pretend) for _ in range(REPEATS)), key=lambda run: run.seconds)
    year = over_a_year(build("large", now=utc_now(), size=size))
    with TemporaryDirectory(prefix="ordersync-bench-") as folder, deployed(Path(folder), world=year) as pretend:
        return [month, _backfill(pretend, year)]


def _order_sync(pretend: PretendShop) -> DagsterRun:
    pretend.renew()
    run_id = pretend.dagster.succeeds("order_sync", days=30)
    return DagsterRun("order_sync over 30 days of the outage", 1, _seconds(pretend, run_id), pretend.recovered)


def _backfill(pretend: PretendShop, year: World) -> DagsterRun:
    backfill = pretend.dagster.backfill_job(pretend.dagster.days())
    if backfill["status"] != "COMPLETED_SUCCESS":
        raise RuntimeError(pretend.dagster.failures(backfill))
    seconds = sum(_seconds(pretend, run["runId"]) for run in backfill["runs"])
    name = f"backfill of {len(pretend.dagster.days())} days with {len(year.sessions):,} sessions"
    return DagsterRun(name, len(backfill["runs"]), seconds, pretend.recovered)


def _seconds(pretend: PretendShop, run_id: str) -> float:
    """From the start of the run's process to its end, by Dagster's own clock."""
    run = pretend.dagster.ask(TIMES, id=run_id)["runOrError"]
    if run["status"] != "SUCCESS":
        raise RuntimeError(json.dumps(run))
    return float(run["endTime"] - run["startTime"])


if __name__ == "__main__":
    for each in measure(20_000):
        print(each)
