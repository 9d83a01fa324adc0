"""One row of each side, as small as a comparison of all of them needs it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.orders import as_stored
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.reversals import read_invoice_payments, read_reversals
from ordersync_dagster.core.seen import (
    LARGEST,
    SeenOrder,
    SeenPrintfulOrder,
    SeenSession,
    returned_minor,
    seen_order,
    seen_printful_order,
    seen_session,
    with_payments,
)
from ordersync_dagster.core.stripe_session import SessionRules, Skip, SkipReason, read_session
from ordersync_dagster.sandbox import (
    INVOICE,
    checkout_session,
    customer_details,
    dispute,
    invoice_payment,
    printful_order,
    refund,
)
from ordersync_dagster.sandbox.world.sessions import CREATED, PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import ORDER_ID, PRINTFUL_ID, TEST_MODE, new_order, stored_order

USUAL = SeenSession(SESSION_ID, PAYMENT_INTENT, CREATED, is_paid=True, amount=2600, currency="usd", invoice=None)


def seen(**changes: Any) -> SeenSession | None:
    """The default session with `changes`, seen."""
    row = checkout_session() | changes
    return seen_session(row, read_session(row, TEST_MODE))


def skipped(reason: SkipReason, **changes: Any) -> SeenSession | None:
    """The default session with `changes`, skipped for `reason`."""
    return seen_session(checkout_session() | changes, Skip(SESSION_ID, reason))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, USUAL),
        ({"payment_intent": None, "invoice": {"id": INVOICE}}, USUAL._replace(payment=None, invoice=INVOICE)),
        ({"currency": "JPY"}, USUAL._replace(currency="jpy")),
        ({"currency": "xyz"}, USUAL._replace(amount=None, currency=None)),
        ({"currency": None}, USUAL._replace(amount=None, currency=None)),
        ({"created": "soon"}, USUAL._replace(created=None)),
        ({"amount_total": LARGEST - 1}, USUAL._replace(amount=LARGEST - 1)),
        ({"amount_total": LARGEST}, USUAL._replace(amount=None)),
        ({"amount_total": -LARGEST}, USUAL._replace(amount=None)),
        ({"amount_total": True}, USUAL._replace(amount=None)),
        ({"amount_total": "2600"}, USUAL._replace(amount=None)),
        ({"payment_status": "unpaid"}, USUAL._replace(is_paid=False)),
        ({"payment_status": "no_payment_required"}, USUAL._replace(is_paid=False)),
        ({"amount_total": 0}, USUAL._replace(amount=0, is_paid=False)),
        ({"customer_details": customer_details(email=None)}, USUAL),
    ],
)
def test_a_session_is_seen_as_far_as_it_can_be_read(changes: dict[str, Any], expected: SeenSession) -> None:
    assert seen(**changes) == expected


def test_a_free_order_that_the_shop_wants_is_paid() -> None:
    row = checkout_session(payment_status="no_payment_required", amount_total=0)
    verdict = read_session(row, SessionRules(live=False, include_free=True))
    assert seen_session(row, verdict) == USUAL._replace(amount=0)


@pytest.mark.parametrize(
    ("reason", "is_seen"),
    [
        (SkipReason.OTHER_MODE, False),
        (SkipReason.NOT_THIS_SHOP, False),
        (SkipReason.NOT_COMPLETE, False),
        (SkipReason.TOO_RECENT, True),
        (SkipReason.ERASED, True),
        (SkipReason.ORDER_EXISTS, True),
    ],
)
def test_a_session_that_is_not_this_shops_is_not_seen(reason: SkipReason, is_seen: bool) -> None:
    assert skipped(reason) == (USUAL if is_seen else None)


def test_what_has_no_id_is_not_seen() -> None:
    assert seen(id=None) is None
    assert seen_session("session", Skip(SESSION_ID, SkipReason.ERASED)) is None


def test_an_order_is_seen_in_minor_units() -> None:
    created = datetime.fromtimestamp(CREATED + 0.9, UTC)
    usual = SeenOrder(ORDER_ID, SESSION_ID, PAYMENT_INTENT, PRINTFUL_ID, "processing", 2600, "usd", CREATED, False)
    assert seen_order(stored_order(status="processing"), created) == usual
    row = stored_order(status="done", payment_intent_id="", printful_order_id="", currency="USD", session_id="")
    assert seen_order(row) == usual._replace(status="done", payment=None, printful_id=None, session_id="", created=None)


@pytest.mark.parametrize(
    ("changes", "amount", "currency"),
    [
        ({"total": None}, None, "usd"),
        ({"total": Decimal("26.001")}, None, "usd"),
        ({"total": Decimal("NaN")}, None, "usd"),
        ({"total": Decimal(LARGEST) / 100}, None, "usd"),
        ({"currency": "xyz"}, None, None),
        ({"currency": None}, None, None),
        ({"currency": "jpy", "total": Decimal("26.00")}, 26, "jpy"),
    ],
)
def test_an_order_whose_amount_cannot_be_read_has_none(
    changes: dict[str, Any], amount: int | None, currency: str | None
) -> None:
    found = seen_order(stored_order(**changes))
    assert (found.amount, found.currency) == (amount, currency)


def test_an_order_that_a_run_added_is_known_by_its_id_or_by_the_audit() -> None:
    assert seen_order(as_stored(new_order())).is_recovered
    assert seen_order(replace(stored_order(), is_recovered=True)).is_recovered
    assert not seen_order(stored_order()).is_recovered


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Missing("7"), SeenPrintfulOrder("7", None, "missing", None, None, None)),
        (NotAsked("7", "no answer"), SeenPrintfulOrder("7", None, "not asked", None, None, None)),
        (
            printful_order(external_id="X1", created=CREATED),
            SeenPrintfulOrder("7", "X1", "inprocess", 1734, "usd", CREATED),
        ),
        (
            printful_order(status=None, costs=None, created=CREATED),
            SeenPrintfulOrder("7", None, "unreadable", None, None, CREATED),
        ),
        (
            printful_order(costs={"currency": "XYZ", "total": "1.00"}, created=CREATED),
            SeenPrintfulOrder("7", None, "inprocess", None, None, CREATED),
        ),
        (
            printful_order(costs={"currency": "EUR", "total": None}, created=CREATED),
            SeenPrintfulOrder("7", None, "inprocess", None, "eur", CREATED),
        ),
        (
            printful_order(costs={"currency": "EUR", "total": "1.005"}, created=CREATED),
            SeenPrintfulOrder("7", None, "inprocess", None, "eur", CREATED),
        ),
    ],
)
def test_a_printful_order_is_seen_with_what_it_costs_the_shop(answer: Any, expected: SeenPrintfulOrder) -> None:
    assert seen_printful_order("7", answer) == expected


def test_a_session_of_a_subscription_gets_the_payment_of_its_invoice() -> None:
    reversals = replace(read_reversals([], []), of_invoice=read_invoice_payments([invoice_payment()]))
    of_subscription = USUAL._replace(payment=None, invoice=INVOICE)
    paid, nothing = USUAL._replace(payment="pi_own", invoice=INVOICE), USUAL._replace(payment=None)
    found = with_payments([of_subscription, paid, nothing], reversals)
    assert found == (of_subscription._replace(payment=PAYMENT_INTENT), paid, nothing)


def test_what_went_back_is_summed_in_minor_units_by_currency() -> None:
    rows = [refund(amount=100), refund(id="re_2", amount=50), refund(id="re_3", amount=7, currency="eur")]
    reversals = read_reversals([*rows, refund(id="re_4", amount=0, currency="jpy")], [dispute(status="lost")])
    assert returned_minor(reversals, PAYMENT_INTENT) == {"usd": 2750, "eur": 7}
    assert returned_minor(reversals, "pi_other") == {}
