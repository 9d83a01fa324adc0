"""The figures of the parts of a run, added up."""

from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ordersync_dagster.core.changes import AddItems, InsertOrder, NewItem, OrderUpdate, SetStatus
from ordersync_dagster.core.errors import UnreadListError
from ordersync_dagster.core.history import AuditRecord
from ordersync_dagster.core.part import Applied, Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason
from ordersync_dagster.core.summary import COUNTERS, Summary, summarise
from ordersync_dagster_tests.support.builders import new_order, stored_order

UNFULFILLED, POSSIBLE = ProblemClass.UNFULFILLED, ProblemClass.POSSIBLE_LINK
SHIPPED = SetStatus("processing", "shipped", "partial")
ITEM = NewItem("i1", "71", "4011", "Tee", 1, Decimal(26), None, {})
REFUSED = Problem(ProblemClass.DATABASE_REFUSED, "It was refused.", {})


def test_two_summaries_add_up_figure_by_figure() -> None:
    numbers = {each.name: place + 1 for place, each in enumerate(fields(Summary))}
    one = Summary(**numbers)
    assert (one + Summary()) == one
    assert (one + one).as_dict() == {name: 2 * number for name, number in numbers.items()}
    assert one.seven == {name: numbers[name] for name in COUNTERS}
    assert type(one["errors"]) is int


def test_what_two_halves_of_a_plan_wrote_adds_up() -> None:
    first = Applied(1, 2, 3, 4, ("cs_1",), (REFUSED,))
    second = Applied(10, 20, 30, 40, ("cs_2",))
    assert first + second == Applied(11, 22, 33, 44, ("cs_1", "cs_2"), (REFUSED,))


@pytest.mark.parametrize(
    ("resource", "action", "is_it"),
    [("order", "order_create", True), ("order", "order_update", False), ("order_item", "order_create", False)],
)
def test_a_record_is_of_one_action_on_one_kind_of_row(resource: str, action: str, is_it: bool) -> None:
    at = datetime(2026, 11, 3, tzinfo=UTC)
    record = AuditRecord(1, "run", at, "order_create", "order", "o1", "o1", {}, {}, None, is_blanked=False)
    assert record.has(resource, action) is is_it


def test_a_list_that_was_not_read_to_its_end_says_until_when() -> None:
    error = UnreadListError("There is more.", 17)
    assert (str(error), error.until) == ("There is more.", 17)


def test_errors_notices_and_orders_that_wait_are_counted_apart() -> None:
    notes = [Problem(each, "Something is odd.", {"order_id": "o1"}) for each in (UNFULFILLED, POSSIBLE, UNFULFILLED)]
    found = summarise(Part(Plan(notes=(*notes, REFUSED))))
    assert (found.errors, found.notices, found.orders_unfulfilled) == (1, 3, 2)


def test_every_figure_is_the_number_of_its_records() -> None:
    updates = (
        OrderUpdate(stored_order(), (SHIPPED, AddItems((ITEM, ITEM)))),
        OrderUpdate(stored_order(id="2"), (AddItems((ITEM,)),)),
    )
    skips = [Skip("cs", reason) for number, reason in enumerate(SkipReason, 1) for _ in range(number)]
    plan = Plan(
        inserts=(InsertOrder(new_order()),),
        completions=(OrderUpdate(stored_order(), (SHIPPED,)),),
        updates=updates,
        skips=tuple(skips),
        failed_sessions=(SessionProblem("cs_x", REFUSED),) * 2,
        printful_orders=("1", "2", "3"),
        left_out=("4",),
    )
    known = summarise(Part(plan)).as_dict()
    assert {name: number for name, number in known.items() if number} == {
        "stripe_sessions_checked": len(skips) + 3,
        "stripe_sessions_added": 1,
        "stripe_sessions_skipped": len(skips),
        "printful_orders_checked": 3,
        "printful_orders_updated": 2,
        "printful_items_added": 3,
        "errors": 2,
        "orders_completed": 1,
        "changes_not_in_plan": 1,
        **{f"skipped_{reason}": number for number, reason in enumerate(SkipReason, 1)},
    }
    assert plan.change_count == 6  # an order, a completion, a status and three items


def test_only_the_orders_that_wait_count_as_unfulfilled() -> None:
    notes = tuple(Problem(kind, "A sentence.", {}) for kind in (UNFULFILLED, POSSIBLE, POSSIBLE))
    assert summarise(Part(Plan(notes=notes))).orders_unfulfilled == 1
