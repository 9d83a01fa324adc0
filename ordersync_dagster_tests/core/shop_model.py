"""A shop's database as a pure function: what applying a plan leaves."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ordersync_dagster.core.changes import AddItems, Change, FillFields, SetStatus, SetTracking
from ordersync_dagster.core.orders import SHIPMENTS_KEY, StoredItem, StoredOrder, as_stored
from ordersync_dagster.core.plan import Plan

FIELDS = {
    "stripe_payment_intent_id": "payment_intent_id",
    "printful_order_id": "printful_order_id",
    "customer_name": "customer_name",
    "shipping_address": "shipping_address",
}


def applied(plan: Plan, orders: Iterable[StoredOrder]) -> tuple[StoredOrder, ...]:
    """`orders` after `plan`; fails where the database would find a change stale or a key taken."""
    rows = {order.session_id: order for order in orders}
    for insert in plan.inserts:
        assert insert.order.session_id not in rows, "stripe_session_id is unique"
        rows[insert.order.session_id] = _kept(as_stored(insert.order))
    for update in (*plan.completions, *plan.updates):
        row = rows[update.seen.session_id]
        assert row.id == update.seen.id
        assert row.agrees_with(update.seen), "an update is written only while what it saw still holds"
        for change in update.changes:
            row = _changed(row, change)
        rows[update.seen.session_id] = _kept(row)
    return tuple(rows.values())


def _changed(row: StoredOrder, change: Change) -> StoredOrder:
    match change:
        case FillFields(values):
            fields: dict[str, Any] = {FIELDS[column]: value for column, value in values.items()}
            return replace(row, **fields)
        case SetStatus(before, after):
            assert row.status == before
            return replace(row, status=str(after))
        case SetTracking(number, url, shipments):
            kept = {} if shipments is None else {SHIPMENTS_KEY: list(shipments)}
            return replace(row, tracking_number=number, tracking_url=url, metadata={**row.metadata, **kept})
        case AddItems(items):
            new = [StoredItem(item.id, item.product_id, item.variant_id, item.quantity) for item in items]
            assert not {item.id for item in new} & {item.id for item in row.items}, "order_items.id is unique"
            return replace(row, items=(*row.items, *new))


def _kept(row: StoredOrder) -> StoredOrder:
    """As JSON columns give it back."""
    return replace(row, metadata=_through_json(row.metadata), shipping_address=_through_json(row.shipping_address))


def _through_json(value: Mapping[str, Any] | None) -> Any:
    return json.loads(json.dumps(value))
