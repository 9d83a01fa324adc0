"""Which order a paid session belongs to: by its id, else by its payment, else by its reference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ordersync_dagster.core.orders import Order, Reference, Status, StoredOrder
from ordersync_dagster.core.privacy import normalised_email
from ordersync_dagster.core.stripe_session import Skip, Verdict


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Facts from outside the sessions that are decided: from Stripe, our own tables, or this run's earlier days."""

    # Other sessions that orders name, and that Stripe calls paid → their payment, or an empty text.
    paid_sessions: Mapping[str, str] = field(default_factory=dict)
    payers: Mapping[str, str] = field(default_factory=dict)  # other payments that orders name → their paid session
    unknown: Mapping[str, str] = field(default_factory=dict)  # why Stripe did not answer, by session, payment or order
    claims: Mapping[str, str] = field(default_factory=dict)  # order id → the paid session that belongs to it
    doubtful: Mapping[str, str] = field(default_factory=dict)  # the same, where the amounts do not agree
    inserted: Mapping[str, str] = field(default_factory=dict)  # payment → the session that gets its order in this run
    erased: frozenset[str] = frozenset()  # sessions whose customer was erased after they were created


@dataclass(frozen=True, slots=True)
class Match:
    """The orders of one paid session that no order names; `is_settled` where another session has the same payment."""

    orders: tuple[StoredOrder, ...]
    reference: str = ""  # the reference that names the order; empty where the payment is the same
    other_session: str = ""  # another paid session to which the order belongs, so that this one needs its own
    unknown: str = ""  # why nobody knows whether there is such a session
    is_settled: bool = False


