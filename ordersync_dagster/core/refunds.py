"""Payments that were refunded in full. A session stays `paid` after a refund, so refunds are listed too.

https://docs.stripe.com/api/refunds/object
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ordersync_dagster.core import money
from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.text import text_or_none

_REFUNDING_STATUSES = ("succeeded", "pending", None)  # null on refunds older than the field

Refunded = Mapping[tuple[str, str], Decimal]  # (payment intent, currency) → refunded sum


def read_refunds(refunds: Iterable[object]) -> Refunded:
    """Sums by payment; a refund that cannot be read is left out (the order is then added as live)."""
    sums: dict[tuple[str, str], Decimal] = {}
    for refund in refunds:
        if not isinstance(refund, Mapping) or refund.get("status") not in _REFUNDING_STATUSES:
            continue
        intent = refund.get("payment_intent")
        intent = text_or_none(intent.get("id") if isinstance(intent, Mapping) else intent)
        currency, amount = refund.get("currency"), refund.get("amount")
        if intent and isinstance(currency, str) and type(amount) is int:
            key = (intent, currency.lower())
            try:
                sums[key] = sums.get(key, Decimal(0)) + money.from_minor(amount, currency.lower())
            except money.MoneyError:
                continue
    return sums


def is_refunded(order: Order, refunded: Refunded) -> bool:
    """Whether the whole payment of `order` was refunded."""
    if order.payment_intent_id is None or order.total <= 0:
        return False
    return refunded.get((order.payment_intent_id, order.currency), Decimal(0)) >= order.total
