"""One row of each of the three sides, as small as a comparison of all of them needs it. No personal data.

Money is whole minor units; None where the amount or the currency cannot be read. Times are Unix seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from ordersync_dagster.core import money
from ordersync_dagster.core.orders import Order, StoredOrder, order_id
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.printful_order_fields import cost_of, created_at, currency_of, external_id
from ordersync_dagster.core.reversals import Reversals, payment_intent_of
from ordersync_dagster.core.stripe_session import NO_ID, Skip, SkipReason, Verdict
from ordersync_dagster.core.stripe_session_fields import id_of
from ordersync_dagster.core.window import unix_second

LARGEST = 10**13  # minor units; a larger amount is no charge, and sums of these fit 64 bits
TO_ADD, UNDECIDED = "to_add", "undecided"  # fates of sessions: the next run adds the order; nobody could decide it
_NOT_OURS = (SkipReason.OTHER_MODE, SkipReason.NOT_THIS_SHOP, SkipReason.NOT_COMPLETE)
_NOT_PAID = (SkipReason.UNPAID, SkipReason.FREE)


class SeenSession(NamedTuple):
    """A complete Checkout Session of this shop; `is_paid` where it has to have an order."""

    session_id: str
    payment: str | None
    created: int | None
    is_paid: bool
    amount: int | None
    currency: str | None
    invoice: str | None


class SeenOrder(NamedTuple):
    """An order of the shop; `is_recovered` where a run of ours inserted it."""

    order_id: str
    session_id: str
    payment: str | None
    printful_id: str | None
    status: str
    amount: int | None
    currency: str | None
    created: int | None
    is_recovered: bool


class SeenPrintfulOrder(NamedTuple):
    """A Printful order with what it costs the shop; `word` is Printful's status, or why there is none."""

    printful_id: str
    external_id: str | None
    word: str
    cost: int | None
    currency: str | None
    created: int | None


@dataclass(frozen=True, slots=True)
class ThreeSides:
    """All that was seen of a period.

    `fates` says by session id what the plan decided, `references` by order id which session it belongs to by its
    reference, and `reversals` what went back.
    """

    sessions: tuple[SeenSession, ...] = ()
    orders: tuple[SeenOrder, ...] = ()
    printful_orders: tuple[SeenPrintfulOrder, ...] = ()
    fates: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    reversals: Reversals = Reversals()


def seen_session(row: object, verdict: Verdict) -> SeenSession | None:
    """`row` as Stripe listed it; None for one of another shop, or without an id."""
    if not isinstance(row, Mapping) or verdict.session_id == NO_ID:
        return None
    reason = verdict.reason if isinstance(verdict, Skip) else None
    if reason in _NOT_OURS:
        return None
    is_paid = isinstance(verdict, Order) or (row.get("payment_status") == "paid" and reason not in _NOT_PAID)
    currency = _known(row.get("currency"))
    return SeenSession(
        verdict.session_id,
        id_of(row.get("payment_intent")),
        unix_second(row.get("created")),
        is_paid,
        _readable(row.get("amount_total"), currency),
        currency,
        id_of(row.get("invoice")),
    )


def seen_order(order: StoredOrder, created: datetime | None = None) -> SeenOrder:
    """A stored order, created at `created`."""
    currency = _known(order.currency)
    amount = None if order.total is None or currency is None else money.minor_units(order.total, currency)
    return SeenOrder(
        order.id,
        order.session_id,
        order.payment_intent_id or None,
        order.printful_order_id or None,
        str(order.status),
        _readable(amount, currency),
        currency,
        None if created is None else int(created.timestamp()),
        order.is_recovered or (bool(order.session_id) and order.id == order_id(order.session_id)),
    )


def seen_printful_order(printful_id: str, answer: Mapping[str, Any] | Missing | NotAsked) -> SeenPrintfulOrder:
    """Printful's answer about one order."""
    if isinstance(answer, Missing | NotAsked):
        word = "missing" if isinstance(answer, Missing) else "not asked"
        return SeenPrintfulOrder(printful_id, None, word, None, None, None)
    status, price, currency = answer.get("status"), cost_of(answer), _known(currency_of(answer, "costs"))
    cost = _readable(money.minor_units(price.amount, price.currency), currency) if price else None
    word = status if isinstance(status, str) else "unreadable"
    return SeenPrintfulOrder(printful_id, external_id(answer), word, cost, currency, created_at(answer))


def with_payments(sessions: Iterable[SeenSession], reversals: Reversals) -> tuple[SeenSession, ...]:
    """`sessions`, where one of a subscription gets the payment of its invoice."""
    return tuple(
        each._replace(payment=payment_intent_of(each.invoice, reversals)) if not each.payment and each.invoice else each
        for each in sessions
    )


def returned_minor(reversals: Reversals, payment: str) -> dict[str, int]:
    """The refunds and lost disputes of `payment`, in minor units by currency."""
    sums: Mapping[str, Decimal] = reversals.returned.get(payment, {})
    found = {currency: money.minor_units(amount, currency) for currency, amount in sums.items()}
    return {currency: amount for currency, amount in found.items() if amount}


def _known(currency: object) -> str | None:
    """The currency in lower case; None where nobody knows its minor units."""
    return currency.lower() if isinstance(currency, str) and money.is_known(currency.lower()) else None


def _readable(amount: object, currency: str | None) -> int | None:
    return amount if currency and type(amount) is int and abs(amount) < LARGEST else None