class Matcher:
    """Finds the orders of paid sessions among `rows`; `paid_here` are the paid sessions that are decided together."""

    def __init__(self, rows: Iterable[StoredOrder], elsewhere: Elsewhere, paid_here: Iterable[Order] = ()) -> None:
        self._elsewhere = elsewhere
        self._of_session: dict[str, StoredOrder] = {}
        self._of_payment: dict[str | None, list[StoredOrder]] = {}  # never of None
        self._by_id: dict[str, StoredOrder] = {}
        for row in rows:
            self._by_id[row.id] = row
            if row.session_id:
                self._of_session[row.session_id] = row
            if row.payment_intent_id:
                self._of_payment.setdefault(row.payment_intent_id, []).append(row)
        self._here = here = sorted(paid_here, key=lambda order: order.session_id, reverse=True)
        self._paid: dict[str, str | None] = {**elsewhere.paid_sessions}
        self._paid |= {order.session_id: order.payment_intent_id for order in here}
        self._payers = {order.payment_intent_id: order.session_id for order in here if order.payment_intent_id}
        self._payers |= elsewhere.payers

    def of_session(self, session_id: str) -> StoredOrder | None:
        """The order that names the session."""
        return self._of_session.get(session_id)

    def without_session(self, skip: Skip) -> list[StoredOrder]:
        """The orders that name no session, but the payment of an overdue one."""
        payment = skip.overdue.payment_intent_id if skip.overdue else None
        return [order for order in self._of_payment.get(payment, ()) if not order.session_id]

    def has_paid_order(self, payment: str | None) -> bool:
        """Whether orders name the payment, and none of them says that it is unpaid."""
        rows = self._of_payment.get(payment)
        return rows is not None and all(row.status != Status.PENDING for row in rows)

    def has_order(self, verdict: Verdict) -> bool:
        """Whether one of the orders is the session's."""
        is_named = self.of_session(verdict.session_id) is not None
        return is_named or (isinstance(verdict, Order) and self.of_payment_or_reference(verdict) is not None)

    def of_payment_or_reference(self, order: Order) -> Match | None:
        """The order of a paid session that no order names."""
        payment = order.payment_intent_id
        if rows := self._of_payment.get(payment):
            other = self._other(rows[0], order) if len(rows) == 1 else ""
            is_settled = len(rows) == 1 and not other and rows[0].session_id in self._paid
            return Match(tuple(rows), other_session=other, is_settled=is_settled)
        session = self._elsewhere.inserted.get(str(payment))
        if session not in (None, order.session_id):
            planned = StoredOrder(replace(order, session_id=str(session)).id, str(session), payment)
            return Match((planned,), is_settled=True)
        for reference in order.references:
            row = self._by_id.get(reference.value)
            if row and _names(reference, row, order):
                other = self._other(row, order) or self._other_reference(row, order)
                return Match((row,), row.id, other, "" if other else self._unknown(row, order))
        return None

    def referred(self, order: Order, own: StoredOrder) -> list[tuple[StoredOrder, str]]:
        """The orders that the session of `own` refers to besides, each with the other paid session it belongs to."""
        rows = self.named_besides(order, own)
        return [(row, other) for row in rows if (other := self._other(row, order) or self._other_reference(row, order))]

    def named_besides(self, order: Order, own: StoredOrder) -> list[StoredOrder]:
        """The orders that a reference names, where none of them is the session's `own`."""
        if any(reference.value == own.id for reference in order.references):
            return []
        found = ((each, self._by_id.get(each.value)) for each in order.references)
        return [row for each, row in found if row is not None and _names(each, row, order)]

    def nobodys_references(self, order: Order) -> tuple[str, ...]:
        """The values that the shop calls an order, where none of the orders has that id."""
        named = (each.value for each in order.references if each.names_order)
        return tuple(value for value in named if value not in self._by_id)

    def resembling(self, order: Order) -> StoredOrder | None:
        """A pending order of the same amount that a reference names, but with another e-mail address."""
        rows = (self._by_id.get(reference.value) for reference in order.references)
        return next((row for row in rows if row and row.status == Status.PENDING and agrees(row, order)), None)

    def _other(self, row: StoredOrder, order: Order) -> str:
        """Another paid session that the order belongs to."""
        claim = self._elsewhere.claims.get(row.id)
        if claim is None and row.session_id in self._paid:
            claim = row.session_id
        if claim is None and row.payment_intent_id and row.payment_intent_id != order.payment_intent_id:
            claim = self._payers.get(row.payment_intent_id)
        if claim in (None, order.session_id):
            return ""
        is_same = bool(order.payment_intent_id) and self._paid.get(str(claim)) == order.payment_intent_id
        return "" if is_same else str(claim)

    def _other_reference(self, row: StoredOrder, order: Order) -> str:
        """Another paid session that refers to an order which `order` does not fit: one of the two is that order's."""
        if agrees(row, order):
            return ""
        others = [each.session_id for each in self._here if refers_to(each, row) and agrees(row, each)]
        fitting = min((each for each in others if each not in self._of_session), default="")
        other = fitting or self._elsewhere.doubtful.get(row.id, "")
        return "" if other == order.session_id else other

    def _unknown(self, row: StoredOrder, order: Order) -> str:
        if self._elsewhere.claims.get(row.id) == order.session_id:
            return ""
        unknown = self._elsewhere.unknown
        asked = (row.session_id, row.payment_intent_id, row.id)
        return next((unknown[each] for each in asked if each and each in unknown), "")


def refers_to(order: Order, row: StoredOrder) -> bool:
    """Whether a reference of the session of `order` names `row`."""
    return any(_names(reference, row, order) for reference in order.references)


def _names(reference: Reference, row: StoredOrder, order: Order) -> bool:
    return reference.value == row.id and (reference.is_certain or _is_of_customer(row, order))


def _is_of_customer(row: StoredOrder, order: Order) -> bool:
    """Whether the e-mail addresses are the same; of an order without one, whether the amounts are."""
    if not row.customer_email:
        return agrees(row, order)
    return normalised_email(row.customer_email) == normalised_email(order.customer_email)


def agrees(row: StoredOrder, order: Order) -> bool:
    """Whether the order has the amount of the session, perhaps without shipping and tax, or as the customer saw it."""
    amounts = {order.total, order.subtotal} - {None}
    currency = (row.currency or order.currency).lower()
    seen = {(each.amount, each.currency) for each in order.other_prices}
    return row.total is not None and (
        (row.total in amounts and currency == order.currency) or (row.total, currency) in seen
    )
