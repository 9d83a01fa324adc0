"""Stripe's event of a paid checkout (plain dict) → the order that it should be, and when it was paid.

https://docs.stripe.com/api/events/types#event_types-checkout.session.completed
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.stripe_session import SessionRules, read_session
from ordersync_dagster.core.stripe_session_fields import MalformedError, created_time

EVENTS_KEPT = timedelta(days=30)  # Stripe lists events no further back: https://docs.stripe.com/api/events/list
DELAYED = "checkout.session.async_payment_succeeded"  # paid by bank debit, voucher or transfer


@dataclass(frozen=True, slots=True)
class PaidEvent:
    """A checkout of this shop that was paid `at`."""

    order: Order
    at: datetime
    is_delayed: bool


def read_paid_event(event: object, rules: SessionRules) -> PaidEvent | None:
    """The event; None where its session is not paid, not this shop's or unreadable. Raises as `read_session`."""
    if not isinstance(event, Mapping):
        return None
    data: Any = event.get("data")
    verdict = read_session(data.get("object") if isinstance(data, Mapping) else None, rules)
    if not isinstance(verdict, Order):
        return None
    try:
        at = datetime.fromtimestamp(created_time(event), UTC)
    except MalformedError:
        at = verdict.created
    return PaidEvent(verdict, at, event.get("type") == DELAYED)
