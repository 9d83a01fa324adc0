"""Ports of a run that note each record as a small row, so that the report need not ask for it again."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.seen import (
    SeenOrder,
    SeenPrintfulOrder,
    SeenSession,
    seen_order,
    seen_printful_order,
    seen_session,
)
from ordersync_dagster.core.stripe_session import Verdict
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.ports import PrintfulOrders, Sessions, Store

# All fields of refunds, disputes and payments of invoices that anybody reads.
_KEPT = ("id", "status", "amount", "currency", "payment_intent", "charge", "balance_transactions", "invoice", "payment")


@dataclass(slots=True)
class Notes:
    """The records that the ports gave out. Several threads read pages; each row is one assignment."""

    sessions: dict[str, SeenSession] = field(default_factory=dict)
    orders: dict[str, SeenOrder] = field(default_factory=dict)  # of the sessions' side of the run
    printful_orders: dict[str, SeenPrintfulOrder] = field(default_factory=dict)
    lists: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)  # refunds, disputes, payments of invoices
    is_at_printful: bool = False  # from then on orders of all times are loaded

    def listed(self, name: str, rows: Iterable[object]) -> Iterator[object]:
        """`rows`, noted under `name` while they are read."""
        kept = self.lists.setdefault(name, [])
        for row in rows:
            if isinstance(row, Mapping):
                kept.append({key: row[key] for key in _KEPT if key in row})
            yield row


class _Noting:
    """Passes everything on that it does not note."""

    def __init__(self, port: object, notes: Notes) -> None:
        self._port: Any = port
        self._notes = notes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


class NotedSessions(_Noting):
    """Stripe."""

    def sessions(
        self, window: Window, read: Callable[[object], Verdict], *, with_line_items: bool
    ) -> Iterator[list[tuple[date, list[Verdict]]]]:
        """As the port; each row is noted with what `read` makes of it."""

        def noted(row: object) -> Verdict:
            verdict = read(row)
            if seen := seen_session(row, verdict):
                self._notes.sessions[seen.session_id] = seen
            return verdict

        port: Sessions = self._port
        return port.sessions(window, noted, with_line_items=with_line_items)

    def refunds(self, since: int) -> Iterable[object]:
        return self._notes.listed("refunds", self._port.refunds(since))

    def disputes(self, since: int) -> Iterable[object]:
        return self._notes.listed("disputes", self._port.disputes(since))

    def invoice_payments(self, since: int) -> Iterable[object]:
        return self._notes.listed("invoice_payments", self._port.invoice_payments(since))


class NotedPrintful(_Noting):
    """Printful."""

    def orders(
        self, ids: Collection[str], since: int | None = None, if_listed: Collection[str] = ()
    ) -> Iterator[tuple[str, Mapping[str, Any] | Missing | NotAsked]]:
        """As the port; each answer is noted."""
        self._notes.is_at_printful = True
        port: PrintfulOrders = self._port
        for printful_id, answer in port.orders(ids, since, if_listed):
            self._notes.printful_orders[printful_id] = seen_printful_order(printful_id, answer)
            yield printful_id, answer


class NotedStore(_Noting):
    """The shop's database."""

    def orders_of_sessions(self, session_ids: Collection[str]) -> tuple[StoredOrder, ...]:
        return self._noted(self._port.orders_of_sessions(session_ids))

    def orders(self, order_ids: Collection[str]) -> tuple[StoredOrder, ...]:
        return self._noted(self._port.orders(order_ids))

    def _noted(self, orders: tuple[StoredOrder, ...]) -> tuple[StoredOrder, ...]:
        if not self._notes.is_at_printful:
            self._notes.orders.update((each.id, seen_order(each)) for each in orders)
        return orders


def noting(
    stripe: Sessions, printful: PrintfulOrders | None, store: Store, notes: Notes
) -> tuple[Sessions, PrintfulOrders | None, Store]:
    """The same three ports, which note each record."""
    noted = NotedPrintful(printful, notes) if printful is not None else None
    return NotedSessions(stripe, notes), noted, NotedStore(store, notes)
