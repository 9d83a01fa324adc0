"""Stripe's lists of refunds, disputes and invoice payments: each is read at most once in a run, and only if needed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ordersync_dagster.core.errors import KeyRefusedError, VendorAnswerError
from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.reversals import Reversals, payment_intent_of, read_invoice_payments, read_reversals
from ordersync_dagster.sync.ports import Sessions


@dataclass(slots=True)
class Payments:
    """What became of the payments of a window, which starts at `since` (Unix seconds)."""

    stripe: Sessions
    since: int
    found: Reversals = Reversals()
    _is_read: bool = False
    _are_invoices_read: bool = False

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
            read = read_reversals(self.stripe.refunds(self.since), self.stripe.disputes(self.since))
            self.found = replace(read, of_invoice=self.found.of_invoice)
        if any(each.invoice_id and not each.payment_intent_id for each in costly):
            self._read_invoices()
        return self.found

    def _read_invoices(self) -> None:
        if self._are_invoices_read:
            return
        self._are_invoices_read = True
        try:
            of_invoice = read_invoice_payments(self.stripe.invoice_payments(self.since))
        except (KeyRefusedError, VendorAnswerError):  # the reader has warned
            return
        self.found = replace(self.found, of_invoice=of_invoice)
