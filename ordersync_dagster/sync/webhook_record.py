"""Every paid session of a period, and who made its order: from Stripe's events and sessions, and the shop's orders.

Stripe keeps events for 30 days. Before that, and where the key may not read events, the sessions have to do: they do
not say when they were paid.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from ordersync_dagster.core.errors import KeyRefusedError
from ordersync_dagster.core.matching import Elsewhere, Matcher
from ordersync_dagster.core.money import whole_minor
from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.paid_events import EVENTS_KEPT, read_paid_event
from ordersync_dagster.core.paid_sessions import Made, MadeOrder, PaidSession
from ordersync_dagster.core.stripe_session import SessionRules, Verdict, read_session
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.ports import PaidCheckouts, Store

PAYMENTS_AT_ONCE = 2000  # whose orders are looked up together


@dataclass(frozen=True, slots=True)
class _Payment:
    order: Order
    at: datetime
    is_exact: bool = True
    is_delayed: bool = False


class WebhookRecord:
    """Reads one period, once; `notes` are sentences for the reader of the result."""

    def __init__(
        self,
        stripe: PaidCheckouts,
        store: Store,
        made_orders: Callable[[str, Collection[str]], Sequence[MadeOrder]],
        rules: SessionRules,
    ) -> None:
        self._stripe, self._store, self._made_orders, self._rules = stripe, store, made_orders, rules
        self.notes: list[str] = []

    def read(self, window: Window, now: datetime) -> Iterator[PaidSession]:
        """The sessions that were paid in `window`, each once. Those of erased customers are left out."""
        some: list[_Payment] = []
        seen: set[str] = set()
        for payment in self._payments(window, now):
            if payment.order.session_id not in seen:
                seen.add(payment.order.session_id)
                some.append(payment)
            if len(some) == PAYMENTS_AT_ONCE:
                yield from self._with_orders(some)
                some = []
        yield from self._with_orders(some)

    def _payments(self, window: Window, now: datetime) -> Iterator[_Payment]:
        horizon = max(window.start, now - EVENTS_KEPT)
        try:
            yield from self._events(horizon, window)
        except KeyRefusedError as error:
            horizon = window.end
            self.notes.append(f"Payments count from the time of their checkout, so nothing is known of delays: {error}")
        if window.start < horizon:
            yield from self._sessions(Window(window.start, min(horizon, window.end)))

    def _events(self, since: datetime, window: Window) -> Iterator[_Payment]:
        if since >= window.end:
            return
        for event in self._stripe.events(int(since.timestamp()), window.end_epoch):
            rules = self._rules.by_clock(self._stripe.ahead)
            paid = read_paid_event(event, rules)
            if paid and paid.at.timestamp() < rules.settled_before:  # the webhook may still be at work
                yield _Payment(paid.order, paid.at, is_delayed=paid.is_delayed)

    def _sessions(self, window: Window) -> Iterator[_Payment]:
        def read(row: object) -> Verdict:
            return read_session(row, self._rules.by_clock(self._stripe.ahead))

        is_noted = bool(self.notes)
        listed = self._stripe.sessions(window, read, with_line_items=False)
        for _, verdicts in chain.from_iterable(listed):
            orders = [each for each in verdicts if isinstance(each, Order)]
            if orders and not is_noted:
                is_noted = True
                self.notes.append(
                    f"Stripe keeps events for 30 days. Payments before {window.end:%Y-%m-%d %H:%M} UTC count from the "
                    "time of their checkout, so outages are less exact there, and nothing is known of delays."
                )
            yield from (_Payment(each, each.created, is_exact=False) for each in orders)
        if unread := sorted(self._stripe.unread_days):
            self.notes.append(f"Stripe did not show all sessions of {', '.join(map(str, unread))}. Run again.")

    def _with_orders(self, payments: Sequence[_Payment]) -> Iterator[PaidSession]:
        made = self._made([each.order for each in payments])
        missing = [each.order for each in payments if each.order.session_id not in made]
        erased = self._store.erased([each.session_id for each in missing], missing) if missing else frozenset()
        for payment in payments:
            if payment.order.session_id not in erased:
                yield _paid_session(payment, made.get(payment.order.session_id))

    def _made(self, orders: Sequence[Order]) -> dict[str, MadeOrder]:
        """By session id: the order that names the session, or has its payment, or is named by its reference."""
        named = self._made_orders("stripe_session_id", [each.session_id for each in orders])
        made = {each.session_id: each for each in named}
        others = dict(self._matched([each for each in orders if each.session_id not in made], orders))
        by_id = {each.id: each for each in self._made_orders("id", set(others.values()))} if others else {}
        return made | {key: by_id[order_id] for key, order_id in others.items() if order_id in by_id}

    def _matched(self, unnamed: Sequence[Order], paid_here: Iterable[Order]) -> Iterator[tuple[str, str]]:
        """Session id and order id; an order that belongs to another paid session is not this one's."""
        if not unnamed:
            return
        payments = {each.payment_intent_id for each in unnamed if each.payment_intent_id}
        references = {reference.value for each in unnamed for reference in each.references}
        ids = self._store.order_ids_of_payments(payments) | references if payments else references
        matcher = Matcher(self._store.orders(ids) if ids else (), Elsewhere(), paid_here)
        for order in unnamed:
            match = matcher.of_payment_or_reference(order)
            if match and not match.other_session:
                yield order.session_id, match.orders[0].id


def _paid_session(payment: _Payment, order: MadeOrder | None) -> PaidSession:
    return PaidSession(
        session_id=payment.order.session_id,
        paid_at=payment.at,
        created=payment.order.created,
        amount=whole_minor(payment.order.total, payment.order.currency),
        currency=payment.order.currency,
        made=order.made if order else Made.MISSING,
        made_at=order.made_at if order else None,
        is_exact=payment.is_exact,
        is_delayed=payment.is_delayed,
    )
