"""Payments that went back, partly or whole, or may go back: what becomes of their orders, and what is said of them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.orders import Price, Status, order_id
from ordersync_dagster.core.payment_state import PaymentState, payment_state
from ordersync_dagster.core.reversals import Reversals, payment_intent_of, read_invoice_payments, read_reversals
from ordersync_dagster.sandbox import INVOICE, dispute, invoice_payment, refund
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.core.payment_plans import SUBSCRIBED, classes, plan_of
from ordersync_dagster_tests.support.builders import new_order, stored_order

LOST = dispute(status="lost")
OPEN = (
    "needs_response", "under_review", "warning_needs_response", "warning_under_review", "appeal_needs_response",
    "appeal_under_review", "a_new_word", None,
)  # fmt: skip
WITHDRAWN = [{"object": "balance_transaction", "amount": -2600}]


def state_of(*refunds: object, disputes: tuple[object, ...] = (), **overrides: Any) -> PaymentState:
    """What became of the payment of the default order with `overrides`."""
    return payment_state(new_order(**overrides), read_reversals(refunds, disputes))


def test_a_fully_refunded_payment_is_inserted_as_refunded_and_nobody_waits() -> None:
    plan = plan_of(read_reversals([refund()], []))
    assert [insert.order.status for insert in plan.inserts] == [Status.REFUNDED]
    assert plan.problems == ()


def test_a_lost_dispute_is_a_refund() -> None:
    plan = plan_of(read_reversals([], [LOST]))
    assert [insert.order.status for insert in plan.inserts] == [Status.REFUNDED]
    assert plan.problems == ()


def test_a_lost_dispute_is_no_refund_that_may_still_fail() -> None:
    assert read_reversals([], [LOST]).pending == frozenset()
    assert len(plan_of(read_reversals([], [LOST]), stored_order()).completions) == 1


def test_one_refund_on_its_way_is_remembered_beside_one_that_arrived() -> None:
    refunds = [refund(payment_intent="pi_a", status="pending"), refund(payment_intent="pi_b")]
    assert read_reversals(refunds, []).pending == read_reversals(refunds[::-1], []).pending == {"pi_a"}


def test_a_refund_in_another_currency_does_not_add_up_to_a_payment_of_one() -> None:
    state = state_of(refund(amount=1, currency="eur"), total=Decimal("1.00"))
    assert state == PaymentState(returned=(Price(Decimal("0.01"), "eur"),))


def test_refunds_and_lost_disputes_of_one_payment_add_up() -> None:
    assert not state_of(refund(amount=2599)).is_refunded
    assert state_of(refund(amount=2599), refund(id="re_2", amount=1)).is_refunded
    assert state_of(refund(amount=1600), disputes=(dispute(status="lost", amount=1000),)).is_refunded


@pytest.mark.parametrize("status", ["succeeded", "pending", None])
def test_money_that_is_on_its_way_back_counts(status: str | None) -> None:
    assert state_of(refund(status=status)).is_refunded


@pytest.mark.parametrize("status", ["failed", "canceled", "requires_action"])
def test_money_that_did_not_go_back_does_not_count(status: str) -> None:
    assert state_of(refund(status=status)) == PaymentState()


@pytest.mark.parametrize("status", ["a_new_word", "", 7, ["succeeded"]])
def test_nobody_knows_what_a_refund_with_an_unknown_status_did(status: object) -> None:
    state = state_of(refund(status=status))
    assert (state.unknown, state.is_kept) == ("a refund or a lost dispute of it cannot be read", False)


@pytest.mark.parametrize("status", OPEN)
def test_an_order_of_an_undecided_dispute_is_live_and_nobody_is_said_to_wait(status: str | None) -> None:
    plan = plan_of(read_reversals([], [dispute(status=status)]))
    assert [insert.order.status for insert in plan.inserts] == [Status.PROCESSING]
    (problem,) = plan.problems
    assert problem.problem_class == "disputed"
    assert problem.ids["order_id"] == order_id(SESSION_ID)
    assert problem.ids["stripe_dispute_ids"] == dispute()["id"]
    assert "send no goods before it is decided" in problem.sentence


@pytest.mark.parametrize(
    "settled", [{"status": word} for word in ("won", "warning_closed", "charge_refunded", "prevented")]
)
def test_a_dispute_that_took_no_money_is_none(settled: dict[str, Any]) -> None:
    assert state_of(disputes=(dispute(**settled),)) == PaymentState()


def test_a_prevented_dispute_counts_where_it_took_the_money() -> None:
    prevented = dispute(status="prevented", balance_transactions=WITHDRAWN)
    assert state_of(disputes=(prevented,)).is_refunded
    assert state_of(disputes=(dispute(status="prevented", balance_transactions=None),)) == PaymentState()
    reinstated = [*WITHDRAWN, {"amount": 2600}, {"amount": None}, None]
    assert state_of(disputes=(dispute(status="prevented", balance_transactions=reinstated),)) == PaymentState()


def test_two_disputes_of_one_payment_are_named_together() -> None:
    both = (dispute(id="du_b"), dispute(id="du_a"), dispute(id="du_a"), dispute(id=None))
    assert state_of(disputes=both).disputes == ("(no id)", "du_a", "du_b")


def test_a_part_that_went_back_is_said_with_both_amounts_and_the_rest_still_waits() -> None:
    plan = plan_of(read_reversals([refund(amount=1500)], []))
    assert [insert.order.status for insert in plan.inserts] == [Status.PROCESSING]
    assert sorted(classes(plan)) == ["not_looked_at", "partly_refunded"]
    (problem,) = [each for each in plan.problems if each.problem_class == "partly_refunded"]
    assert "USD 15.00 of USD 26.00 went back" in problem.sentence


def test_a_part_that_is_disputed_beside_one_that_was_refunded_is_both() -> None:
    plan = plan_of(read_reversals([refund(amount=1500)], [dispute(amount=1100)]))
    assert classes(plan) == ["disputed", "partly_refunded"]


def test_amounts_of_another_currency_are_named_and_not_added() -> None:
    state = state_of(refund(amount=2400, currency="EUR"), refund(id="re_2", amount=100))
    assert state.returned == (Price(Decimal("24.00"), "eur"), Price(Decimal("1.00"), "usd"))
    assert not state.is_refunded


def test_the_price_that_the_customer_saw_may_be_refunded() -> None:
    shown = (Price(Decimal("24.00"), "eur"),)
    assert state_of(refund(amount=2400, currency="eur"), other_prices=shown).is_refunded
    assert not state_of(refund(amount=0, currency="jpy"), other_prices=(Price(Decimal(0), "jpy"),)).is_refunded


def test_an_intent_and_a_charge_may_be_expanded() -> None:
    assert state_of(refund(payment_intent={"id": PAYMENT_INTENT})).is_refunded
    only_charge = read_reversals([refund(payment_intent=None, charge={"id": "ch_1"})], [])
    assert only_charge.returned == {"ch_1": {"usd": Decimal("26.00")}}


@pytest.mark.parametrize("record", [None, "refund", [], {}, refund(payment_intent="pi_another"), refund(amount=0)])
def test_a_refund_of_something_else_or_of_nothing_counts_for_nothing(record: object) -> None:
    assert state_of(record) == PaymentState()


@pytest.mark.parametrize("record", [None, "dispute", [], {}, dispute(payment_intent=None, charge=None)])
def test_a_dispute_of_nothing_counts_for_nothing(record: object) -> None:
    assert read_reversals([], [record]) == Reversals()


@pytest.mark.parametrize(
    "odd",
    [
        {"amount": None}, {"amount": True}, {"amount": 2600.0}, {"amount": 10**18}, {"amount": -1},
        {"currency": None}, {"currency": "xyz"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_dispute", [False, True])
def test_an_amount_that_cannot_be_read_is_not_taken_for_none(odd: dict[str, Any], is_dispute: bool) -> None:
    reversals = read_reversals([], [{**LOST, **odd}]) if is_dispute else read_reversals([refund(**odd)], [])
    plan = plan_of(reversals)
    assert [insert.order.status for insert in plan.inserts] == [Status.PROCESSING]
    assert classes(plan) == ["refund_unknown"]
    assert classes(plan_of(reversals, stored_order())) == ["refund_unknown"]


def test_a_refund_in_a_currency_without_decimals_is_exact() -> None:
    assert state_of(refund(amount=800, currency="JPY"), total=Decimal(800), currency="jpy").is_refunded
    assert not state_of(refund(amount=799, currency="jpy"), total=Decimal(800), currency="jpy").is_refunded


def test_an_order_that_cost_nothing_has_no_payment_to_ask_for() -> None:
    assert state_of(refund(amount=0), total=Decimal(0), payment_intent_id=None) == PaymentState()


@pytest.mark.parametrize("kind", ["payment_intent", "charge"])
def test_a_subscription_finds_its_refund_through_its_invoice(kind: str) -> None:
    paid = invoice_payment(payment={"type": kind, kind: "paid-by"})
    back = refund(payment_intent="paid-by" if kind == "payment_intent" else None, charge="paid-by")
    reversals = replace(read_reversals([back], []), of_invoice=read_invoice_payments([paid]))
    plan = plan_of(reversals, **SUBSCRIBED)
    assert [insert.order.status for insert in plan.inserts] == [Status.REFUNDED]
    assert classes(plan_of(replace(reversals, returned={}), **SUBSCRIBED)) == ["not_looked_at"]


def test_the_payments_of_one_invoice_add_up() -> None:
    paid = [invoice_payment(id=name, payment={"payment_intent": name}) for name in ("pi_a", "pi_b")]
    back = [refund(payment_intent="pi_a", amount=1000), refund(payment_intent="pi_b", amount=1600)]
    reversals = replace(read_reversals(back, []), of_invoice=read_invoice_payments(paid))
    assert payment_state(new_order(**SUBSCRIBED), reversals).is_refunded


@pytest.mark.parametrize(
    ("of_invoice", "order", "why"),
    [
        (None, SUBSCRIBED, f"the payments of its invoice {INVOICE} could not be read"),
        ({}, SUBSCRIBED, f"Stripe lists no payment of its invoice {INVOICE}"),
        ({}, {"payment_intent_id": None}, "its session names neither a payment nor an invoice"),
    ],
)
def test_a_payment_that_cannot_be_found_is_said_and_nobody_is_said_to_wait(
    of_invoice: Any, order: dict[str, Any], why: str
) -> None:
    plan = plan_of(Reversals(of_invoice=of_invoice), **order)
    assert len(plan.inserts) == 1
    (problem,) = plan.problems
    assert problem.problem_class == "refund_unknown"
    assert f"was refunded: {why}. Look" in problem.sentence


@pytest.mark.parametrize(
    "row",
    [
        None, "row", {}, invoice_payment(invoice=None), invoice_payment(payment=None), invoice_payment(payment="pi_1"),
        invoice_payment(payment={"type": "payment_record", "payment_record": "pr_1"}),
        invoice_payment(status="canceled"),
    ],
)  # fmt: skip
def test_what_says_nothing_of_an_invoice_is_left_out(row: object) -> None:
    assert read_invoice_payments([row]) == {}
    assert read_invoice_payments([row, invoice_payment()]) == {INVOICE: {PAYMENT_INTENT}}


def test_an_invoice_names_a_payment_intent_where_it_has_one_alone() -> None:
    def found(*payments: dict[str, Any], invoice: str | None = INVOICE) -> str | None:
        of_invoice = read_invoice_payments([invoice_payment(payment=each) for each in payments])
        return payment_intent_of(invoice, Reversals(of_invoice=of_invoice))

    one = {"payment_intent": "pi_a"}
    assert found(one) == "pi_a"
    assert found(one, one) == "pi_a"
    assert found(one, {"payment_intent": "pi_b"}) is None
    assert found({"charge": "ch_a"}) is None
    assert found() is None
    assert found(one, invoice=None) is None
    assert payment_intent_of(INVOICE, Reversals()) is None


def test_what_is_read_later_completes_what_was_known_by_payment() -> None:
    before = Reversals({"pi_a": {"usd": Decimal(1)}}, {"pi_a": ("dp_1",)}, frozenset({"pi_b"}), frozenset({"pi_c"}))
    before = replace(before, of_invoice={"in_1": frozenset({"pi_a"})}, unread_until=7)
    later = Reversals({"pi_a": {"usd": Decimal(2)}, "pi_d": {"eur": Decimal(3)}}, {"pi_d": ("dp_2",)})
    later = replace(later, unreadable=frozenset({"pi_e"}), pending=frozenset({"pi_f"}))
    found = before.completed_by(later)
    assert found.returned == {"pi_a": {"usd": Decimal(2)}, "pi_d": {"eur": Decimal(3)}}
    assert found.disputes == {"pi_a": ("dp_1",), "pi_d": ("dp_2",)}
    assert found.unreadable == {"pi_b", "pi_e"}
    assert found.pending == {"pi_c", "pi_f"}
    assert (found.of_invoice, found.unread_until) == (before.of_invoice, 7)
