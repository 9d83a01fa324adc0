"""Short ways to what core reads and compares; what a test does not name is usual and agrees with the sandbox."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.money import Capacity
from ordersync_dagster.core.orders import Order, Status, StoredItem, StoredOrder
from ordersync_dagster.core.printful_order import PrintfulOrder, read_printful_order
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, SessionRules, Skip, read_session
from ordersync_dagster.sandbox import printful_order
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID

TEST_MODE = SessionRules(live=False)
EXISTING_SHOP = Limits(Capacity(10, 2), Capacity(10, 2), is_price_required=True)
PRINTFUL_ID = "190000001"  # the sandbox's default order
ORDER_ID = "0c7f5f0e-0000-4000-8000-000000000001"  # as a webhook handler would have chosen it


def order_of(session: object, rules: SessionRules = TEST_MODE) -> Order:
    """The order that `session` becomes."""
    verdict = read_session(session, rules)
    assert isinstance(verdict, Order), verdict
    return verdict


def problem_of(session: object, rules: SessionRules = TEST_MODE) -> Problem:
    """The problem that `session` is."""
    verdict = read_session(session, rules)
    assert isinstance(verdict, SessionProblem), verdict
    return verdict.problem


def skip_reason_of(session: object, rules: SessionRules = TEST_MODE) -> str:
    """Why `session` is skipped."""
    verdict = read_session(session, rules)
    assert isinstance(verdict, Skip), verdict
    return verdict.reason


def new_order(**overrides: Any) -> Order:
    """The order of the sandbox's default session."""
    known: dict[str, Any] = {
        "session_id": SESSION_ID,
        "payment_intent_id": PAYMENT_INTENT,
        "printful_order_id": None,
        "status": Status.PROCESSING,
        "customer_email": "asta@example.com",
        "customer_name": "Asta Example",
        "total": Decimal("26.00"),
        "currency": "usd",
        "shipping_address": {"name": "Asta Example", "line1": "1 Test Street", "country": "LV"},
        "metadata": {},
        "created": datetime(2026, 9, 21, tzinfo=UTC),
    }
    return Order(**{**known, **overrides})


def stored_order(**overrides: Any) -> StoredOrder:
    """The row that a webhook handler wrote for `new_order()`, with the default Printful order."""
    known: dict[str, Any] = {
        "id": ORDER_ID,
        "session_id": SESSION_ID,
        "payment_intent_id": PAYMENT_INTENT,
        "printful_order_id": PRINTFUL_ID,
        "customer_email": "asta@example.com",
        "customer_name": "Asta Example",
        "total": Decimal("26.00"),
        "currency": "usd",
        "shipping_address": {"name": "Asta Example", "line1": "1 Test Street", "country": "LV"},
    }
    return StoredOrder(**{**known, **overrides})


def stored_item(**overrides: Any) -> StoredItem:
    """The row that a webhook handler wrote for the default Printful item."""
    return StoredItem(
        **{"id": "item-of-the-shop", "product_id": "71", "variant_id": "4011", "quantity": 1, **overrides}
    )


def printful_answer(**overrides: Any) -> PrintfulOrder:
    """The sandbox's default Printful order with `overrides`, read."""
    read = read_printful_order(printful_order(**overrides))
    assert isinstance(read, PrintfulOrder), read
    return read


def malformed(**overrides: Any) -> Problem:
    """The problem that the default Printful order becomes with `overrides`."""
    read = read_printful_order(printful_order(**overrides))
    assert isinstance(read, Problem), read
    return read
