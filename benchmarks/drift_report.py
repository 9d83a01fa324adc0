"""The cost of the report of many orders, without the reading: from the rows in memory to the page and the JSON.

`python -m benchmarks.drift_report SIZE` prints seconds, CPU seconds and megabytes.
"""

import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.commands import spawned
from benchmarks.figures import ReportFigure
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.seen import TO_ADD, SeenOrder, SeenPrintfulOrder, SeenSession, ThreeSides
from ordersync_dagster.core.summary import Summary
from ordersync_dagster.core.window import Window

LOST = 100  # one payment in so many has no order
PROBLEMS = 50  # one order in so many is a problem
REPEATS = 3  # the fastest counts


def measure(size: int) -> ReportFigure:
    """The fastest of some processes."""
    found = [json.loads(spawned(["-m", "benchmarks.drift_report", str(size)], {})[1]) for _ in range(REPEATS)]
    names = ("seconds", "cpu", "memory")
    return ReportFigure(size, *(min(each[name] for each in found) for name in names))


def sides(size: int, now: datetime) -> ThreeSides:
    """`size` payments of thirty days with as many orders and Printful orders, less those that were lost."""
    start = int((now - timedelta(days=30)).timestamp())
    numbers = range(size)
    created = [start + number * 30 * 86_400 // size for number in numbers]
    sessions = tuple(
        SeenSession(f"cs_test_{n:058}", f"pi_{n:024}", created[n], True, 1000 + n % 5000, "eur", None) for n in numbers
    )
    kept = [number for number in numbers if number % LOST]
    orders = tuple(
        SeenOrder(
            f"{n:08}-0000-5000-8000-000000000000",
            f"cs_test_{n:058}",
            f"pi_{n:024}",
            str(10**8 + n),
            "processing",
            1000 + n % 5000,
            "eur",
            created[n] + 3,
            False,
        )
        for n in kept
    )
    printful = tuple(SeenPrintfulOrder(str(10**8 + n), None, "inprocess", 700, "eur", created[n] + 9) for n in numbers)
    return ThreeSides(sessions, orders, printful, {f"cs_test_{n:058}": TO_ADD for n in numbers if n % LOST == 0})


def problems(size: int) -> list[Problem]:
    """Problems of some orders."""
    ids = [f"{number:08}-0000-5000-8000-000000000000" for number in range(1, size, PROBLEMS)]
    return [
        Problem(ProblemClass.STUCK_AT_PRINTFUL, f"Order {each} is on hold at Printful.", {"order_id": each})
        for each in ids
    ]


def once(size: int) -> dict[str, float]:
    """Seconds, CPU seconds and additional megabytes of one report, imports of pandas and matplotlib included."""
    now = datetime.now(UTC)
    seen, found = sides(size, now), problems(size)
    before, started, busy = _memory(), time.perf_counter(), time.process_time()
    from ordersync_dagster.report.drift.document import drift_json
    from ordersync_dagster.report.drift.page import drift_page
    from ordersync_dagster.report.drift.reconciliation import reconcile
    from ordersync_dagster.report.drift.report import DriftReport, ReportedProblem

    report = DriftReport(
        made_at=now,
        window=Window.last_days(30, now),
        target="a shop",
        is_live=False,
        asked_printful=True,
        reconciliation=reconcile(seen),
        problems=[ReportedProblem(problem) for problem in found],
        summary=Summary(),
    )
    Path("report.html").write_text(drift_page(report))
    Path("report.json").write_text(drift_json(report))
    cpu = time.process_time() - busy
    return {"seconds": time.perf_counter() - started, "cpu": cpu, "memory": _memory() - before}


def _memory() -> float:
    """Peak memory in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    print(json.dumps(once(int(sys.argv[1]))))
