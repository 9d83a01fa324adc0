"""The shop's orders of several days, read by one question: a quiet month would ask a hundred, one after the other."""

from collections.abc import Collection, Sequence

from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, Verdict
from ordersync_dagster.sync.ports import Store

SESSIONS_PER_LOOKUP = 2000  # their orders are held at once


class ReadAhead:
    """Answers for the days that it has read, as a dry run would see them, and asks the store about all others."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions, self._payments = frozenset[str](), frozenset[str]()
        self._rows: tuple[StoredOrder, ...] = ()

    def read(self, days: Sequence[Sequence[Verdict]]) -> None:
        """Read the orders of `days`, instead of those that were read before; a day alone is asked for when it comes."""
        sessions = [each for day in days for each in day]
        is_worth_it = len(days) > 1 and len(sessions) <= SESSIONS_PER_LOOKUP
        self._sessions = frozenset(each.session_id for each in sessions if is_worth_it)
        self._payments = payments_of(sessions) if is_worth_it else frozenset()
        rows = self._store.orders_of_sessions(self._sessions) if self._sessions else ()
        ids = self._store.order_ids_of_payments(self._payments) if self._payments else frozenset()
        self._rows = (*rows, *self._store.orders(ids - {row.id for row in rows}))

    def orders_of_sessions(self, session_ids: Collection[str]) -> tuple[StoredOrder, ...]:
        """The orders that name these sessions."""
        if not self._sessions.issuperset(session_ids):
            return self._store.orders_of_sessions(session_ids)
        return tuple(row for row in self._rows if row.session_id in session_ids)

    def orders_of_payments(self, payments: Collection[str], known: Collection[str]) -> tuple[StoredOrder, ...]:
        """The orders that name these payments, without those whose ids are `known`."""
        read = (row for row in self._rows if row.payment_intent_id in payments and row.id not in known)
        others = self._store.order_ids_of_payments(frozenset(payments) - self._payments)
        return (*read, *self._store.orders(others.difference(known)))


def payments_of(sessions: Collection[Verdict]) -> frozenset[str]:
    """The payments of paid sessions, of those that cannot be read, and of those whose payment is overdue."""
    overdue = (each.overdue.payment_intent_id for each in sessions if isinstance(each, Skip) and each.overdue)
    paid = (each.payment_intent_id for each in sessions if isinstance(each, Order | SessionProblem))
    return frozenset(payment for payment in (*paid, *overdue) if payment)
