"""A plan's changes as flat rows: order, field, before, after, why. No personal data except ids."""

from collections.abc import Iterator
from typing import Any, TypedDict

from ordersync_dagster.core.changes import (
    AddItems,
    Change,
    FillFields,
    InsertOrder,
    OrderUpdate,
    SetStatus,
    SetTracking,
)
from ordersync_dagster.core.order_fields import CLEAR_COLUMNS
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.planned import changes_of
from ordersync_dagster.core.problems import Problem


class ChangeRow(TypedDict):
    """One changed field."""

    change: str
    order_id: str
    stripe_session_id: str
    field: str
    before: str | None
    after: str | None
    why: str


def iter_changes(plan: Plan) -> Iterator[ChangeRow]:
    """Every change of `plan`, sessions first."""
    for change in changes_of(plan):
        yield from field_rows(change)


def field_rows(change: InsertOrder | OrderUpdate) -> Iterator[ChangeRow]:
    """One row for each field that changes."""
    if isinstance(change, InsertOrder):
        yield _inserted(change)
    else:
        for each in change.changes:
            yield from _updated(change, each)


def problem_document(problem: Problem) -> dict[str, Any]:
    """One problem with its id, class, severity, sentence and ids."""
    return {
        "id": problem.id,
        "class": str(problem.problem_class),
        "severity": str(problem.severity),
        "sentence": problem.sentence,
        "ids": dict(problem.ids),
    }


def _inserted(insert: InsertOrder) -> ChangeRow:
    order = insert.order
    return {
        "change": "insert_order",
        "order_id": order.id,
        "stripe_session_id": order.session_id,
        "field": "order",
        "before": None,
        "after": f"{order.status}, {order.total:f} {order.currency}",
        "why": "paid at Stripe, not in the shop"
        if order.status != "refunded"
        else "paid at Stripe, and the payment went back",
    }


def _updated(update: OrderUpdate, change: Change) -> Iterator[ChangeRow]:
    seen = update.seen
    match change:
        case FillFields(values, source):
            for column, value in sorted(values.items()):
                shown = str(value) if column in CLEAR_COLUMNS else "(set)"
                yield _row(update, "fill_fields", column, None, shown, f"empty in the shop, filled from {source}")
        case SetStatus(before, after, word, vendor):
            yield _row(update, "set_status", "status", before, after, f"{vendor} says {word}")
        case SetTracking(number, url, shipments):
            if number != seen.tracking_number:
                yield _row(
                    update,
                    "set_tracking",
                    "tracking_number",
                    seen.tracking_number,
                    number,
                    "shipped by Printful",
                )
            if url != seen.tracking_url:
                yield _row(update, "set_tracking", "tracking_url", seen.tracking_url, url, "shipped by Printful")
            if shipments is not None:
                counts = (str(len(seen.shipments)), str(len(shipments)))
                yield _row(
                    update,
                    "set_tracking",
                    "metadata.printful_shipments",
                    *counts,
                    "parcels known to Printful",
                )
        case AddItems(items):
            for item in items:
                shown = f"{item.quantity} × variant {item.variant_id}"
                yield _row(update, "add_item", "order_items", None, shown, "made by Printful, not in the shop")


def _row(update: OrderUpdate, change: str, field: str, before: str | None, after: str | None, why: str) -> ChangeRow:
    return {
        "change": change,
        "order_id": update.seen.id,
        "stripe_session_id": update.seen.session_id,
        "field": field,
        "before": before,
        "after": after,
        "why": why,
    }
