"""Which order a paid session belongs to: by its id, else by its payment, else by its reference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ordersync_dagster.core.orders import Order, Status, StoredOrder
from ordersync_dagster.core.stripe_session import Skip, Verdict


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Facts from outside the sessions that are decided: from Stripe, our own tables, or this run's earlier days."""

    paid_sessions: frozenset[str] = frozenset()  # other sessions that orders name, and that Stripe calls paid
    unknown_sessions: Mapping[str, str] = field(default_factory=dict)  # why Stripe did not answer, by session
    claims: Mapping[str, str] = field(default_factory=dict)  # order id → the paid session that belongs to it
    erased: frozenset[str] = frozenset()  # sessions whose customer was erased after they were created


@dataclass(frozen=True, slots=True)
class Match:
    """The orders of one paid session that no order names."""

    orders: tuple[StoredOrder, ...]
    reference: str = ""  # the reference that names the order; empty where the payment is the same
    other_session: str = ""  # another paid session to which the order belongs
    other_payment: str = ""  # another payment that the order names, where it is live
    unknown: str = ""  # why nobody knows whether the order's own session is paid

    @property
    def is_second_payment(self) -> bool:
        """Whether the order is paid otherwise, so that this session needs an order of its own."""
        return bool(self.reference and (self.other_session or self.other_payment))


class Matcher:
    """Finds the orders of paid sessions among those that were loaded."""

    def __init__(self, orders: Iterable[StoredOrder], elsewhere: Elsewhere) -> None:
        self._elsewhere = elsewhere
        self._of_session: dict[str, StoredOrder] = {}
        self._of_payment: dict[str, list[StoredOrder]] = {}
        self._by_id: dict[str, StoredOrder] = {}
        for order in orders:
            self._by_id[_plain(order.id)] = order
            if order.session_id:
                self._of_session[order.session_id] = order
            if order.payment_intent_id:
                self._of_payment.setdefault(order.payment_intent_id, []).append(order)

    def of_session(self, session_id: str) -> StoredOrder | None:
        """The order that names the session."""
        return self._of_session.get(session_id)

    def without_session(self, skip: Skip) -> list[StoredOrder]:
        """The orders that name no session, but the payment of an overdue one."""
        payment = skip.overdue.payment_intent_id if skip.overdue else None
        return [order for order in self._of_payment.get(payment or "", []) if not order.session_id]

    def has_order(self, verdict: Verdict) -> bool:
        """Whether one of the orders is the session's."""
        is_named = self.of_session(verdict.session_id) is not None
        return is_named or (isinstance(verdict, Order) and self.of_payment_or_reference(verdict) is not None)

    def of_payment_or_reference(self, order: Order, paid_here: frozenset[str] = frozenset()) -> Match | None:
        """The order of a paid session that no order names; `paid_here` are the paid sessions decided with it."""
        paid = self._elsewhere.paid_sessions | paid_here
        if order.payment_intent_id and (rows := self._of_payment.get(order.payment_intent_id)):
            return Match(
                tuple(rows), other_session=next(filter(None, (self._other(row, order, paid) for row in rows)), "")
            )
        for reference in order.references:
            row = self._by_id.get(_plain(reference.value))
            if row and (reference.is_certain or agrees(row, order)):
                return self._of_reference(row, order, paid)
        return None

    def _of_reference(self, row: StoredOrder, order: Order, paid: frozenset[str]) -> Match:
        other = self._other(row, order, paid)
        is_paid_otherwise = not other and row.payment_intent_id and row.status != Status.PENDING
        other_payment = (row.payment_intent_id or "") if is_paid_otherwise else ""
        is_decided = other or other_payment or self._elsewhere.claims.get(row.id)
        unknown = "" if is_decided else self._elsewhere.unknown_sessions.get(row.session_id, "")
        return Match((row,), row.id, other, other_payment, unknown)

    def _other(self, row: StoredOrder, order: Order, paid: frozenset[str]) -> str:
        """Another paid session that the order belongs to."""
        claim = self._elsewhere.claims.get(row.id, row.session_id if row.session_id in paid else "")
        return "" if claim == order.session_id else claim


def _plain(identifier: str) -> str:
    """A UUID may be written in capitals or without hyphens."""
    return identifier.lower().replace("-", "")


def agrees(row: StoredOrder, order: Order) -> bool:
    """Whether amount and currency are the same, perhaps in the currency that the customer saw."""
    ours = row.total, (row.currency or "").lower()
    return ours in ((order.total, order.currency), *((each.amount, each.currency) for each in order.other_prices))
