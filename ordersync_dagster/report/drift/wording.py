"""The words of a report: reasons, amounts, ages and titles, the same in every form."""

from datetime import datetime

from ordersync_dagster.core.money import amount_text
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.text import counted
from ordersync_dagster.report.drift.reconciled import Reason
from ordersync_dagster.report.moments import lasting

_REASONS = {  # one, more
    Reason.AGREES: ("payment agrees with its order", "payments agree with their orders"),
    Reason.TO_ADD: (
        "payment without an order; the next run adds it",
        "payments without an order; the next run adds them",
    ),
    Reason.TOO_RECENT: (
        "payment too recent to judge; the shop's webhook may still add its order",
        "payments too recent to judge; the shop's webhook may still add their orders",
    ),
    Reason.UNDECIDED: (
        "payment without an order that the run could not decide",
        "payments without an order that the run could not decide",
    ),
    Reason.ERASED: (
        "payment of a customer who was erased; it gets no order",
        "payments of customers who were erased; they get no orders",
    ),
    Reason.SECOND_ORDER: ("second order of one payment", "second orders of one payment"),
    Reason.UNPAID: ("order whose payment has not arrived", "orders whose payments have not arrived"),
    Reason.NO_PAYMENT: ("order without a payment in this period", "orders without a payment in this period"),
    Reason.OTHER_AMOUNT: (
        "order with another amount or currency than its payment",
        "orders with another amount or currency than their payments",
    ),
    Reason.NOT_COUNTED: ("order that claims no money", "orders that claim no money"),
}
_NAMES = {"printful": "Printful", "stripe": "Stripe", "json": "JSON"}


def reason_text(reason: Reason, number: int) -> str:
    """How many, and why."""
    return counted(number, *_REASONS[reason])


def reason_of_one(reason: Reason) -> str:
    """Why one payment or order does not agree."""
    return _REASONS[reason][0]


def signed_text(minor: int, currency: str) -> str:
    """An amount with its sign: −EUR 34.00, +EUR 10.00, EUR 0.00."""
    sign = "−" if minor < 0 else "+" if minor > 0 else ""
    return f"{sign}{amount_text(abs(minor), currency)}"


def title_of(problem_class: ProblemClass) -> str:
    """cancelled_at_printful → Cancelled at Printful."""
    words = [_NAMES.get(word, word) for word in problem_class.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def age_text(first_seen: datetime | None, now: datetime) -> str:
    """How long a problem is known: new, 5 hours, 3 days."""
    return "new" if first_seen is None else lasting(first_seen, now)
