"""The shop's orders of some sessions: those that name the session, its payment, or are named by its reference."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time

from ordersync_dagster.core.decide_sessions import Piece, SessionDay
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.core.payment_problems import SAME_PURCHASE_WITHIN, Paid
from ordersync_dagster.core.stripe_session import Skip, is_paid
from ordersync_dagster.sync.ports import Sessions, Store


class OrderLookup:
    """Serves one run, whose days come newest first, and keeps what its later days have to know."""

    def __init__(self, stripe: Sessions, store: Store) -> None:
        self._stripe, self._store = stripe, store
        self._is_paid: dict[str, bool] = {}  # by session id, of those that Stripe was asked for
        self._claims: dict[str, str] = {}
        self.next_day: tuple[Paid, ...] = ()  # paid sessions at the beginning of the day after

    def load(self, day: SessionDay) -> tuple[tuple[StoredOrder, ...], Elsewhere]:
        """The orders to compare the sessions of `day` with."""
        orders = [each for each in day.sessions if isinstance(each, Order)]
        of_sessions = self._store.orders_of_sessions([each.session_id for each in day.sessions])
        known = {order.id for order in of_sessions}
        payments = {each.payment_intent_id for each in orders if each.payment_intent_id} | _overdue_payments(day)
        of_payments = self._store.orders(self._store.order_ids_of_payments(payments) - known)
        named = {order.session_id for order in of_sessions}
        references = {each.value for order in orders if order.session_id not in named for each in order.references}
        others = (*of_payments, *self._store.orders(references - known - {order.id for order in of_payments}))
        paid = self._paid_sessions(others, {each.session_id for each in orders})
        return (*of_sessions, *others), Elsewhere(paid, dict(self._claims))

    def _paid_sessions(self, rows: Iterable[StoredOrder], here: set[str]) -> frozenset[str]:
        """The sessions that `rows` name and that Stripe calls paid; those of `here` need no question."""
        asked = {row.session_id for row in rows if row.session_id} - here
        for session_id in sorted(asked - self._is_paid.keys()):
            self._is_paid[session_id] = is_paid(self._stripe.session(session_id))
        return frozenset(session_id for session_id in asked if self._is_paid[session_id])

    def keep(self, piece: Piece) -> None:
        """Keep the claims of a decided piece for the pieces and days after it."""
        self._claims |= piece.claims

    def end_day(self, day: date, pieces: Sequence[Piece]) -> None:
        """Keep the paid sessions of the first hour of `day`, for the day before it."""
        end = datetime.combine(day, time(), UTC).timestamp() + SAME_PURCHASE_WITHIN
        self.next_day = tuple(paid for piece in pieces for paid in piece.paid if paid.created <= end)


def _overdue_payments(day: SessionDay) -> set[str]:
    overdue = [each.overdue for each in day.sessions if isinstance(each, Skip) and each.overdue]
    return {each.payment_intent_id for each in overdue if each.payment_intent_id}
