"""The shop's own reference in a session: which order it names, and when it does not count."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.decide_sessions import SessionDay, decide_piece
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.orders import Price, Reference, as_stored
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.reversals import read_reversals
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.sandbox import checkout_session, refund
from ordersync_dagster.sandbox.world.sessions import SESSION_ID
from ordersync_dagster_tests.core.one_payment import OTHER, decided, of, referring, told, unpaid
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, order_of, stored_order


@pytest.mark.parametrize("difference", [{"total": Decimal("19.99")}, {"currency": "eur"}, {"total": None}])
def test_an_order_with_another_amount_is_not_completed_by_a_reference(difference: dict[str, Any]) -> None:
    plan = decided(referring(), stored=(unpaid(**difference),))
    assert (plan.inserts, plan.completions) == ((), ())
    assert "superseded_session" in told(plan)


def test_a_cancelled_order_of_a_paid_reference_is_told() -> None:
    plan = decided(referring(), stored=(unpaid(status="cancelled"),))
    assert (plan.inserts, told(plan)) == ((), ["paid_but_not_live", "superseded_session"])


def test_two_paid_sessions_of_one_reference_are_two_orders_and_told() -> None:
    first = new_order(session_id=OTHER, payment_intent_id="pi_first", customer_email="bo@example.com")
    paid = stored_order(session_id=OTHER, payment_intent_id="pi_first")
    for plan in (
        decided(first, referring(), stored=(paid,)),
        decided(referring(), stored=(unpaid(),), elsewhere=Elsewhere(paid_sessions={OTHER: "pi_first"})),
        decided(referring(), stored=(unpaid(),), elsewhere=Elsewhere(claims={ORDER_ID: OTHER})),
    ):
        assert [insert.order.session_id for insert in plan.inserts] == [SESSION_ID]
        (problem,) = of(plan, "double_payment")
        assert {ORDER_ID, plan.inserts[0].order.id} == set(problem.ids["order_ids"].split(", "))
        assert problem.amount == Price(referring().total, referring().currency)
        assert not plan.completions


def test_a_short_reference_counts_only_for_an_order_of_the_same_customer() -> None:
    by_chance = referring(references=(Reference("7", is_certain=False),))
    row = unpaid(id="7", customer_email="Asta@Example.com", total=Decimal("21.00"))
    other = replace(row, customer_email="bo@example.com")
    without = replace(row, customer_email="")
    assert decided(by_chance, stored=(row,)).inserts == ()
    for unlike in (other, without, replace(other, status="shipped", total=Decimal(26))):
        plan = decided(by_chance, stored=(unlike,))
        assert (len(plan.inserts), told(plan)) == (1, [])
    assert decided(by_chance, stored=(replace(without, total=Decimal(26)),)).inserts == ()
    assert decided(referring("7"), stored=(other,)).inserts == ()


def test_a_pending_order_of_another_customer_with_the_reference_is_told() -> None:
    by_chance = referring(references=(Reference("7", is_certain=False),))
    plan = decided(by_chance, stored=(unpaid(id="7", customer_email="bo@example.com"),))
    inserted = plan.inserts[0].order.id
    (problem,) = plan.problems
    assert problem.ids == {
        "stripe_session_id": SESSION_ID,
        "order_id": "7",
        "order_ids": ", ".join(sorted(("7", inserted))),
    }
    assert problem.sentence == (
        f"Session {SESSION_ID} became order {inserted}. Its reference is also the id of the pending order 7, which has "
        "the same amount and another e-mail address. If it is one purchase, cancel one of the two orders."
    )


def test_the_amount_without_shipping_and_tax_agrees_too() -> None:
    with_shipping = referring(total=Decimal("30.99"), subtotal=Decimal(26))
    plan = decided(with_shipping, stored=(unpaid(currency=None),))
    assert (len(plan.completions), told(plan)) == (1, ["order_disagrees", "superseded_session"])
    seen = referring(total=Decimal("30.99"), other_prices=(Price(Decimal(26), "eur"),))
    assert len(decided(seen, stored=(unpaid(currency="EUR"),)).completions) == 1
    assert decided(seen, stored=(unpaid(),)).completions == ()


@pytest.mark.parametrize(
    ("rule", "session", "found"),
    [
        (None, {"client_reference_id": "17"}, [("17", False)]),
        (None, {"client_reference_id": ORDER_ID}, [(ORDER_ID, True)]),
        (None, {"metadata": {"orderId": " 17 ", "Order-ID": 17, "cart": "18"}}, [("17", True)]),
        (None, {"client_reference_id": "7", "metadata": {"order_id": "17"}}, [("17", True), ("7", False)]),
        (None, {"client_reference_id": ORDER_ID.upper()}, [(ORDER_ID.upper(), True), (ORDER_ID, True)]),
        ("metadata.cart", {"metadata": {"cart": f"{{{ORDER_ID}}}"}}, [(f"{{{ORDER_ID}}}", True), (ORDER_ID, True)]),
        (None, {"metadata": {"Order-Id": "17"}}, [("17", True)]),
        (None, {"metadata": {"printful_order_id": "18"}, "client_reference_id": " "}, []),
        (None, {"client_reference_id": "1\x007"}, []),
        ("metadata.cart", {"client_reference_id": "17", "metadata": {"cart": "18"}}, [("18", True)]),
        ("client_reference_id", {"client_reference_id": "17", "metadata": {"order_id": "18"}}, [("17", True)]),
        ("none", {"client_reference_id": "17", "metadata": {"order_id": "18"}}, []),
        ("metadata.cart", {"client_reference_id": "17"}, []),
    ],
)
def test_the_references_of_a_session(rule: str | None, session: dict[str, Any], found: list[tuple[str, bool]]) -> None:
    order = order_of(checkout_session(**session), SessionRules(live=False, reference=rule))
    assert [(each.value, each.is_certain) for each in order.references] == found


def test_two_payments_of_a_reference_that_fit_no_amount_are_two_orders_and_named() -> None:
    one, two = (referring(session_id=f"cs_{n}", payment_intent_id=f"pi_{n}", total=Decimal(n)) for n in (7, 9))
    plan = decided(one, two, stored=(unpaid(),))
    assert [each.order.session_id for each in plan.inserts] == ["cs_9"]
    assert [each.ids["stripe_session_ids"] for each in of(plan, "double_payment")] == ["cs_7, cs_9"]
    again = decided(one, two, stored=(unpaid(), as_stored(plan.inserts[0].order)))
    assert (again.inserts, again.completions) == ((), ())


def test_of_two_payments_of_a_reference_the_one_that_fits_is_the_orders() -> None:
    odd = referring(session_id="cs_1", payment_intent_id="pi_1", total=Decimal(7))
    plan = decided(odd, referring(session_id="cs_2"), stored=(unpaid(),))
    assert [each.order.session_id for each in plan.inserts] == ["cs_1"]
    assert of(plan, "superseded_session")[0].ids["stripe_session_id"] == "cs_2"
    assert of(plan, "double_payment")[0].ids["stripe_session_ids"] == "cs_1, cs_2"


def test_a_payment_that_does_not_fit_is_remembered_for_older_days() -> None:
    one, two = (referring(session_id=f"cs_{n}", payment_intent_id=f"pi_{n}", total=Decimal(n)) for n in (7, 9))
    newer = decide_piece(SessionDay(sessions=(one,)), Stored((unpaid(),)))
    older = decided(two, stored=(unpaid(),), elsewhere=Elsewhere(doubtful=newer.doubtful))
    assert [each.order.session_id for each in older.inserts] == ["cs_9"]
    given_back = decide_piece(
        SessionDay(sessions=(one,), reversals=read_reversals([refund(payment_intent="pi_7", amount=700)], [])),
        Stored((unpaid(),)),
    )
    assert given_back.doubtful == {}
