"""The changes that runs in shadow mode would have made, compared with the shop's later changes.

No personal data is kept: ids, amounts, status words, tracking numbers, and keyed hashes of everything else.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from ordersync_dagster.core.changes import (
    AddItems,
    Change,
    FillFields,
    InsertOrder,
    OrderUpdate,
    SetStatus,
    SetTracking,
)
from ordersync_dagster.core.order_fields import BY_COLUMN, CLEAR_COLUMNS
from ordersync_dagster.core.orders import UNNUMBERED, Status, StoredOrder, order_id
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass

Hashed = Callable[[str], str]
_UNREAD = (ProblemClass.PRINTFUL_NOT_ASKED, ProblemClass.STRIPE_NOT_READ)
# Where an order goes on from a status without anybody contradicting it.
FURTHER: Mapping[str, frozenset[str]] = {
    Status.PENDING: frozenset({Status.PROCESSING, Status.SHIPPED, Status.DELIVERED, Status.COMPLETED}),
    Status.PROCESSING: frozenset({Status.SHIPPED, Status.DELIVERED, Status.COMPLETED}),
    Status.SHIPPED: frozenset({Status.DELIVERED, Status.COMPLETED, Status.RETURNED}),
    Status.DELIVERED: frozenset({Status.COMPLETED, Status.RETURNED}),
    Status.COMPLETED: frozenset({Status.DELIVERED, Status.RETURNED}),
}


class ShadowOutcome(StrEnum):
    """The outcome of a change that shadow mode did not make."""

    OPEN = "open"  # the shop's row is still as it was
    BY_SHOP = "done_by_shop"  # the shop made the same change itself
    WRONG = "would_be_wrong"  # the shop, or Stripe, came to something else
    DROPPED = "dropped"  # nobody needs it any more: a later run no longer planned it, or ordersync made it


@dataclass(frozen=True, slots=True)
class Intent:
    """One change that a run would have made. `before` and `planned` hold clear words or keyed hashes."""

    change: str
    order_id: str
    session_id: str
    payment: str | None
    day: date | None
    before: str | None
    planned: Mapping[str, Any]
    detail: str = ""

    @property
    def id(self) -> str:
        """The same for the same change of the same order, whichever run plans it."""
        name = f"{self.change}:{self.session_id or self.order_id}:{self.detail}"
        return sha256(name.encode()).hexdigest()[:24]

    @property
    def is_of_new_order(self) -> bool:
        """Whether the order was itself only planned."""
        return bool(self.session_id) and self.order_id in (order_id(self.session_id), f"{UNNUMBERED}{self.session_id}")


@dataclass(frozen=True, slots=True)
class ShadowRecord:
    """An intent with its life."""

    intent: Intent
    first_seen: datetime
    outcome: ShadowOutcome = ShadowOutcome.OPEN
    why: str = ""


@dataclass(frozen=True, slots=True)
class ShadowFigures:
    """The number of changes that shadow mode did not make, by outcome."""

    since: datetime | None = None
    counts: Mapping[ShadowOutcome, int] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Sequence[ShadowRecord]) -> "ShadowFigures":
        """The figures of some records."""
        return cls(min((each.first_seen for each in records), default=None), Counter(each.outcome for each in records))

    @property
    def by_name(self) -> dict[str, int]:
        """For a run's summary, for Dagster and for scripts."""
        counts = {f"shadow_{outcome}": self.counts.get(outcome, 0) for outcome in ShadowOutcome}
        return {"shadow_repairs": sum(self.counts.values()), **counts}


def intents_of(plan: Plan, hashed: Hashed) -> Iterator[Intent]:
    """Every change of a plan."""
    for insert in plan.inserts:
        yield _of_insert(insert, plan.day)
    for update in (*plan.completions, *plan.updates):
        for change in update.changes:
            yield from _of_change(update, change, plan.day, hashed)


def _of_insert(insert: InsertOrder, day: date | None) -> Intent:
    order = insert.order
    planned = {
        "total_amount": f"{order.total.normalize():f}",
        "currency": order.currency,
        "status": str(order.status),
        "printful_order_id": order.printful_order_id,
    }
    return Intent("insert_order", order.id, order.session_id, order.payment_intent_id, day, None, planned)


def _of_change(update: OrderUpdate, change: Change, day: date | None, hashed: Hashed) -> Iterator[Intent]:
    seen = update.seen

    def intent(name: str, before: str | None, planned: Mapping[str, Any], detail: str) -> Intent:
        return Intent(name, seen.id, seen.session_id, seen.payment_intent_id, day, before, planned, detail)

    match change:
        case FillFields(values):
            kept = {column: _kept(column, value, hashed) for column, value in values.items()}
            yield intent("fill_fields", None, kept, ",".join(sorted(kept)))
        case SetStatus(before, after):
            yield intent("set_status", before, {"status": after}, after)
        case SetTracking(number, url, shipments):
            if (number or None, url or None) == (seen.tracking_number or None, seen.tracking_url or None):
                return  # only our own list of parcels, which the shop does not write
            numbers = [each.get("tracking_number") for each in shipments or ()]
            parcels = sorted({str(each) for each in (number, *numbers) if each})
            yield intent("set_tracking", seen.tracking_number, {"numbers": parcels}, number or "")
        case AddItems(items):
            wanted = [[item.variant_id, item.metadata.get("sync_variant_id"), item.quantity] for item in items]
            yield intent(
                "add_items", str(_pieces(seen)), {"items": wanted}, ",".join(sorted(each.id for each in items))
            )


