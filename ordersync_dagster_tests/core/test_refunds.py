"""Payments that were given back whole become refunded orders, not live ones."""

from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.orders import Status
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.refunds import is_refunded, read_refunds
from ordersync_dagster.sandbox import refund
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT
from ordersync_dagster_tests.support.builders import new_order


def counts_as_refunded(*refunds: object, **overrides: Any) -> bool:
    """Whether the default order with `overrides` counts as refunded."""
    return is_refunded(new_order(**overrides), read_refunds(refunds))


def test_a_fully_refunded_payment_is_inserted_as_refunded_and_nobody_waits() -> None:
    plan = decide_sessions(SessionDay(sessions=(new_order(),), refunded=read_refunds([refund()])), Stored())
    assert [insert.order.status for insert in plan.inserts] == [Status.REFUNDED]
    assert plan.problems == ()


def test_parts_add_up() -> None:
    assert not counts_as_refunded(refund(amount=2599))
    assert counts_as_refunded(refund(amount=2599), refund(id="re_2", amount=1))


@pytest.mark.parametrize("status", ["succeeded", "pending", None])
def test_money_that_is_on_its_way_back_counts(status: str | None) -> None:
    assert counts_as_refunded(refund(status=status))


@pytest.mark.parametrize("status", ["failed", "canceled", "requires_action", "another"])
def test_money_that_did_not_go_back_does_not_count(status: str) -> None:
    assert not counts_as_refunded(refund(status=status))


def test_a_payment_intent_may_be_expanded() -> None:
    assert counts_as_refunded(refund(payment_intent={"id": PAYMENT_INTENT}))


@pytest.mark.parametrize(
    "record",
    [
        None,
        "refund",
        [],
        {},
        refund(payment_intent=None),
        refund(payment_intent="pi_another"),
        refund(amount=None),
        refund(amount=True),
        refund(amount=2600.0),
        refund(amount=10**18),
        refund(currency=None),
        refund(currency="eur"),
        refund(currency="xyz"),
    ],
)
def test_a_refund_of_something_else_or_of_nothing_readable_counts_for_nothing(record: object) -> None:
    assert not counts_as_refunded(record)


def test_an_order_that_cost_nothing_or_has_no_payment_cannot_be_given_back() -> None:
    assert not counts_as_refunded(refund(amount=0), total=Decimal(0))
    assert not counts_as_refunded(refund(), payment_intent_id=None)


def test_currencies_are_compared_in_lower_case() -> None:
    assert counts_as_refunded(refund(currency="USD"))


def test_refunds_in_a_currency_without_decimals_are_exact() -> None:
    assert counts_as_refunded(refund(amount=800, currency="jpy"), total=Decimal(800), currency="jpy")
    assert not counts_as_refunded(refund(amount=799, currency="jpy"), total=Decimal(800), currency="jpy")
