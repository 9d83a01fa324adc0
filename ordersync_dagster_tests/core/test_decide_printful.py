"""Printful's answers against orders."""

import pytest

from ordersync_dagster.core.changes import AddItems, SetStatus, SetTracking
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.printful_order import Lookup, Missing, NotAsked
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.sandbox import printful_item, shipment
from ordersync_dagster.sandbox.world.sessions import SESSION_ID
from ordersync_dagster_tests.support.builders import (
    ORDER_ID,
    PRINTFUL_ID,
    malformed,
    printful_answer,
    stored_item,
    stored_order,
)

SHIPPED = printful_answer(status="partial", shipments=[shipment()])


def plan_of(lookup: Lookup, *stored: StoredOrder) -> Plan:
    """The plan for `stored` (the default order) when Printful answers `lookup`."""
    orders = stored or (stored_order(items=(stored_item(),)),)
    return decide_printful(PrintfulBatch({PRINTFUL_ID: lookup}), Stored(orders))


def only_problem(plan: Plan) -> Problem:
    """The one problem of a plan that changes nothing."""
    assert plan.change_count == 0
    (problem,) = plan.problems
    return problem


def test_status_tracking_and_items_are_one_update_of_one_order() -> None:
    plan = plan_of(SHIPPED, stored_order())
    (update,) = plan.updates
    assert update.seen == stored_order()
    assert [type(change) for change in update.changes] == [SetStatus, SetTracking, AddItems]
    assert plan.change_count == 2, "one row of orders and one item"


def test_items_alone_change_no_row_of_orders() -> None:
    assert plan_of(printful_answer(items=[printful_item(id=1), printful_item(id=2)]), stored_order()).change_count == 2


def test_an_order_that_agrees_is_looked_up_and_not_updated() -> None:
    plan = plan_of(printful_answer())
    assert (plan.updates, plan.problems, plan.printful_orders) == ((), (), (ORDER_ID,))


def test_an_order_that_printful_does_not_have_is_reported_and_counts_as_looked_up() -> None:
    for lookup in (Missing(PRINTFUL_ID), Missing(PRINTFUL_ID, is_remembered=True)):
        plan = plan_of(lookup)
        problem = only_problem(plan)
        assert (problem.problem_class, problem.is_error) == ("missing_at_printful", False)
        assert plan.printful_orders == (ORDER_ID,)


def test_not_to_have_been_asked_is_another_answer_than_not_to_exist() -> None:
    problem = only_problem(plan_of(NotAsked(PRINTFUL_ID, "no answer within 60 s")))
    assert (problem.problem_class, problem.is_error) == ("printful_not_asked", True)
    assert "no answer within 60 s" in problem.sentence


@pytest.mark.parametrize("lookup", [Missing(PRINTFUL_ID), NotAsked(PRINTFUL_ID, "reason"), malformed(status=None)])
def test_a_problem_names_both_orders(lookup: Lookup) -> None:
    assert only_problem(plan_of(lookup)).ids == {
        "order_id": ORDER_ID,
        "printful_order_id": PRINTFUL_ID,
        "stripe_session_id": SESSION_ID,
    }


def test_an_order_that_cannot_be_read_is_an_error() -> None:
    assert only_problem(plan_of(malformed(status=None))).is_error


def test_two_orders_with_one_printful_order_are_both_left_alone() -> None:
    other = stored_order(id="other", session_id="cs_test_other")
    plan = plan_of(SHIPPED, stored_order(), other)
    problem = only_problem(plan)
    assert problem.problem_class == "ambiguous_match"
    assert problem.ids == {"printful_order_id": PRINTFUL_ID, "order_ids": f"{ORDER_ID}, other"}
    assert plan.printful_orders == (ORDER_ID, "other")


def test_orders_that_were_not_looked_up_are_not_touched() -> None:
    plan = plan_of(SHIPPED, stored_order(printful_order_id="1"), stored_order(printful_order_id=None, session_id="b"))
    assert (plan.updates, plan.printful_orders, plan.problems) == ((), (), ())


def test_a_problem_with_the_items_does_not_hold_up_status_and_tracking() -> None:
    plan = plan_of(SHIPPED, stored_order(items=(stored_item(variant_id="1234"),)))
    (update,) = plan.updates
    assert [type(change) for change in update.changes] == [SetStatus, SetTracking]
    assert [problem.problem_class for problem in plan.problems] == ["items_mismatch"]


@pytest.mark.parametrize(
    "odd",
    [
        {"variant_id": None, "product": None},
        {"variant_id": 0, "product": None, "warehouse_product_variant_id": 17},
        {"price": "-1.00"},
        {"quantity": 0},
    ],
)
def test_an_odd_item_holds_up_no_status_tracking_or_parcel(odd: dict[str, object]) -> None:
    parcels = [shipment(id=1), shipment(id=2, tracking_number="Z2")]
    answer = printful_answer(
        status="fulfilled", items=[{**printful_item(), **odd}, printful_item(id=2)], shipments=parcels
    )
    plan = plan_of(answer, stored_order())
    (update,) = plan.updates
    assert [type(change) for change in update.changes] == [SetStatus, SetTracking]
    assert [(problem.problem_class, problem.is_error) for problem in plan.problems] == [("items_mismatch", False)]


def test_an_odd_parcel_holds_up_neither_status_nor_items_nor_the_other_parcels() -> None:
    answer = printful_answer(status="fulfilled", shipments=[None, shipment()])
    plan = plan_of(answer, stored_order())
    (update,) = plan.updates
    assert [type(change) for change in update.changes] == [SetStatus, SetTracking, AddItems]
    assert [(problem.problem_class, problem.is_error) for problem in plan.problems] == [
        ("malformed_printful_order", True)
    ]


@pytest.mark.parametrize("column", ["tracking_number", "tracking_url"])
def test_tracking_that_the_column_would_cut_off_is_a_problem_and_the_rest_goes_on(column: str) -> None:
    order = stored_order(tracking_number=None, tracking_url=None)
    answer = printful_answer(status="partial", shipments=[shipment()])
    batch = PrintfulBatch({answer.printful_order_id: answer})
    limits = Limits(widths={f"orders.{column}": 3})

    plan = decide_printful(batch, Stored((order,), limits))

    assert [each.problem_class for each in plan.problems] == ["text_does_not_fit"]
    assert [type(change) for change in plan.updates[0].changes if not isinstance(change, AddItems)] == [SetStatus]
