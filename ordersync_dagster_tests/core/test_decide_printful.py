"""Printful's answers against orders."""

import pytest

from ordersync_dagster.core.changes import AddItems, Limits, SetStatus, SetTracking
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Observed, Plan, Stored, reconcile
from ordersync_dagster.core.printful_order import Lookup, Missing, NotAsked
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.sandbox import printful_item, shipment
from ordersync_dagster_tests.support.builders import (
    ORDER_ID,
    PRINTFUL_ID,
    fulfilment,
    malformed,
    new_order,
    stored_item,
    stored_order,
)

SHIPPED = fulfilment(status="partial", shipments=[shipment()])


def plan_of(lookup: Lookup, *stored: StoredOrder) -> Plan:
    """The plan for `stored` (the default order) when Printful answers `lookup`."""
    orders = stored or (stored_order(items=(stored_item(),)),)
    return reconcile(Observed(printful_orders={PRINTFUL_ID: lookup}), Stored(orders))


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
    assert plan_of(fulfilment(items=[printful_item(id=1), printful_item(id=2)]), stored_order()).change_count == 2


def test_an_order_that_agrees_is_looked_up_and_not_updated() -> None:
    plan = plan_of(fulfilment())
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
    assert only_problem(plan_of(lookup)).ids == {"order_id": ORDER_ID, "printful_order_id": PRINTFUL_ID}


def test_an_order_that_cannot_be_read_is_an_error() -> None:
    assert only_problem(plan_of(malformed(items=[None]))).is_error


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


def test_an_order_that_the_same_plan_inserts_is_updated_by_it_too() -> None:
    order = new_order(printful_order_id=PRINTFUL_ID)
    observed = Observed(sessions=(order,), printful_orders={PRINTFUL_ID: SHIPPED})
    plan = reconcile(observed, Stored())
    assert [insert.order.id for insert in plan.inserts] == [update.seen.id for update in plan.updates] == [order.id]
    assert plan.change_count == 3


def test_an_order_that_the_same_plan_completes_is_updated_by_it_too() -> None:
    observed = Observed(
        sessions=(new_order(printful_order_id=PRINTFUL_ID),), printful_orders={PRINTFUL_ID: fulfilment()}
    )
    plan = reconcile(observed, Stored((stored_order(printful_order_id=None),)))
    assert len(plan.completions) == len(plan.updates) == 1
    assert plan.updates[0].seen.printful_order_id == PRINTFUL_ID


@pytest.mark.parametrize("column", ["tracking_number", "tracking_url"])
def test_tracking_that_the_column_would_cut_off_is_a_problem_and_the_rest_goes_on(column: str) -> None:
    order = stored_order(tracking_number=None, tracking_url=None)
    answer = fulfilment(status="partial", shipments=[shipment()])
    observed = Observed(printful_orders={answer.printful_order_id: answer})
    limits = Limits(widths={f"orders.{column}": 3})

    plan = reconcile(observed, Stored((order,), limits))

    assert [each.problem_class for each in plan.problems] == ["text_does_not_fit"]
    assert [type(change) for change in plan.updates[0].changes if not isinstance(change, AddItems)] == [SetStatus]
