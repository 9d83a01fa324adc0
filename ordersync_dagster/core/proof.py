"""The proof of a day: every paid session of the day has one order with the same amount.

Each side has its number, its sum by currency in minor units, and a SHA-256 over its sorted session ids, each followed
by a line feed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from hashlib import sha256

from ordersync_dagster.core.ledger import LedgerEntry, OrderOfSession
from ordersync_dagster.core.money import minor_units
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.stripe_session import SkipReason
from ordersync_dagster.core.unread import sessions_not_read


class DayState(StrEnum):
    """Only the first two are a proof."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does_not_hold"
    NOT_OVER = "not_over"
    TOO_RECENT = "too_recent"
    NOT_READ = "not_read"


NOT_PROVED: Mapping[DayState, str] = {
    DayState.NOT_OVER: "the day is not over (UTC)",
    DayState.TOO_RECENT: "it has sessions that are younger than ORDERSYNC_GRACE_MINUTES",
    DayState.NOT_READ: "Stripe did not show all of its sessions",
}


@dataclass(frozen=True, slots=True)
class Side:
    """The figures of one side; `sums` are in minor units by currency."""

    count: int
    sums: Mapping[str, int]
    ids_sha256: str

    @classmethod
    def of(cls, prices: Iterable[Price | None], session_ids: Iterable[str]) -> "Side":
        known = list(prices)
        sums: Counter[str] = Counter()
        for price in known:
            if price is not None:
                sums[price.currency] += minor_units(price.amount, price.currency) or 0
        return cls(len(known), dict(sorted(sums.items())), ids_hash(session_ids))


@dataclass(frozen=True, slots=True)
class DayProof:
    """One UTC day. `faults` say why it does not hold; `erased` sessions have no order because that was asked for."""

    day: date
    state: DayState
    stripe: Side
    shop: Side
    faults: tuple[str, ...] = ()
    erased: frozenset[str] = frozenset()
    entries: tuple[LedgerEntry, ...] = field(default=(), repr=False)
    refunded: Mapping[str, int] | None = None  # since then, in minor units by currency; None where nobody read it

    @property
    def has_figures(self) -> bool:
        """Whether the day could be compared: it is over, settled and was read to its end."""
        return self.state not in NOT_PROVED

    @property
    def is_proved(self) -> bool:
        return self.state is DayState.HOLDS


def ids_hash(session_ids: Iterable[str]) -> str:
    """As `LC_ALL=C sort | sha256sum` of the ids, one in a line."""
    return sha256("".join(f"{each}\n" for each in sorted(set(session_ids))).encode()).hexdigest()


def day_proof(plan: Plan, day: date, *, is_over: bool, is_written: bool = False) -> DayProof:
    """The proof of the day that `plan` is of; with `is_written` its new orders are in the shop."""
    entries = tuple(sorted(_entries(plan, is_written=is_written), key=lambda each: each.session_id))
    erased = frozenset(each.session_id for each in plan.skips if each.reason is SkipReason.ERASED)
    faults = (*_faults(entries, erased), *(each.problem.sentence for each in plan.failed_sessions))
    orders = [order for entry in entries for order in entry.orders]
    return DayProof(
        day,
        _state(plan, day, has_faults=bool(faults), is_over=is_over),
        Side.of((each.price for each in entries), (each.session_id for each in entries)),
        Side.of((each.price for each in orders), (each.session_id for each in entries if each.orders)),
        faults,
        erased,
        entries,
    )


def _state(plan: Plan, day: date, *, has_faults: bool, is_over: bool) -> DayState:
    if not is_over:
        return DayState.NOT_OVER
    unread = sessions_not_read(day).sentence
    if any(note.sentence == unread for note in plan.notes):
        return DayState.NOT_READ
    if plan.unsettled:
        return DayState.TOO_RECENT
    return DayState.DOES_NOT_HOLD if has_faults else DayState.HOLDS


def _entries(plan: Plan, *, is_written: bool) -> Iterator[LedgerEntry]:
    inserted = {each.order.session_id: each.order for each in plan.inserts} if is_written else {}
    by_payment: dict[str, list[LedgerEntry]] = {}
    for entry in plan.ledger:
        name, payment = entry.session_id, entry.payment_intent_id
        order = None if entry.orders else inserted.get(name)
        made = (OrderOfSession(order.id, entry.price, is_same=True),) if order else entry.orders
        by_payment.setdefault(payment or name, []).append(LedgerEntry(name, entry.price, payment, made))
    return map(_one_payment, by_payment.values())


def _one_payment(entries: list[LedgerEntry]) -> LedgerEntry:
    """Sessions of one payment count once: the one with the order, with all orders of the payment."""
    first = min(entries, key=lambda each: (not each.orders, each.session_id))
    return replace(first, orders=tuple(order for each in entries for order in each.orders))


def _faults(entries: Iterable[LedgerEntry], erased: frozenset[str]) -> Iterator[str]:
    for entry in entries:
        name = entry.session_id
        if not entry.orders and name not in erased:
            yield f"Session {name} has no order ({entry.price.text} were paid)."
        if len(entry.orders) > 1:
            ids = ", ".join(order.order_id for order in entry.orders)
            yield f"Session {name} has {len(entry.orders)} orders: {ids}."
        for order in entry.orders:
            if not order.is_same:
                says = order.price.text if order.price else "no amount that can be read"
                yield f"Order {order.order_id} says {says}, and {entry.price.text} were paid (session {name})."
