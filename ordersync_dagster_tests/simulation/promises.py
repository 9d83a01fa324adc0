"""What a run may say of itself: only what is so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ordersync_dagster.core.part import Part
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster_tests.simulation.scenario import Run
from ordersync_dagster_tests.simulation.shop import Shop
from ordersync_dagster_tests.simulation.truth import require
from ordersync_dagster_tests.simulation.vendors import Json, Vendors


@dataclass(slots=True)
class Under:
    """The run that is under way: its calls so far, and the sessions that it must not lose."""

    run: Run
    calls: Counter[str]
    due: list[Json]
    run_id: str


def check_reported(shop: Shop, reported: Sequence[Part], written: Mapping[str, int]) -> None:
    """Seen by another connection: what the parts say that they wrote is there, and so is each order of the last."""
    applied = [each for part in reported for each in part.applied]
    said = {
        "orders insert": sum(each.orders_inserted for each in applied),
        "orders update": sum(each.orders_updated for each in applied),
        "order_items insert": sum(each.items_inserted for each in applied),
    }
    is_so = all(count == written.get(name, 0) for name, count in said.items())
    require(is_so, "I9 a part is reported after its commit", (said, written))
    lacking = {insert.order.session_id for insert in reported[-1].plan.inserts} - _known(shop) - _named(reported[-1:])
    require(not lacking, "I9 a day is done when its orders are there", lacking)


def check_done(shop: Shop, vendors: Vendors, under: Under, reported: Sequence[Part]) -> None:
    """A run that ends did everything, or says what it did not do."""
    if under.run.reads_stripe:
        lost = {each["id"] for each in under.due} - _known(shop) - _named(reported)
        require(not lost, "nothing is lost silently", lost)
    unsaid = [each for each in _errors(reported) if not _is_explained(vendors, under.run, each)]
    require(not unsaid, "an error has a cause", unsaid)
    (row,) = shop.rows("SELECT state FROM ordersync_runs WHERE id = ?", under.run_id)
    require(row["state"] == "succeeded", "a run that ends is recorded so", row)


def _known(shop: Shop) -> set[str]:
    return {row["stripe_session_id"] for row in shop.rows("SELECT stripe_session_id FROM orders")}


def _errors(reported: Sequence[Part]) -> list[Problem]:
    return [problem for part in reported for problem in part.problems if problem.is_error]


def _named(reported: Sequence[Part]) -> set[str | None]:
    return {problem.ids.get("stripe_session_id") for problem in _errors(reported)}


def _is_explained(vendors: Vendors, run: Run, problem: Problem) -> bool:
    if problem.problem_class is ProblemClass.KEPT_CHANGING:
        return bool(run.during)
    if problem.problem_class in (ProblemClass.PRINTFUL_NOT_ASKED, ProblemClass.DATABASE_REFUSED):
        return bool(run.faults)
    return problem.ids.get("stripe_session_id") in vendors.odd
