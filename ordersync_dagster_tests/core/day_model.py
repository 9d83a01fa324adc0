"""What docs/logs.md promises of the sessions of one day, written down slowly and without the product's code."""

from dataclasses import dataclass

ERRORS = {
    "no amount": "malformed_session",
    "no e-mail address": "missing_email",
    "an unknown currency": "unknown_currency",
    "too large": "amount_does_not_fit",
    "no text": "text_does_not_fit",
}
KINDS = ("good", "good", "good", *ERRORS)
LATE_DAYS = 7


@dataclass(frozen=True)
class Bought:
    """A paid session: by a customer, so many minutes after noon; `days` until its payment came, where it came late."""

    kind: str
    customer: str
    minutes: int
    days: int | None
    status: str | None  # of its order; None where it has none


def promised_of_day(day: list[Bought]) -> list[tuple[str, frozenset[int]]]:
    """Each class that a run has to tell, with the places of its sessions."""
    found: list[tuple[str, frozenset[int]]] = []
    for place, each in enumerate(day):
        if each.kind in ERRORS and (each.status is None or (each.status == "pending" and is_unreadable(each))):
            found.append((ERRORS[each.kind], frozenset({place})))
        status = "processing" if each.status is None else each.status
        is_told = status in ("pending", "processing") and each.kind == "good"
        if is_told and each.days is not None and each.days > LATE_DAYS:
            found.append(("late_payment", frozenset({place})))
    return [*found, *(("double_payment", places) for places in twice(day))]


def is_unreadable(each: Bought) -> bool:
    """Too large an amount, and text that cannot be stored, can be read: only a new order needs to hold them."""
    return each.kind != "too large"


def twice(day: list[Bought]) -> list[frozenset[int]]:
    """Purchases of one customer, each within an hour of the one before it; all cost the same."""
    groups = []
    for customer in sorted({each.customer for each in day}):
        counted = [(each.minutes, place) for place, each in enumerate(day) if each.customer == customer and pays(each)]
        group: list[tuple[int, int]] = []
        for minutes, place in sorted(counted):
            if group and minutes - group[-1][0] > 60:
                groups.append(group)
                group = []
            group.append((minutes, place))
        groups.append(group)
    return [frozenset(place for _, place in group) for group in groups if len(group) > 1]


def pays(each: Bought) -> bool:
    """Whether it has or gets an order that keeps the money."""
    return each.kind == "good" and each.status not in ("refunded", "cancelled")
