"""The ledger of a day: each paid session with its orders. The proof of the day is made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ordersync_dagster.core.money import minor_units
from ordersync_dagster.core.orders import Order, Price, StoredOrder
from ordersync_dagster.core.stripe_session import Verdict


@dataclass(frozen=True, slots=True)
class OrderOfSession:
    """An order as the shop has it; `price` is None where it is no amount in whole minor units."""

    order_id: str
    price: Price | None
    is_same: bool  # the amount of the session, or the price that its customer saw (Adaptive Pricing)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One paid session; `price` is Stripe's."""

    session_id: str
    price: Price
    payment_intent_id: str | None
    orders: tuple[OrderOfSession, ...]


def ledger_of(
    sessions: Iterable[Verdict], rows: Iterable[StoredOrder], claims: Mapping[str, str]
) -> tuple[LedgerEntry, ...]:
    """An entry for each paid session; `claims` has the session of orders that are under another one, by order id.

    An order that names the payment and no paid session is a second order of the payment.
    """
    paid = [each for each in sessions if isinstance(each, Order)]
    ids = {order.session_id for order in paid}
    of_payment = {order.payment_intent_id: order.session_id for order in paid}
    of_payment.pop(None, None)
    found: dict[str, list[StoredOrder]] = {}
    for row in rows:
        own = row.session_id if row.session_id in ids else claims.get(row.id)
        owner = own or of_payment.get(row.payment_intent_id)
        if owner in ids:
            found.setdefault(str(owner), []).append(row)
    return tuple(entry_of(order, found.get(order.session_id, ())) for order in paid)


def entry_of(order: Order, rows: Iterable[StoredOrder]) -> LedgerEntry:
    """The entry of one session with its orders."""
    price = Price(order.total, order.currency)
    orders = tuple(_order_of(row, (price, *order.other_prices)) for row in rows)
    return LedgerEntry(order.session_id, price, order.payment_intent_id, orders)


def _order_of(row: StoredOrder, prices: tuple[Price, ...]) -> OrderOfSession:
    currency = (row.currency or prices[0].currency).lower()
    if row.total is None or minor_units(row.total, currency) is None:
        return OrderOfSession(row.id, None, is_same=False)
    price = Price(row.total, currency)
    return OrderOfSession(row.id, price, is_same=price in prices)
