"""Payments that went back, partly or whole, or may go back: what becomes of their orders, and what is said of them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.orders import Price, Status, StoredOrder, order_id
from ordersync_dagster.core.payment_state import PaymentState, payment_state
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.reversals import Reversals, payment_intent_of, read_invoice_payments, read_reversals
from ordersync_dagster.sandbox import INVOICE, dispute, invoice_payment, refund
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, stored_order

LOST = dispute(status="lost")
OPEN = (
    "needs_response", "under_review", "warning_needs_response", "warning_under_review", "appeal_needs_response",
    "appeal_under_review", "a_new_word", None,
)  # fmt: skip
WITHDRAWN = [{"object": "balance_transaction", "amount": -2600}]
SUBSCRIBED = {"payment_intent_id": None, "invoice_id": INVOICE}  # a subscription's session


def state_of(*refunds: object, disputes: tuple[object, ...] = (), **overrides: Any) -> PaymentState:
    """What became of the payment of the default order with `overrides`."""
    return payment_state(new_order(**overrides), read_reversals(refunds, disputes))


def plan_of(reversals: Reversals, *stored: StoredOrder, **overrides: Any) -> Plan:
    """The plan of the default session with `overrides`."""
    sets_refunded = overrides.pop("sets_refunded", True)
    day = SessionDay(sessions=(new_order(**overrides),), reversals=reversals, sets_refunded=sets_refunded)
    return decide_sessions(day, Stored(stored))


def classes(plan: Plan) -> list[str]:
    return [each.problem_class for each in plan.problems]


def test_a_fully_refunded_payment_is_inserted_as_refunded_and_nobody_waits() -> None:
    plan = plan_of(read_reversals([refund()], []))
    assert [insert.order.status for insert in plan.inserts] == [Status.REFUNDED]
    assert plan.problems == ()


def test_a_lost_dispute_is_a_refund() -> None:
    plan = plan_of(read_reversals([], [LOST]))
    assert [insert.order.status for insert in plan.inserts] == [Status.REFUNDED]
    assert plan.problems == ()


def test_refunds_and_lost_disputes_of_one_payment_add_up() -> None:
    assert not state_of(refund(amount=2599)).is_refunded
    assert state_of(refund(amount=2599), refund(id="re_2", amount=1)).is_refunded
    assert state_of(refund(amount=1600), disputes=(dispute(status="lost", amount=1000),)).is_refunded


@pytest.mark.parametrize("status", ["succeeded", "pending", None])
def test_money_that_is_on_its_way_back_counts(status: str | None) -> None:
    assert state_of(refund(status=status)).is_refunded


@pytest.mark.parametrize("status", ["failed", "canceled", "requires_action", "another"])
def test_money_that_did_not_go_back_does_not_count(status: str) -> None:
    assert state_of(refund(status=status)) == PaymentState()


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
    assert "15.00 usd of 26.00 usd went back" in problem.sentence


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


BACK = read_reversals([refund()], [])
PARTLY = read_reversals([refund(amount=1500)], [])
DISPUTED = read_reversals([], [dispute()])


@pytest.mark.parametrize(
    ("status", "whole", "part", "disputed"),
    [
        *((word, ["payment_refunded"], ["partly_refunded"], ["disputed"]) for word in ("processing", "shipped", "odd")),
        *((word, ["payment_refunded"], [], ["disputed"]) for word in ("delivered", "completed")),
        *((word, [], ["paid_but_not_live"], ["disputed"]) for word in ("cancelled", "failed")),
        *((word, [], [], []) for word in ("refunded", "returned")),
    ],
)
def test_an_order_is_named_where_its_payment_is_not_what_its_status_says(
    status: str, whole: list[str], part: list[str], disputed: list[str]
) -> None:
    for reversals, expected in ((BACK, whole), (PARTLY, part), (DISPUTED, disputed)):
        plan = plan_of(reversals, stored_order(status=status), sets_refunded=False)
        assert (classes(plan), plan.change_count) == (expected, 0)
        assert all(problem.ids["order_id"] == ORDER_ID for problem in plan.problems)


@pytest.mark.parametrize("status", [*Status, "odd"])
def test_an_order_whose_whole_payment_went_back_becomes_refunded(status: str) -> None:
    plan = plan_of(BACK, stored_order(status=status))
    moved = status not in ("refunded", "returned", "cancelled", "odd")
    assert [each.completed.status for each in plan.completions] == ["refunded"] * moved
    assert classes(plan) == ["payment_refunded"] * (status == "odd")
    for kept in (PARTLY, DISPUTED, Reversals()):
        assert all(
            each.completed.status != "refunded" for each in plan_of(kept, stored_order(status=status)).completions
        )


def test_a_refund_that_may_still_fail_is_only_told() -> None:
    plan = plan_of(read_reversals([refund(status="pending")], []), stored_order())
    assert (classes(plan), plan.change_count) == (["payment_refunded"], 0)


def test_an_order_of_another_session_with_the_refunded_payment_becomes_refunded() -> None:
    plan = plan_of(BACK, stored_order(session_id="cs_test_other"))
    assert [each.completed.status for each in plan.completions] == ["refunded"]
    assert classes(plan) == ["superseded_session"]
    assert plan_of(BACK, stored_order(session_id="cs_test_other", total=Decimal("1.00"))).change_count == 0


@pytest.mark.parametrize(
    ("reversals", "moves", "told"),
    [(BACK, 1, []), (DISPUTED, 0, ["disputed"]), (PARTLY, 1, ["partly_refunded"]), (Reversals(), 1, [])],
    ids=["refunded", "disputed", "partly refunded", "kept"],
)
def test_a_pending_order_becomes_processing_only_while_its_payment_is_kept(
    reversals: Reversals, moves: int, told: list[str]
) -> None:
    plan = plan_of(reversals, stored_order(status="pending"))
    assert (len(plan.completions), classes(plan)) == (moves, told)
    assert all((each.completed.status == "processing") is (reversals is not BACK) for each in plan.completions)


@pytest.mark.parametrize("status", ["pending", "cancelled"])
def test_a_status_is_not_judged_by_a_payment_that_nobody_knows(status: str) -> None:
    plan = plan_of(Reversals(), stored_order(status=status), **SUBSCRIBED)
    assert (plan.change_count, classes(plan)) == (0, ["refund_unknown"])


@pytest.mark.parametrize("reversals", [BACK, DISPUTED], ids=["refunded", "disputed"])
def test_an_existing_order_without_its_payment_is_not_said_to_wait(reversals: Reversals) -> None:
    recovered = stored_order(id=order_id(SESSION_ID), printful_order_id=None)
    assert "not_looked_at" not in classes(plan_of(reversals, recovered))
    assert "not_looked_at" in classes(plan_of(PARTLY, recovered))


def test_an_unknown_refund_is_said_only_of_orders_that_would_be_said_to_wait() -> None:
    assert classes(plan_of(Reversals(), stored_order(), **SUBSCRIBED)) == []
    assert classes(plan_of(Reversals(), stored_order(printful_order_id=None), **SUBSCRIBED)) == ["refund_unknown"]


def test_an_order_without_its_payment_may_still_be_linked() -> None:
    day = SessionDay(sessions=(new_order(),), reversals=DISPUTED, asks_printful=True)
    (unlinked,) = decide_sessions(day, Stored()).unlinked
    assert not unlinked.payment.is_kept


@pytest.mark.parametrize(
    ("reversals", "sentence", "ids"),
    [
        (
            BACK,
            "Order {} says processing, and its whole payment went back to the customer. Cancel what is not sent yet, "
            "and set the order's status by hand.",
            {},
        ),
        (
            DISPUTED,
            "The customer's bank disputes the payment of order {} (du_3SandboxDispute000000000). Answer it at Stripe, "
            "and send no goods before it is decided.",
            {"stripe_dispute_ids": "du_3SandboxDispute000000000"},
        ),
        (
            PARTLY,
            "Order {}: 15.00 usd of 26.00 usd went back to the customer. Send only the goods that are still paid.",
            {},
        ),
        (
            read_reversals([refund(amount=1500), refund(amount=1, currency="eur")], []),
            "Order {}: 0.01 eur and 15.00 usd of 26.00 usd went back to the customer. Send only the goods that are "
            "still paid.",
            {},
        ),
        (
            read_reversals([refund(amount=None)], []),
            "Nobody knows whether the payment of order {} was refunded: the amount of a refund or of a lost dispute "
            "cannot be read. Look at the payment at Stripe before you send the goods.",
            {},
        ),
    ],
    ids=["refunded", "disputed", "partly refunded", "in two currencies", "unknown"],
)
def test_each_sentence_names_the_order_and_says_what_to_do(
    reversals: Reversals, sentence: str, ids: dict[str, str]
) -> None:
    (problem,) = plan_of(reversals, stored_order(), sets_refunded=False).problems
    assert problem.sentence == sentence.format(ORDER_ID)
    assert problem.ids == {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID} | ids


def test_two_disputes_are_named_with_a_comma() -> None:
    (problem,) = plan_of(read_reversals([], [dispute(id="b"), dispute(id="a")]), stored_order()).problems
    assert problem.ids["stripe_dispute_ids"] == "a, b"
    assert "(a, b)" in problem.sentence
