"""The shop's orders of some sessions: those that name the session, its payment, or are named by its reference."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time

from ordersync_dagster.core.decide_sessions import Piece, SessionDay
from ordersync_dagster.core.errors import VendorError
from ordersync_dagster.core.matching import Elsewhere, Matcher
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.core.payment_problems import SAME_PURCHASE_WITHIN, Paid
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, is_paid
from ordersync_dagster.sync.ports import Sessions, Store


class OrderLookup:
    """Serves one run, whose days come newest first, and keeps what its later days have to know."""

    def __init__(self, stripe: Sessions, store: Store) -> None:
        self._stripe, self._store = stripe, store
        self._asked: set[str] = set()  # sessions that orders name and that are not among those to decide
        self._paid: set[str] = set()  # those of them that are paid
        self._unknown: dict[str, str] = {}  # those for which Stripe gave no answer, and why
        self._claims: dict[str, str] = {}
        self.taken_back: dict[str, Collection[str]] = {}  # order id → Printful ids that it had by us, of all days
        self.next_day: tuple[Paid, ...] = ()  # paid sessions at the beginning of the day after

    def of_sessions(self, day: SessionDay) -> tuple[StoredOrder, ...]:
        """The orders that name the sessions of `day`."""
        return self._store.orders_of_sessions([each.session_id for each in day.sessions])

    def load(self, day: SessionDay, of_sessions: tuple[StoredOrder, ...]) -> tuple[tuple[StoredOrder, ...], Elsewhere]:
        """All orders to compare the sessions of `day` with; `of_sessions` are those that name them."""
        orders = [each for each in day.sessions if isinstance(each, Order)]
        known = {order.id for order in of_sessions}
        payments = {each.payment_intent_id for each in orders if each.payment_intent_id} | _overdue_payments(day)
        of_payments = self._store.orders(self._store.order_ids_of_payments(payments) - known)
        named = {order.session_id for order in of_sessions}
        references = {each.value for order in orders if order.session_id not in named for each in order.references}
        others = (*of_payments, *self._store.orders(references - known - {order.id for order in of_payments}))
        matcher = Matcher(others, Elsewhere())
        matches = [matcher.of_payment_or_reference(order) for order in orders if order.session_id not in named]
        rows = [row for match in matches if match for row in match.orders if row.session_id]
        self._ask({row.session_id for row in rows} - {each.session_id for each in orders})
        paid, unknown, claims = frozenset(self._paid), dict(self._unknown), dict(self._claims)
        return (*of_sessions, *others), Elsewhere(paid, unknown, claims, self._erased(day, orders))

    def _erased(self, day: SessionDay, orders: Sequence[Order]) -> frozenset[str]:
        """The sessions of customers who were erased; Stripe may have erased theirs, so that they cannot be read."""
        unread = [each.session_id for each in day.sessions if isinstance(each, SessionProblem)]
        return self._store.erased([*unread, *(each.session_id for each in orders)], orders)

    def find_taken_back(self, orders: Iterable[Order], rows: Iterable[StoredOrder]) -> None:
        """Find the Printful ids that runs of ours gave to `rows`, which lack one that the session of `orders` names."""
        named = {order.session_id for order in orders if order.printful_order_id}
        lacking = [row.id for row in rows if row.session_id in named and not row.printful_order_id]
        if lacking:
            self.taken_back = {**self.taken_back, **self._store.printful_ids_given(lacking)}

    def _ask(self, session_ids: set[str]) -> None:
        """Ask Stripe whether these sessions are paid, each once in a run."""
        for session_id in sorted(session_ids - self._asked):
            self._asked.add(session_id)
            try:
                if is_paid(self._stripe.session(session_id)):
                    self._paid.add(session_id)
            except VendorError as error:
                self._unknown[session_id] = str(error)

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
