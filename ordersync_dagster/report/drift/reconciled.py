"""The result of the comparison of the three sides. Money is whole minor units."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ordersync_dagster.core.seen import TO_ADD


class Reason(StrEnum):
    """Why a payment or an order is on one side only, or differs; `agrees` and `not_counted` change no sum."""

    AGREES = "agrees"
    TO_ADD = TO_ADD
    TOO_RECENT = "too_recent"
    UNDECIDED = "undecided"
    ERASED = "erased"
    SECOND_ORDER = "second_order"
    UNPAID = "unpaid"
    NO_PAYMENT = "no_payment"
    OTHER_AMOUNT = "other_amount"
    NOT_COUNTED = "not_counted"


LACK_ORDER = (Reason.TO_ADD, Reason.TOO_RECENT, Reason.UNDECIDED, Reason.ERASED)


class Difference(NamedTuple):
    """Payments or orders of one reason; `amount` is their sum in the shop less their sum at Stripe."""

    currency: str
    reason: Reason
    number: int
    amount: int


class CurrencySums(NamedTuple):
    """One currency, in minor units. `paid + sum of its differences == ordered`."""

    currency: str
    payments: int
    paid: int
    orders: int
    ordered: int
    returned: int  # refunded or lost at Stripe, of these payments
    refunded: int  # the shop's orders that say so
    made: int  # Printful orders that these orders name and that were charged
    costs: int


class Span(NamedTuple):
    """Four hours of a day: paid sessions, those that have no order, and those that got theirs from a run."""

    day: str
    hour: int
    paid: int
    missing: int
    recovered: int


class Disagreement(NamedTuple):
    """One payment or order that does not agree."""

    reason: Reason
    day: str | None
    session_id: str | None
    payment: str | None
    order_id: str | None
    printful_id: str | None
    status: str | None
    paid: int | None
    paid_currency: str | None
    ordered: int | None
    ordered_currency: str | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The result, ordered by currency, by day, and by day again. `unreadable` counts amounts that nobody can read."""

    money: tuple[CurrencySums, ...]
    differences: tuple[Difference, ...]
    spans: tuple[Span, ...]
    disagreements: tuple[Disagreement, ...]
    payments: int
    orders: int
    unreadable: int