def dropped_by(plan: Plan, kept: Iterable[str], records: Iterable[ShadowRecord]) -> Iterator[str]:
    """The ids of those of `records` for which `plan` looked, and that it no longer contains (`kept`)."""
    unread = {value for note in plan.notes if note.problem_class in _UNREAD for value in note.ids.values()}
    known, looked = set(kept), set(plan.printful_orders) - unread
    is_day_read = plan.day is not None and str(plan.day) not in unread
    for each in records:
        is_of_day = is_day_read and each.intent.day == plan.day
        is_of_printful = plan.day is None and each.intent.day is None and each.intent.order_id in looked
        if (is_of_day or is_of_printful) and each.intent.id not in known:
            yield each.intent.id


def judged(intent: Intent, row: StoredOrder | None, hashed: Hashed) -> tuple[ShadowOutcome, str]:
    """The outcome of `intent`, by the shop's row as it is now; the reason of a wrong one has no personal data."""
    if row is None:
        is_waiting = intent.change == "insert_order" or intent.is_of_new_order
        return (ShadowOutcome.OPEN, "") if is_waiting else (ShadowOutcome.DROPPED, "the order is gone")
    match intent.change:
        case "insert_order":
            return _judged_insert(intent, row)
        case "set_status":
            return _judged_status(intent, row.status)
        case "set_tracking":
            return _judged_tracking(intent, row)
        case "add_items":
            return _judged_items(intent, row)
    return _judged_fields(intent, row, hashed)


def superseded_by(old: Intent, new: Intent) -> str:
    """Why a later plan of the same change shows that the first would have been wrong; empty where it does not."""
    was, now = old.planned.get("status"), new.planned.get("status")
    is_refunded = old.change == "insert_order" and was != now == Status.REFUNDED
    return "the whole payment went back before the shop had an order" if is_refunded else ""


def _judged_insert(intent: Intent, row: StoredOrder) -> tuple[ShadowOutcome, str]:
    total = None if row.total is None else f"{row.total.normalize():f}"
    found = {
        "total_amount": total,
        "currency": (row.currency or "").lower() or None,
        "printful_order_id": row.printful_order_id,
    }
    other = [name for name, value in found.items() if value and intent.planned[name] and value != intent.planned[name]]
    if not _goes_on(intent.planned["status"], row.status):
        other.append("status")
    return _result(other, f"the shop's own order {row.id} has another")


def _judged_status(intent: Intent, now: str) -> tuple[ShadowOutcome, str]:
    after = intent.planned["status"]
    if now == intent.before:
        return ShadowOutcome.OPEN, ""
    if _goes_on(after, now):
        return ShadowOutcome.BY_SHOP, ""
    return ShadowOutcome.WRONG, f"the order became {now}, and {after} was planned"


def _judged_tracking(intent: Intent, row: StoredOrder) -> tuple[ShadowOutcome, str]:
    if (row.tracking_number or None) == (intent.before or None):
        is_link = not intent.planned["numbers"] and row.tracking_url
        return (ShadowOutcome.BY_SHOP if is_link else ShadowOutcome.OPEN), ""
    is_ours = row.tracking_number in intent.planned["numbers"]
    return _result([] if is_ours else ["tracking_number"], "the order has another")


def _judged_items(intent: Intent, row: StoredOrder) -> tuple[ShadowOutcome, str]:
    if str(_pieces(row)) == intent.before:
        return ShadowOutcome.OPEN, ""
    left = [(item.variant_id, item.quantity) for item in row.items]
    for variant, sync_variant, quantity in intent.planned["items"]:
        found = next((each for each in left if each in ((variant, quantity), (sync_variant, quantity))), None)
        if found is None:
            return ShadowOutcome.WRONG, "the order has other items"
        left.remove(found)
    return ShadowOutcome.BY_SHOP, ""


def _judged_fields(intent: Intent, row: StoredOrder, hashed: Hashed) -> tuple[ShadowOutcome, str]:
    held = {column: getattr(row, BY_COLUMN[column].attribute) for column in intent.planned}
    filled = {column: _kept(column, value, hashed) for column, value in held.items() if value}
    other = [column for column, value in filled.items() if value != intent.planned[column]]
    if not other and len(filled) < len(held):
        return ShadowOutcome.OPEN, ""
    return _result(other, "the order has another")


def _result(other: Sequence[str], sentence: str) -> tuple[ShadowOutcome, str]:
    return (ShadowOutcome.WRONG, f"{sentence} {', '.join(other)}") if other else (ShadowOutcome.BY_SHOP, "")


def _goes_on(planned: str, now: str) -> bool:
    return now == planned or now in FURTHER.get(planned, ())


def _pieces(order: StoredOrder) -> int:
    return sum(item.quantity for item in order.items)


def _kept(column: str, value: object, hashed: Hashed) -> str:
    return str(value) if column in CLEAR_COLUMNS else hashed(json.dumps(value, sort_keys=True, default=str))
