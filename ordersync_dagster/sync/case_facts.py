"""Asks both vendors and the database about one case; a handful of requests."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ordersync_dagster.core.delivery import FULFILLED, RawParcels
from ordersync_dagster.core.explanation import Case, Facts, RawLookup, RowPast
from ordersync_dagster.core.orders import Order, as_stored
from ordersync_dagster.core.payment_problems import SAME_PURCHASE_WITHIN
from ordersync_dagster.core.printful_order_fields import text_of
from ordersync_dagster.core.reversals import read_invoice_payments
from ordersync_dagster.core.stripe_session import SessionRules, read_session
from ordersync_dagster.core.stripe_session_fields import id_of, printful_order_id_of
from ordersync_dagster.core.unlinked import Unlinked, is_unlinked
from ordersync_dagster.sync.asking import Asking
from ordersync_dagster.sync.cases import EXTERNAL_ID
from ordersync_dagster.sync.lookups import OrderLookups, PrintfulLookups, SessionLookups
from ordersync_dagster.sync.ports import PrintfulParcels

_MOST_TWINS = 5


@dataclass(frozen=True, slots=True)
class FactFinder:
    """Everything that a run would know of one case; a vendor that does not answer leaves its part empty."""

    shop: OrderLookups
    stripe: SessionLookups
    printful: PrintfulLookups | None
    rules: SessionRules
    link_by: str | None
    asking_stripe: Asking
    asking_printful: Asking
    parcels: PrintfulParcels | None = None

    def of(self, case: Case) -> Facts:
        session, twins = self._sessions(case)
        rows = [each for each in (session, *twins) if each]
        invoices = [invoice for row in rows if (invoice := id_of(row.get("invoice")))]
        paid_by = [row for each in invoices for row in self._rows(self.stripe.payments_of_invoice, each)]
        payments = sorted(self._payments(case, rows, paid_by))
        printful, named = self._printful_orders(case, session)
        return Facts(
            case,
            session,
            twins,
            refunds=[row for each in payments for row in self._rows(self.stripe.refunds_of, each)],
            disputes=[row for each in payments for row in self._rows(self.stripe.disputes_of, each)],
            invoice_payments=paid_by,
            printful=printful,
            named=named,
            past=self.shop.past(case.order.id) if case.order else RowPast(),
            parcels=self._parcels([*printful.values(), *named]),
        )

    def _rows(self, ask: Callable[[str], Iterable[object]], key: str) -> list[object]:
        return self.asking_stripe.many(lambda: ask(key))

    def _sessions(self, case: Case) -> tuple[Mapping[str, Any] | None, list[Mapping[str, Any]]]:
        """The session, and those of the same customer within an hour, which may be a second payment."""
        if not case.session_id:
            return None, []
        session = self.asking_stripe.one(lambda: self.stripe.session(case.session_id), None)
        order = read_session(session, self.rules) if session else None
        if session is None or not isinstance(order, Order):
            return session, []
        email, at = order.customer_email, order.created.timestamp()
        listed = self.asking_stripe.many(lambda: self.stripe.sessions_of_customer(email))
        twins = [row for row in listed if row.get("id") != case.session_id and _is_near(row, at)]
        return session, twins[:_MOST_TWINS]

    def _payments(self, case: Case, rows: list[Mapping[str, Any]], paid_by: list[object]) -> Iterator[str]:
        """The payments of the sessions, each once."""
        found = {payment for row in rows if (payment := id_of(row.get("payment_intent")))}
        found.update(*read_invoice_payments(paid_by).values())
        own = case.order.payment_intent_id if case.order else None
        yield from found | ({own} if own and own.startswith("pi_") else set())

    def _printful_orders(
        self, case: Case, session: Mapping[str, Any] | None
    ) -> tuple[dict[str, RawLookup], list[Mapping[str, Any]]]:
        metadata = session.get("metadata") if session else None
        noted = printful_order_id_of(metadata) if isinstance(metadata, Mapping) else None
        ids = sorted({each for each in (case.printful_id, noted) if each})
        answers = dict(self._asked(ids))
        if ids or session is None:
            return answers, []
        names = [f"@{name}" for name in sorted(self._names(case, session)) if EXTERNAL_ID.fullmatch(name)]
        return answers, [answer for _, answer in self._asked(names) if isinstance(answer, Mapping)]

    def _parcels(self, orders: Iterable[object]) -> dict[str, RawParcels]:
        """The parcels of those Printful orders that were sent."""
        rows = [each for each in orders if isinstance(each, Mapping) and each.get("status") == FULFILLED]
        ids = sorted({name for each in rows if (name := text_of(each.get("id")))})
        port = self.parcels
        answers = self.asking_printful.many(lambda: port.parcels(ids)) if port and ids else []
        for _, answer in answers:
            self.asking_printful.note(answer)
        return dict(answers)

    def _names(self, case: Case, session: Mapping[str, Any]) -> frozenset[str]:
        """The names that Printful's order may carry, where the order waits for one."""
        order = read_session(session, self.rules)
        row = case.order or (as_stored(order) if isinstance(order, Order) else None)
        if not isinstance(order, Order) or row is None or not is_unlinked(row):
            return frozenset()
        return Unlinked(row, order).names(self.link_by)

    def _asked(self, names: list[str]) -> list[tuple[str, RawLookup]]:
        printful = self.printful
        if printful is None or not names:
            return []
        answers = self.asking_printful.many(lambda: printful.one_by_one(names))
        for _, answer in answers:
            self.asking_printful.note(answer)
        return answers


def _is_near(row: Mapping[str, Any], at: float) -> bool:
    created = row.get("created")
    return type(created) is int and abs(created - at) <= SAME_PURCHASE_WITHIN
