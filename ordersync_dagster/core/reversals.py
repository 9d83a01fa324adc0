"""Payments that went back, or may go back, as Stripe lists them: refunds and disputes.

A session stays `paid` whatever becomes of its payment, so these are listed too.
https://docs.stripe.com/api/refunds/object https://docs.stripe.com/api/disputes/object
https://docs.stripe.com/api/invoice-payment/object
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ordersync_dagster.core import money
from ordersync_dagster.core.text import text_or_none

_REFUNDING_STATUSES = ("succeeded", "pending", None)  # null on refunds older than the field
_NOT_REFUNDING = ("failed", "canceled", "requires_action")  # a status that is new may be either
# Decided for the shop, or by a refund that is listed as one. Every other status is undecided, also one that is new.
_SETTLED = ("won", "warning_closed", "charge_refunded")

OfInvoice = Mapping[str, frozenset[str]]  # invoice → its payments


@dataclass(frozen=True, slots=True)
class Reversals:
    """By payment, which is a payment intent, or a charge that has none."""

    returned: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)  # sums by currency
    disputes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # ids of undecided disputes
    unreadable: frozenset[str] = frozenset()  # something went back, or may have, and it cannot be read
    pending: frozenset[str] = frozenset()  # a refund is on its way, and may still fail
    of_invoice: OfInvoice | None = None  # None where nobody read them
    unread_until: int = 0  # Unix seconds; refunds and disputes from before may be missing

    @property
    def payments(self) -> frozenset[str]:
        """Those that went back with a known amount, or are disputed."""
        return frozenset({*self.returned, *self.disputes})

    def completed_by(self, others: "Reversals") -> "Reversals":
        """These, and all that `others` know of their payments."""
        return replace(
            self,
            returned={**self.returned, **others.returned},
            disputes={**self.disputes, **others.disputes},
            unreadable=self.unreadable | others.unreadable,
            pending=self.pending | others.pending,
        )

    def concern(self, payment: str) -> bool:
        """Whether something of `payment` went back or is disputed."""
        return payment in self.returned or payment in self.disputes or payment in self.unreadable


def names_payment(row: object) -> bool:
    """Whether a refund or a dispute names its payment, or says that it has none."""
    return isinstance(row, Mapping) and ("payment_intent" in row or "charge" in row)


def read_reversals(refunds: Iterable[object], disputes: Iterable[object]) -> Reversals:
    """Sums of refunds and lost disputes, and the disputes that are undecided."""
    reading = _Reading()
    for refund in refunds:
        if isinstance(refund, Mapping):
            _read_refund(reading, refund)
    for dispute in disputes:
        if isinstance(dispute, Mapping):
            _read_dispute(reading, dispute)
    unreadable, pending = frozenset(reading.unreadable), frozenset(reading.pending)
    return Reversals(reading.returned, reading.disputes, unreadable, pending)


def read_invoice_payments(rows: Iterable[object]) -> OfInvoice:
    """The payments of each invoice; those that were canceled are left out."""
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        if not isinstance(row, Mapping) or row.get("status") == "canceled":
            continue
        invoice, paid_by = _id(row.get("invoice")), row.get("payment")
        payment = _payment(paid_by) if isinstance(paid_by, Mapping) else None
        if invoice and payment:
            found[invoice] = found.get(invoice, frozenset()) | {payment}
    return found


def payment_intent_of(invoice: str | None, reversals: Reversals) -> str | None:
    """The payment intent of an invoice; None where it is not known, or there are several."""
    found = [] if invoice is None or reversals.of_invoice is None else [*reversals.of_invoice.get(invoice, ())]
    return found[0] if len(found) == 1 and found[0].startswith("pi_") else None


class _Reading:
    def __init__(self) -> None:
        self.returned: dict[str, dict[str, Decimal]] = {}
        self.disputes: dict[str, tuple[str, ...]] = {}
        self.unreadable: set[str] = set()
        self.pending: set[str] = set()

    def take_back(self, row: Mapping[str, Any], *, is_pending: bool = False) -> None:
        """Add the amount of a refund or of a lost dispute."""
        payment, amount, currency = _payment(row), row.get("amount"), row.get("currency")
        if payment is None:
            return
        if type(amount) is not int or amount < 0 or not isinstance(currency, str):
            self.unreadable.add(payment)
            return
        try:
            exact = money.from_minor(amount, currency.lower())
        except money.MoneyError:
            self.unreadable.add(payment)
            return
        self.pending |= {payment} if is_pending else set()
        sums = self.returned.setdefault(payment, {})
        sums[currency.lower()] = sums.get(currency.lower(), Decimal(0)) + exact


def _read_refund(reading: _Reading, refund: Mapping[str, Any]) -> None:
    payment, status = _payment(refund), refund.get("status")
    if status in _REFUNDING_STATUSES:
        reading.take_back(refund, is_pending=status == "pending")
    elif payment is not None and status not in _NOT_REFUNDING:
        reading.unreadable.add(payment)


def _read_dispute(reading: _Reading, dispute: Mapping[str, Any]) -> None:
    payment, status = _payment(dispute), dispute.get("status")
    if payment is None or status in _SETTLED:
        return
    if status == "lost" or (status == "prevented" and _is_withdrawn(dispute)):
        reading.take_back(dispute)
    elif status != "prevented":
        name = _id(dispute.get("id")) or "(no id)"
        reading.disputes[payment] = tuple(sorted({*reading.disputes.get(payment, ()), name}))


def _is_withdrawn(dispute: Mapping[str, Any]) -> bool:
    """Whether Stripe took the money of a prevented dispute from the shop."""
    listed = dispute.get("balance_transactions")
    rows = listed if isinstance(listed, list) else []
    amounts = [row.get("amount") for row in rows if isinstance(row, Mapping)]
    return sum(amount for amount in amounts if type(amount) is int) < 0


def _payment(row: Mapping[str, Any]) -> str | None:
    return _id(row.get("payment_intent")) or _id(row.get("charge"))


def _id(value: object) -> str | None:
    """An id, also where Stripe expanded it to the whole object."""
    return text_or_none(value.get("id") if isinstance(value, Mapping) else value)
