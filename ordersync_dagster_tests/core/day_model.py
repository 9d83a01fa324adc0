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
        if each.kind in ERRORS and (each.status is None or (each.status == "pending" and not is_readable(each))):
            found.append((ERRORS[each.kind], frozenset({place})))
        status = "processing" if each.status is None else each.status
        is_told = status in ("pending", "processing") and is_readable(each)
        if is_told and each.days is not None and each.days > LATE_DAYS:
            found.append(("late_payment", frozenset({place})))
    return [*found, *(("double_payment", places) for places in twice(day))]


def is_readable(each: Bought) -> bool:
    """Too large an amount can be read: only a new order needs to hold it."""
    return each.kind == "good" or (each.kind == "too large" and each.status is not None)


def twice(day: list[Bought]) -> list[frozenset[int]]:
    """Purchases of one customer and amount, each within an hour of the one before it."""
    groups = []
    for alike in sorted({(each.customer, each.kind) for each in day if pays(each)}):
        same = [(place, each) for place, each in enumerate(day) if pays(each) and (each.customer, each.kind) == alike]
        counted = [(each.minutes, place) for place, each in same]
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
    return is_readable(each) and each.status not in ("refunded", "cancelled")
