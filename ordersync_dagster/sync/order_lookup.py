"""The shop's orders of some sessions: those that name the session, its payment, or are named by its reference."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ordersync_dagster.core.decide_sessions import SessionDay
from ordersync_dagster.core.errors import KeyRefusedError, VendorError, VendorUnavailableError
from ordersync_dagster.core.matching import Elsewhere, Matcher, agrees, refers_to
from ordersync_dagster.core.orders import Order, Status, StoredOrder
from ordersync_dagster.core.payment_problems import SAME_PURCHASE_WITHIN
from ordersync_dagster.core.payment_state import payment_state
from ordersync_dagster.core.pieces import Around, Piece
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.privacy import normalised_email
from ordersync_dagster.core.reversals import Reversals
from ordersync_dagster.core.stripe_session import SessionProblem, Verdict, paid_session
from ordersync_dagster.core.stripe_session_fields import id_of
from ordersync_dagster.sync.ports import Sessions, Store
from ordersync_dagster.sync.read_ahead import ReadAhead, payments_of

T = TypeVar("T")


class OrderLookup:
    """Serves one run, whose days come newest first, and keeps what its later days have to know."""

    def __init__(
        self,
        stripe: Sessions,
        store: Store,
        read: Callable[[object], Verdict],
        reversals: Callable[[Iterable[Order]], Reversals],
    ) -> None:
        self._stripe, self._store, self._read, self._reversals = stripe, store, read, reversals
        self._ahead = ReadAhead(store)
        self.read_ahead = self._ahead.read
        self._asked: set[str] = set()  # sessions and payments that orders name, and that nobody decides now
        self._paid: dict[str, str] = {}  # the sessions that are paid → their payment, or an empty text
        self._payers: dict[str, str] = {}  # payments that orders name → the paid session
        self._unknown: dict[str, str] = {}  # sessions and payments for which Stripe gave no answer, and why
        self._away = ""  # why Stripe is not asked any more
        self._claims: dict[str, str] = {}
        self._doubtful: dict[str, str] = {}  # as in `Elsewhere`
        self._inserted: dict[str, str] = {}
        self._statuses: dict[tuple[str, str], str] = {}  # (order id, status before) → status that this run gives it
        self.taken_back: dict[str, Collection[str]] = {}  # as in `SessionDay`, of all days
        self.next_day = Around()  # paid sessions at the beginning of the day after

    def of_sessions(self, day: SessionDay) -> tuple[StoredOrder, ...]:
        """The orders that name the sessions of `day`."""
        return self._as_planned(self._ahead.orders_of_sessions({each.session_id for each in day.sessions}))

    def _as_planned(self, rows: Sequence[StoredOrder]) -> tuple[StoredOrder, ...]:
        """`rows` with the status that the newer days of this run give them, which a dry run has not written."""
        after = self._statuses
        return tuple(
            replace(row, status=after[row.id, row.status]) if (row.id, row.status) in after else row for row in rows
        )

    def load(self, day: SessionDay, of_sessions: tuple[StoredOrder, ...]) -> tuple[tuple[StoredOrder, ...], Elsewhere]:
        """All orders to compare the sessions of `day` with; `of_sessions` are those that name them."""
        orders = [each for each in day.sessions if isinstance(each, Order)]
        known = {order.id for order in of_sessions}
        of_payments = self._ahead.orders_of_payments(payments_of(day.sessions), known)
        own = {row.session_id: row for row in of_sessions}
        references = {each.value for order in orders for each in order.references if not _is_own(order, own)}
        found = self._as_planned((*of_payments, *self._store.orders(references - known)))
        others = {row.id: row for row in found}
        rows = (*of_sessions, *(row for key, row in sorted(others.items()) if key not in known))
        self._ask_for_others(orders, own, rows)
        known_now = dict(self._payers), dict(self._unknown), dict(self._claims), dict(self._doubtful)
        return rows, Elsewhere(dict(self._paid), *known_now, self._inserted, self._erased(day, orders))

    def _ask_for_others(
        self, here: Collection[Order], own: Mapping[str, StoredOrder], rows: Iterable[StoredOrder]
    ) -> None:
        """Ask Stripe whether orders that sessions of `here` may pay, and that are not their `own`, are paid already."""
        matcher, decided = Matcher(rows, Elsewhere()), {order.session_id for order in here}
        for order in here:
            match = None if order.session_id in own else matcher.of_payment_or_reference(order)
            besides = matcher.named_besides(order, own[order.session_id]) if order.session_id in own else ()
            for row in match.orders if match else besides:
                if row.session_id and row.session_id not in decided:
                    self._ask(row.session_id, lambda key: [self._stripe.session(key)])
                if row.payment_intent_id not in (None, "", order.payment_intent_id):
                    self._ask(str(row.payment_intent_id), self._stripe.sessions_of_payment)
                if (match is None or match.reference) and self._was_only_tried(row, decided):
                    self._claim_for_first(row, order)

    def _was_only_tried(self, row: StoredOrder, decided: Collection[str]) -> bool:
        """Whether `row` names a session or a payment, and Stripe calls none of them paid, as it calls `decided`."""
        keys = {row.session_id, row.payment_intent_id} - {"", None}
        return bool(keys) and row.session_id not in decided and keys.isdisjoint(self._paid | self._payers.keys())

    def _claim_for_first(self, row: StoredOrder, order: Order) -> None:
        """Keep the first payment that the reference of `order` had: `row` is that one's, of whatever day it is."""
        if row.id not in self._claims:
            paid = self._answer(row.id, lambda: self._payments_for(row, order))
            if any(each.session_id != order.session_id for each in paid):
                self._claims[row.id] = min(paid, key=lambda each: (each.created, each.session_id)).session_id

    def _payments_for(self, row: StoredOrder, order: Order) -> list[Order]:
        """The payments that refer to `row` and fit it, without those that have an order of their own.

        The customer of `order` made them, or the customer of `row`, who may have paid with another e-mail address.
        """
        emails = {normalised_email(each): each for each in (row.customer_email, order.customer_email) if each}
        listed = (self._read(each) for email in emails.values() for each in self._stripe.sessions_of_customer(email))
        orders = [each for each in listed if isinstance(each, Order) and refers_to(each, row) and agrees(row, each)]
        named = {each.session_id for each in self._store.orders_of_sessions([each.session_id for each in orders])}
        found = self._reversals(orders)
        return [each for each in orders if each.session_id not in named and payment_state(each, found).is_kept]

    def _erased(self, day: SessionDay, orders: Sequence[Order]) -> frozenset[str]:
        """The sessions of customers who were erased; Stripe may have erased theirs, so that they cannot be read."""
        unread = [each for each in day.sessions if isinstance(each, SessionProblem)]
        payments = {each.session_id: each.payment_intent_id for each in unread if each.payment_intent_id}
        names = [each.session_id for each in unread] + [each.session_id for each in orders] + [*payments.values()]
        found = self._store.erased(names, orders)
        return found.union(session_id for session_id, payment in payments.items() if payment in found)

    def find_taken_back(self, orders: Iterable[Order], rows: Iterable[StoredOrder]) -> None:
        """Find the Printful ids that runs of ours gave to `rows`, which lack one that the session of `orders` names."""
        named = {order.session_id for order in orders if order.printful_order_id}
        lacking = [row.id for row in rows if row.session_id in named and not row.printful_order_id]
        if lacking:
            self.taken_back = {**self.taken_back, **self._store.printful_ids_given(lacking)}

    def find_refunds_taken_back(self, plan: Plan) -> bool:
        """Find the orders that `plan` sets to refunded, as a run of ours did before: somebody took that back."""
        refunded = [each.seen.id for each in plan.completions if each.completed.status == Status.REFUNDED]
        again = self._store.once_refunded(refunded) if refunded else frozenset[str]()
        more = {key: (*self.taken_back.get(key, ()), str(Status.REFUNDED)) for key in again}
        self.taken_back = {**self.taken_back, **more}
        return bool(again)

    def _ask(self, key: str, read: Callable[[str], Sequence[Mapping[str, Any] | None]]) -> None:
        """Ask Stripe for a session, or for the sessions of a payment."""
        paid = self._answer(key, lambda: [session for session in read(key) if session and paid_session(session)])
        self._paid |= {str(session["id"]): id_of(session.get("payment_intent")) or "" for session in paid}
        if paid and paid[0]["id"] != key:
            self._payers[key] = str(paid[0]["id"])

    def _answer(self, key: str, ask: Callable[[], list[T]]) -> list[T]:
        """Stripe's answer to `ask`, once in a run for each key; not again after Stripe was away."""
        if key in self._asked or self._away:
            self._unknown.update({} if key in self._asked else {key: self._away})
            return []
        self._asked.add(key)
        try:
            return ask()
        except (VendorError, KeyRefusedError) as error:
            self._unknown[key] = str(error)
            self._away = str(error) if isinstance(error, VendorUnavailableError) else ""
            return []

    def keep(self, piece: Piece) -> None:
        """Keep the claims of a decided piece for the pieces and days after it."""
        self._claims |= piece.claims
        self._doubtful |= piece.doubtful
        self._inserted |= piece.inserted
        updates = ((each.seen, each.completed.status) for each in piece.plan.completions)
        self._statuses |= {(seen.id, seen.status): status for seen, status in updates if seen.status != status}

    def end_day(self, pieces: Sequence[Piece], around: Around, start: int) -> None:
        """Keep the paid sessions of the first hour of a day that begins at `start`, for the day before it."""
        end = start + SAME_PURCHASE_WITHIN
        near = tuple(paid for piece in pieces for paid in piece.paid if paid.created <= end)
        left = (each for each in around.purchases(pieces) if around.leaves(each)) if around.leaves_before else ()
        self.next_day = Around(near, tuple(paid for purchase in left for paid in purchase))


def _is_own(order: Order, own: Mapping[str, StoredOrder]) -> bool:
    """Whether a reference of the session names the session's own order."""
    row = own.get(order.session_id)
    return row is not None and any(each.value == row.id for each in order.references)
