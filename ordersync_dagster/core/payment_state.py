"""The state of an order's payment: kept, partly or wholly given back, disputed, or unknown."""

from dataclasses import dataclass
from decimal import Decimal

from ordersync_dagster.core.orders import Order, Price, Status, StoredOrder
from ordersync_dagster.core.reversals import Reversals

GIVEN_BACK = frozenset({Status.REFUNDED, Status.RETURNED})


@dataclass(frozen=True, slots=True)
class PaymentState:
    """`unknown` is why nobody knows whether the payment was refunded; empty where it is known."""

    returned: tuple[Price, ...] = ()  # refunded, or lost in a dispute
    is_refunded: bool = False  # the whole of it
    is_settled: bool = True  # no refund is still on its way
    disputes: tuple[str, ...] = ()  # ids of undecided disputes
    unknown: str = ""
    is_unreadable: bool = False  # something went back, or may have, and nobody can read it

    @property
    def is_kept(self) -> bool:
        """Whether the shop is sure to have the payment, or a part of it."""
        return not (self.is_refunded or self.disputes or self.unknown)


_KEPT = PaymentState()


def needs_reversals(order: StoredOrder | None) -> bool:
    """Whether refunds and disputes have to be known to decide about a paid session with this order, or with none."""
    return order is None or order.status not in GIVEN_BACK


def payment_state(order: Order, reversals: Reversals) -> PaymentState:
    """The state of the payment of the session that `order` describes."""
    payments, unknown = _payments(order, reversals)
    if reversals.unread_until and order.created.timestamp() < reversals.unread_until:
        unknown = unknown or "Stripe did not show all refunds and disputes"
    if order.total <= 0 or not (unknown or any(map(reversals.concern, payments))):
        return _KEPT  # of nearly all orders, so this comes first
    sums: dict[str, Decimal] = {}
    for payment in payments:
        for currency, amount in reversals.returned.get(payment, {}).items():
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    prices = (Price(order.total, order.currency), *order.other_prices)
    if any(price.amount > 0 and sums.get(price.currency, Decimal(0)) >= price.amount for price in prices):
        return PaymentState(is_refunded=True, is_settled=payments.isdisjoint(reversals.pending))
    if is_unreadable := not payments.isdisjoint(reversals.unreadable):
        unknown = "a refund or a lost dispute of it cannot be read"
    disputes = sorted({name for payment in payments for name in reversals.disputes.get(payment, ())})
    returned = tuple(Price(amount, currency) for currency, amount in sorted(sums.items()) if amount)
    return PaymentState(returned, disputes=tuple(disputes), unknown=unknown, is_unreadable=is_unreadable)


def _payments(order: Order, reversals: Reversals) -> tuple[frozenset[str], str]:
    """The payments of a session, or why they are not known. A subscription's session names only its invoice."""
    if order.payment_intent_id:
        return frozenset({order.payment_intent_id}), ""
    if not order.invoice_id:
        return frozenset(), "its session names neither a payment nor an invoice"
    if reversals.of_invoice is None:
        return frozenset(), f"the payments of its invoice {order.invoice_id} could not be read"
    found = reversals.of_invoice.get(order.invoice_id, frozenset())
    return found, "" if found else f"Stripe lists no payment of its invoice {order.invoice_id}"
