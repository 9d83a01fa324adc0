"""Sessions that stay unpaid for longer than their payment method may take, and the orders that they left."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ordersync_dagster.core.decide_sessions import SessionDay, decide_piece, decide_sessions
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.orders import Reference, StoredOrder
from ordersync_dagster.core.pieces import join_pieces
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import Overdue, SessionRules, Skip, SkipReason, read_session
from ordersync_dagster.sandbox import checkout_session
from ordersync_dagster.sandbox.world.sessions import CREATED, PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import ORDER_ID, PRINTFUL_ID, new_order, stored_order

SINCE = date(2026, 9, 21)
OVERDUE = Skip(SESSION_ID, SkipReason.UNPAID, Overdue(SINCE, PAYMENT_INTENT))


def plan_of(*stored: StoredOrder, **elsewhere: Any) -> Plan:
    """The plan of one overdue session."""
    return decide_sessions(SessionDay(sessions=(OVERDUE,), elsewhere=Elsewhere(**elsewhere)), Stored(stored))


def told(plan: Plan) -> list[Problem]:
    """The orders without a payment."""
    return [each for each in plan.problems if each.problem_class == "order_without_payment"]


@pytest.mark.parametrize(("created", "is_overdue"), [(CREATED - 1, True), (CREATED, False), (CREATED + 1, False)])
def test_an_unpaid_session_is_overdue_when_it_is_older_than_its_payment_may_take(
    created: int, is_overdue: bool
) -> None:
    session = checkout_session(payment_status="unpaid", created=created)
    skip = read_session(session, SessionRules(live=False, overdue_before=CREATED))
    since = datetime.fromtimestamp(created, UTC).date()
    assert skip == Skip(SESSION_ID, SkipReason.UNPAID, Overdue(since, PAYMENT_INTENT) if is_overdue else None)


@pytest.mark.parametrize(
    "odd",
    [
        {"created": None},
        {"created": "yesterday"},
        {"status": "expired"},
        {"payment_status": "no_payment_required"},
    ],
)
def test_no_other_session_is_overdue(odd: dict[str, Any]) -> None:
    session = checkout_session(created=CREATED) | {"payment_status": "unpaid"} | odd
    skip = read_session(session, SessionRules(live=False, overdue_before=CREATED + 1))
    assert isinstance(skip, Skip)
    assert skip.overdue is None


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"status": "pending", "printful_order_id": None}, "Send no goods, and cancel the order."),
        ({"printful_order_id": None}, "Send no goods, and cancel the order."),
        ({"printful_order_id": None, "status": "on-its-way"}, "Send no goods, and cancel the order."),
        ({}, f"Printful has its order {PRINTFUL_ID}. Cancel it there at once, before goods are sent."),
        ({"status": "shipped"}, "are on the way. Have them stopped at once, or ask the customer to pay."),
        ({"status": "delivered"}, "are delivered. Ask the customer to pay for them."),
        ({"status": "completed"}, "are delivered. Ask the customer to pay for them."),
    ],
)
def test_the_further_its_goods_are_the_more_urgent_is_an_order_without_payment(
    changes: dict[str, Any], remedy: str
) -> None:
    plan = plan_of(stored_order(**changes))
    (problem,) = plan.problems
    assert (problem.problem_class, problem.is_error, plan.change_count) == ("order_without_payment", False, 0)
    at_printful = {} if "printful_order_id" in changes else {"printful_order_id": PRINTFUL_ID}
    assert problem.ids == {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID} | at_printful
    assert problem.sentence.startswith(f"Order {ORDER_ID} has no payment: session {SESSION_ID} of {SINCE} is still")
    assert problem.sentence.endswith(remedy)


@pytest.mark.parametrize("status", ["cancelled", "refunded", "failed"])
def test_an_order_that_was_given_up_needs_no_payment(status: str) -> None:
    assert plan_of(stored_order(status=status)).problems == ()


def test_without_an_order_an_overdue_session_is_a_skip_like_any_other() -> None:
    plan = plan_of()
    assert (plan.skips, plan.problems) == ((OVERDUE,), ())


def test_an_order_that_names_the_unpaid_payment_and_no_session_is_found() -> None:
    (problem,) = told(plan_of(stored_order(session_id="")))
    assert problem.ids["order_id"] == ORDER_ID
    assert told(plan_of(stored_order(session_id="cs_test_other"))) == []


def test_an_order_that_names_another_payment_may_be_paid_by_it() -> None:
    assert told(plan_of(stored_order(payment_intent_id="pi_another"))) == []
    assert told(plan_of(stored_order(payment_intent_id=None)))


def test_an_order_that_another_session_of_the_run_paid_has_its_payment() -> None:
    row = stored_order(payment_intent_id=None)
    assert told(plan_of(row, claims={ORDER_ID: "cs_test_paid"})) == []
    later = new_order(
        session_id="cs_test_z", payment_intent_id="pi_z", references=(Reference(ORDER_ID, is_certain=True),)
    )
    day = SessionDay(sessions=(OVERDUE, later))
    assert told(decide_sessions(day, Stored((row,)))) == []
    pieces = [decide_piece(SessionDay(sessions=(each,)), Stored((row,))) for each in (OVERDUE, later)]
    assert told(join_pieces(pieces)) == []
