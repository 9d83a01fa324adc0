"""The proof of a day in small: which orders are a session's, what agrees, and what a day without a proof is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from ordersync_dagster.core.changes import InsertOrder
from ordersync_dagster.core.ledger import OrderOfSession, ledger_of
from ordersync_dagster.core.orders import Order, Price, StoredOrder
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.proof import NOT_PROVED, DayState, Side, day_proof
from ordersync_dagster.core.proof_changes import ProofChange, changes_since
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason
from ordersync_dagster.core.unread import reversals_not_read, sessions_not_read
from ordersync_dagster_tests.support.builders import new_order, stored_order

DAY = date(2026, 9, 21)
MADE = datetime(2026, 9, 21, 12, tzinfo=UTC)


def plan(*rows: StoredOrder, order: Order | None = None, **facts: object) -> Plan:
    """One paid session and the rows that were loaded for it."""
    ledger = ledger_of([order or new_order(created=MADE)], rows, {})
    return replace(Plan(DAY, ledger=ledger), **facts)  # type: ignore[arg-type]  # facts are fields of it


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, ""),
        ({"currency": "USD"}, ""),
        ({"currency": None}, ""),
        ({"total": Decimal("26")}, ""),
        ({"total": Decimal("26.01")}, "says USD 26.01"),
        ({"currency": "eur"}, "says EUR 26.00"),
        ({"total": None}, "says no amount that can be read"),
        ({"total": Decimal("26.001")}, "says no amount that can be read"),
        ({"currency": "xyz"}, "says no amount that can be read"),
    ],
)
def test_an_order_has_the_amount_and_currency_of_its_session(row: dict[str, object], reason: str) -> None:
    proof = day_proof(plan(stored_order(**row)), DAY, is_over=True)
    assert proof.is_proved is not bool(reason)
    assert reason in " ".join(proof.faults)


def test_the_price_that_the_customer_saw_is_the_same_payment() -> None:
    order = new_order(created=MADE, other_prices=(Price(Decimal("24.00"), "eur"),))
    proof = day_proof(plan(stored_order(total=Decimal("24.00"), currency="eur"), order=order), DAY, is_over=True)
    assert proof.is_proved
    assert (proof.stripe.sums, proof.shop.sums) == ({"usd": 2600}, {"eur": 2400})


def test_a_new_order_counts_only_once_it_is_written() -> None:
    made = plan(inserts=(InsertOrder(new_order(created=MADE)),))
    assert day_proof(made, DAY, is_over=True).state is DayState.DOES_NOT_HOLD
    assert day_proof(made, DAY, is_over=True, is_written=True).is_proved


@pytest.mark.parametrize("holder", ["cs_test_1", "cs_test_2"])
def test_two_sessions_of_one_payment_are_one_payment_with_one_order(holder: str) -> None:
    both = [new_order(session_id=name, created=MADE) for name in ("cs_test_1", "cs_test_2")]
    row = stored_order(session_id=holder)
    held = day_proof(Plan(DAY, ledger=ledger_of(both, [row], {})), DAY, is_over=True)
    assert (held.state, held.stripe, held.stripe.count) == (DayState.HOLDS, held.shop, 1)
    assert [each.session_id for each in held.entries] == [holder]
    lost = day_proof(Plan(DAY, ledger=ledger_of(both, [], {})), DAY, is_over=True)
    assert lost.faults == ("Session cs_test_1 has no order (USD 26.00 were paid).",)


def test_two_orders_of_one_payment_are_no_proof_whatever_sessions_they_name() -> None:
    both = [new_order(session_id=name, created=MADE) for name in ("cs_test_1", "cs_test_2")]
    rows = [stored_order(id=f"order-{each.session_id}", session_id=each.session_id) for each in both]
    proof = day_proof(Plan(DAY, ledger=ledger_of(both, rows, {})), DAY, is_over=True)
    assert proof.faults == ("Session cs_test_1 has 2 orders: order-cs_test_1, order-cs_test_2.",)


def test_the_session_of_an_erased_customer_needs_no_order() -> None:
    skip = Skip(new_order().session_id, SkipReason.ERASED)
    proof = day_proof(plan(skips=(skip,)), DAY, is_over=True)
    assert (proof.state, len(proof.erased), proof.shop.count) == (DayState.HOLDS, 1, 0)


def test_a_day_that_cannot_be_known_is_not_proved() -> None:
    held = plan(stored_order())
    assert day_proof(held, DAY, is_over=False).state is DayState.NOT_OVER
    assert day_proof(replace(held, unsettled=("cs_1",)), DAY, is_over=True).state is DayState.TOO_RECENT
    assert day_proof(replace(held, notes=(sessions_not_read(DAY),)), DAY, is_over=True).state is DayState.NOT_READ
    assert day_proof(replace(held, notes=(reversals_not_read(DAY),)), DAY, is_over=True).is_proved


def test_changes_are_told_by_side() -> None:
    before = day_proof(plan(stored_order()), DAY, is_over=True)
    now = day_proof(
        plan(stored_order(id="other"), order=new_order(created=MADE, total=Decimal("27.00"))), DAY, is_over=True
    )
    usd_26, usd_27 = Price(Decimal("26.00"), "usd"), Price(Decimal("27.00"), "usd")
    assert changes_since(before, now) == [
        ProofChange(DAY, "stripe", "changed", new_order().session_id, usd_26, usd_27),
        ProofChange(DAY, "shop", "went", stored_order().id, usd_26, None),
        ProofChange(DAY, "shop", "came", "other", None, usd_26),
    ]
    assert changes_since(before, before) == []


def test_each_side_has_its_number_its_sums_and_the_hash_of_its_session_ids() -> None:
    sessions = [new_order(session_id=name, payment_intent_id=None, currency=currency)
                for name, currency in (("b", "usd"), ("a", "usd"), ("c", "eur"))]  # fmt: skip
    ledger = ledger_of(sessions, [stored_order(session_id="b", payment_intent_id=None, total=None)], {})
    proof = day_proof(Plan(DAY, ledger=ledger), DAY, is_over=True)
    assert [each.session_id for each in proof.entries] == ["a", "b", "c"]
    assert proof.stripe == Side(3, {"eur": 2600, "usd": 5200}, sha256(b"a\nb\nc\n").hexdigest())
    assert [*proof.stripe.sums] == ["eur", "usd"]
    assert proof.shop == Side(1, {}, sha256(b"b\n").hexdigest())


def test_each_fault_names_the_session_the_orders_and_the_amounts() -> None:
    session, dear = new_order().session_id, new_order(total=Decimal("1204.00"))
    malformed = SessionProblem("cs_x", Problem(ProblemClass.MALFORMED_SESSION, "Session cs_x became no order."))
    failed = day_proof(plan(order=dear, failed_sessions=(malformed,)), DAY, is_over=True)
    assert failed.faults == (
        f"Session {session} has no order (USD 1,204.00 were paid).",
        "Session cs_x became no order.",
    )
    two = day_proof(plan(stored_order(id="1"), stored_order(id="2", total=Decimal(5)), order=dear), DAY, is_over=True)
    assert two.faults == (
        f"Session {session} has 2 orders: 1, 2.",
        f"Order 1 says USD 26.00, and USD 1,204.00 were paid (session {session}).",
        f"Order 2 says USD 5.00, and USD 1,204.00 were paid (session {session}).",
    )


def test_an_inserted_order_counts_beside_no_other() -> None:
    inserted = plan(stored_order(), inserts=(InsertOrder(new_order(created=MADE)),))
    proof = day_proof(inserted, DAY, is_over=True, is_written=True)
    assert [order.order_id for entry in proof.entries for order in entry.orders] == [stored_order().id]


def test_a_state_without_figures_says_why() -> None:
    held = plan(stored_order(), unsettled=("cs_1",))
    assert not day_proof(held, DAY, is_over=True).has_figures
    assert day_proof(plan(), DAY, is_over=True).has_figures
    assert set(NOT_PROVED) == set(DayState) - {DayState.HOLDS, DayState.DOES_NOT_HOLD}


def test_a_second_order_of_a_payment_is_found_by_the_payment_and_by_its_claim() -> None:
    order = new_order(created=MADE)
    own = stored_order(id="own", payment_intent_id=None)
    second = stored_order(id="second", session_id="cs_other")
    strange = stored_order(id="strange", session_id="cs_strange", payment_intent_id=None)
    (entry,) = ledger_of([order], [own, second, strange], {})
    assert [each.order_id for each in entry.orders] == ["own", "second"]
    assert (entry.session_id, entry.payment_intent_id) == (order.session_id, order.payment_intent_id)
    (claimed,) = ledger_of([order], [strange], {"strange": order.session_id})
    assert [each.order_id for each in claimed.orders] == ["strange"]
    assert [each.orders for each in ledger_of([replace(order, payment_intent_id=None)], [strange], {})] == [()]


def test_an_amount_that_cannot_be_read_is_named_by_its_order_and_adds_nothing() -> None:
    (entry,) = ledger_of([new_order(created=MADE)], [stored_order(total=None)], {})
    assert entry.orders == (OrderOfSession(stored_order().id, None, is_same=False),)
    assert Side.of([Price(Decimal("0.001"), "usd"), Price(Decimal(2), "usd")], ["b", "a"]).sums == {"usd": 200}


def test_an_order_that_this_run_wrote_stands_for_its_session_with_its_id_and_amount() -> None:
    order = new_order(created=MADE)
    proof = day_proof(plan(inserts=(InsertOrder(order),)), DAY, is_over=True, is_written=True)
    (entry,) = proof.entries
    assert entry.orders == (OrderOfSession(order.id, Price(order.total, "usd"), is_same=True),)
    assert proof.shop.sums == {"usd": 2600}
