"""Stripe's lists of refunds, disputes and invoice payments: each is read at most once in a run, and only if needed."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain

from ordersync_dagster.core.errors import KeyRefusedError, UnreadListError, VendorAnswerError
from ordersync_dagster.core.late_payment import read_late_payments
from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.reversals import (
    Reversals,
    names_payment,
    payment_intent_of,
    read_invoice_payments,
    read_reversals,
)
from ordersync_dagster.sync.ports import Sessions

ANY_TIME = 2**37  # Unix seconds; no session is from later


@dataclass(slots=True)
class Payments:
    """The states of the payments of a window, which starts at `since` (Unix seconds)."""

    stripe: Sessions
    since: int
    found: Reversals = Reversals()
    decided: set[str] = field(default_factory=set)  # payments of this window's sessions that went back or are disputed
    _is_read: bool = False
    _delayed: Mapping[str, int] | None = None  # session id → when it was paid, in Unix seconds
    _are_invoices_read: bool = False
    _unread_until: int = 0  # Unix seconds; rows from before may be missing

    def of_invoices(self, orders: Iterable[Order]) -> dict[str, str | None]:
        """By session id: the payment intents of the invoices that these orders name, as far as they are known."""
        named = [each for each in orders if each.invoice_id and each.total > 0]
        if named:
            self._read_invoices()
        return {each.session_id: payment_intent_of(each.invoice_id, self.found) for each in named}

    def reversals(self, live: Iterable[Order]) -> Reversals:
        """What went back, as far as these orders need it: each is to be added, or says that it is paid."""
        costly = [each for each in live if each.total > 0]
        if costly and not self._is_read:
            self._is_read = True
            refunds, disputes = self.stripe.refunds(self.since), self.stripe.disputes(self.since)
            read = read_reversals(self._shown(refunds), self._shown(disputes))
            self.found = replace(read, of_invoice=self.found.of_invoice, unread_until=self._unread_until)
        if any(each.invoice_id and not each.payment_intent_id for each in costly):
            self._read_invoices()
        return self.found

    def reversals_of(self, orders: Iterable[Order]) -> Reversals:
        """The same of sessions of any time: what went back before the window is asked for, payment by payment."""
        of_any_time = list(orders)
        found = self.reversals(of_any_time)
        older = (each for each in of_any_time if each.created.timestamp() < self.since)
        payments = sorted({each.payment_intent_id for each in older if each.payment_intent_id})
        refunds = chain.from_iterable(self._shown(self.stripe.refunds_of(each)) for each in payments)
        disputes = chain.from_iterable(self._shown(self.stripe.disputes_of(each)) for each in payments)
        return found.completed_by(read_reversals(refunds, disputes))

    def decide(self, orders: Iterable[Order]) -> None:
        """These sessions of the window are decided with what was read until now."""
        named = (each.payment_intent_id or "" for each in orders)
        self.decided.update(payment for payment in named if self.found.concern(payment))

    @property
    def undecided(self) -> frozenset[str]:
        """Those that no session of the days until now has."""
        return self.found.payments - self.decided

    def delayed(self) -> Mapping[str, int]:
        """Session id → when its payment came, in Unix seconds, of payments that came after their checkout."""
        if self._delayed is None:
            self._delayed = read_late_payments(_as_far_as_shown(self.stripe.delayed_payments(self.since)))
        return self._delayed

    @property
    def known_delayed(self) -> Mapping[str, int]:
        """The same, as far as they were asked for."""
        return self._delayed or {}

    def may_lack(self, orders: Iterable[Order]) -> bool:
        """Whether something was not read that may be of the payment of one of `orders`."""
        return any(each.total > 0 and each.created.timestamp() < self._unread_until for each in orders)

    def _shown(self, rows: Iterable[object]) -> Iterator[object]:
        """A row without a payment may be of any, so it counts as all rows that were not shown."""
        try:
            for row in rows:
                if not names_payment(row):
                    self._unread_until = ANY_TIME
                yield row
        except UnreadListError as error:
            self._keep_unread(error)

    def _keep_unread(self, error: UnreadListError) -> None:
        self._unread_until = max(self._unread_until, error.until)

    def _read_invoices(self) -> None:
        if self._are_invoices_read:
            return
        self._are_invoices_read = True
        try:
            of_invoice = read_invoice_payments(self.stripe.invoice_payments(self.since))
        except UnreadListError as error:
            self._keep_unread(error)
            return
        except (KeyRefusedError, VendorAnswerError):  # the reader has warned
            return
        self.found = replace(self.found, of_invoice=of_invoice)


def _as_far_as_shown(rows: Iterable[object]) -> Iterator[object]:
    """A late payment that Stripe does not show stays unsaid."""
    with suppress(UnreadListError):
        yield from rows
