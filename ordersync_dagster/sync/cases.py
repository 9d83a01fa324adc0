"""Which orders, sessions and Printful orders an id or an e-mail address means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ordersync_dagster.core.explanation import Case
from ordersync_dagster.core.orders import UNNUMBERED, StoredOrder
from ordersync_dagster.core.printful_order_fields import external_id, text_of
from ordersync_dagster.core.stripe_session_fields import id_of
from ordersync_dagster.sync.asking import Asking
from ordersync_dagster.sync.lookups import OrderLookups, PrintfulLookups, SessionLookups

SESSION, PAYMENT = "cs_", "pi_"  # begin Stripe's ids
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")  # what Printful takes as external_id
_Row = Mapping[str, Any]


@dataclass(slots=True)
class CaseFinder:
    """Every record of the case; a vendor that does not answer is left out."""

    shop: OrderLookups
    stripe: SessionLookups
    printful: PrintfulLookups | None
    asking_stripe: Asking
    asking_printful: Asking
    orders: dict[str, StoredOrder] = field(default_factory=dict)
    sessions: dict[str, _Row] = field(default_factory=dict)
    printful_orders: dict[str, _Row] = field(default_factory=dict)

    def of_email(self, email: str) -> list[Case]:
        """Every order and every session of an e-mail address."""
        self._keep(self.shop.of_email(email))
        self._keep_sessions(self.asking_stripe.many(lambda: self.stripe.sessions_of_customer(email)))
        return self._cases()

    def of_name(self, name: str) -> list[Case]:
        """Every order with this id, of this session or payment, or with this Printful id."""
        name = name.removeprefix(UNNUMBERED)
        if name.startswith(SESSION):
            self._add_session(name)
        elif name.startswith(PAYMENT):
            self._add_payment(name)
        else:
            self._keep(self.shop.of_order(name))
            self._keep(self.shop.of_printful(name))
            self._add_printful(name)
        return self._cases()

    def _add_session(self, session_id: str) -> None:
        self._keep(self.shop.of_session(session_id))
        found = self.asking_stripe.one(lambda: self.stripe.session(session_id), None)
        self._keep_sessions([found] if found else [])

    def _add_payment(self, payment: str) -> None:
        self._keep(self.shop.of_payment(payment))
        self._keep_sessions(self.asking_stripe.many(lambda: self.stripe.sessions_of_payment(payment)))

    def _add_printful(self, name: str) -> None:
        """A number is a Printful id; any other name may be an `external_id`."""
        asked = name if name.isascii() and name.isdigit() else f"@{name}"
        if self.printful is None or not EXTERNAL_ID.fullmatch(name) or (asked[0] == "@" and self.orders):
            return
        printful = self.printful
        for _, answer in self.asking_printful.many(lambda: printful.one_by_one([asked])):
            if not self.orders:  # else it is perhaps no Printful id at all
                self.asking_printful.note(answer)
            printful_id = text_of(answer.get("id")) if isinstance(answer, Mapping) else None
            if isinstance(answer, Mapping) and printful_id:
                self.printful_orders[printful_id] = answer
                self._keep(self.shop.of_printful(printful_id))
                self._add_named(external_id(answer))

    def _add_named(self, external: str | None) -> None:
        if external and external.startswith(PAYMENT):
            self._add_payment(external)
        elif external:
            self._keep(self.shop.of_order(external))

    def _keep(self, orders: Sequence[StoredOrder]) -> None:
        self.orders |= {order.id: order for order in orders}

    def _keep_sessions(self, sessions: Sequence[_Row]) -> None:
        for session in sessions:
            self.sessions[str(session.get("id"))] = session
            payment = id_of(session.get("payment_intent"))
            self._keep(self.shop.of_payment(payment) if payment else ())
            self._keep(self.shop.of_session(str(session.get("id"))))

    def _cases(self) -> list[Case]:
        of_orders = [Case(each, self._session_of(each), each.printful_order_id or "") for each in self.orders.values()]
        named = {case.session_id for case in of_orders}
        alone = [Case(None, session_id) for session_id in self.sessions if session_id not in named]
        made = {case.printful_id for case in of_orders}
        external = {external_id(row) for row in self.printful_orders.values()} - {None}
        is_of_order = any(external & {order.id, order.payment_intent_id} for order in self.orders.values())
        orphans = [key for key in self.printful_orders if key not in made and not is_of_order and not alone]
        return [*of_orders, *alone, *(Case(None, "", key) for key in orphans)]

    def _session_of(self, order: StoredOrder) -> str:
        """The order's own session, else one that has its payment."""
        if order.session_id or not order.payment_intent_id:
            return order.session_id
        payment = order.payment_intent_id
        of_payment = [key for key, row in self.sessions.items() if id_of(row.get("payment_intent")) == payment]
        if not of_payment:
            rows = self.asking_stripe.many(lambda: self.stripe.sessions_of_payment(payment))
            of_payment = [str(row.get("id")) for row in rows]
        return next(iter(of_payment), "")
