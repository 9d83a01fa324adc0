"""The proof of a day in small: which orders are a session's, what agrees, and what a day without a proof is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ordersync_dagster.core.changes import InsertOrder
from ordersync_dagster.core.ledger import ledger_of
from ordersync_dagster.core.orders import Order, Price, StoredOrder
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.proof import DayState, day_proof
from ordersync_dagster.core.proof_changes import changes_since
from ordersync_dagster.core.stripe_session import Skip, SkipReason
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
    found = [(each.side, each.what, each.id) for each in changes_since(before, now)]
    assert found == [
        ("stripe", "changed", new_order().session_id),
        ("shop", "went", stored_order().id),
        ("shop", "came", "other"),
    ]
    assert changes_since(before, before) == []
