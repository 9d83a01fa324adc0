"""An erased customer stays erased: no decider fills or inserts personal data for a session from before."""

import pytest

from ordersync_dagster.core.changes import AddItems, FillFields, SetStatus
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason, read_session
from ordersync_dagster.core.summary import summarise
from ordersync_dagster.sandbox import checkout_session, printful_item
from ordersync_dagster.sandbox.world.sessions import SESSION_ID
from ordersync_dagster_tests.support.builders import (
    PRINTFUL_ID,
    TEST_MODE,
    new_order,
    printful_answer,
    stored_order,
)

ERASED = Elsewhere(erased=frozenset({SESSION_ID}))
ADDRESS = {"name": "Asta Example", "line1": "1 Test Street", "country": "LV"}
EMPTY = {"customer_name": None, "shipping_address": None}


def decided(session: Order | SessionProblem, *stored: StoredOrder, erased: bool = True) -> Plan:
    day = SessionDay(sessions=(session,), elsewhere=ERASED if erased else Elsewhere(), asks_printful=True)
    return decide_sessions(day, Stored(stored))


def filled(plan: Plan) -> dict[str, object]:
    changes = [change for update in plan.completions for change in update.changes]
    fills = [change.values for change in changes if isinstance(change, FillFields)]
    return {name: value for values in fills for name, value in values.items()}


def test_an_order_that_the_shop_erased_is_not_inserted_again_but_skipped() -> None:
    plan = decided(new_order())
    assert (plan.inserts, plan.failed_sessions, plan.notes, plan.unlinked) == ((), (), (), ())
    assert plan.skips == (Skip(SESSION_ID, SkipReason.ERASED),)
    figures = summarise(Part(plan))
    assert (figures.stripe_sessions_skipped, figures.skipped_erased, figures.stripe_sessions_checked) == (1, 1, 1)


def test_a_session_whose_customer_was_erased_at_stripe_too_is_no_error() -> None:
    unreadable = read_session(checkout_session(customer_details={"email": None}, customer_email=None), TEST_MODE)
    assert isinstance(unreadable, SessionProblem)
    assert decided(unreadable).skips == (Skip(SESSION_ID, SkipReason.ERASED),)
    assert decided(unreadable, erased=False).failed_sessions == (unreadable,)


def test_an_erased_customers_row_gets_payment_and_status_but_no_name_or_address() -> None:
    row = stored_order(**EMPTY, status="pending", payment_intent_id=None, printful_order_id=None)
    plan = decided(new_order(), row)
    assert filled(plan) == {"stripe_payment_intent_id": new_order().payment_intent_id}
    assert any(isinstance(change, SetStatus) for change in plan.completions[0].changes)
    assert plan.notes == ()
    assert set(filled(decided(new_order(), row, erased=False))) == {
        "customer_name", "shipping_address", "stripe_payment_intent_id",
    }  # fmt: skip


@pytest.mark.parametrize("address", ["erased@shop.example", "", None])
def test_an_order_with_another_email_than_its_session_gets_no_name_or_address(address: str | None) -> None:
    plan = decided(new_order(), stored_order(**EMPTY, customer_email=address), erased=False)
    assert filled(plan) == {}
    (note,) = plan.notes
    assert note.problem_class is ProblemClass.OTHER_EMAIL
    assert "customer_name and shipping_address stayed empty" in note.sentence
    assert "@" not in note.sentence


def test_the_same_email_is_the_same_however_it_is_written() -> None:
    plan = decided(new_order(), stored_order(**EMPTY, customer_email=" ASTA@Example.com"), erased=False)
    assert filled(plan) == {"customer_name": "Asta Example", "shipping_address": ADDRESS}


def test_another_email_alone_is_not_worth_a_word() -> None:
    assert decided(new_order(), stored_order(customer_email="other@example.com"), erased=False).notes == ()


def test_an_email_that_was_erased_meanwhile_keeps_the_planned_values_out() -> None:
    assert not stored_order().agrees_with(stored_order(customer_email="erased@shop.example"))


def test_of_printful_an_erased_customers_order_takes_over_the_status_alone() -> None:
    answer = printful_answer(status="fulfilled", items=[printful_item()])
    plans = [
        decide_printful(PrintfulBatch({PRINTFUL_ID: answer}, erased=erased), Stored((stored_order(),)))
        for erased in (frozenset(), frozenset({SESSION_ID}))
    ]
    kinds = [{type(change) for update in plan.updates for change in update.changes} for plan in plans]
    assert AddItems in kinds[0]
    assert kinds[1] == {SetStatus}
