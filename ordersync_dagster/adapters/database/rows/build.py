"""Changes → rows: the order's and its items', the shop's timeline and the audit, one audit row for each row written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ordersync_dagster.core.changes import AddItems, FillFields, NewItem, OrderUpdate, SetStatus, SetTracking
from ordersync_dagster.core.orders import SHIPMENTS_KEY, Json, Order, StoredOrder, named_id
from ordersync_dagster.core.privacy import masked_email

Row = dict[str, Any]
RECOVERED, SYNCED, UNDONE = "order_recovered", "order_synced", "order_sync_undone"  # what we write into the timeline
PERSONAL = frozenset({"customer_name", "shipping_address"})  # the audit says that they were set, not to what


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes, and when."""

    run_id: str
    now: datetime


def order_row(order: Order, stamp: Stamp) -> Row:
    """A new row of orders."""
    return {
        "id": order.id,
        "stripe_session_id": order.session_id,
        "stripe_payment_intent_id": order.payment_intent_id,
        "printful_order_id": order.printful_order_id,
        "status": str(order.status),
        "customer_email": order.customer_email,
        "customer_name": order.customer_name,
        "total_amount": order.total,
        "currency": order.currency,
        "tracking_number": None,
        "tracking_url": None,
        "shipping_address": order.shipping_address,
        "metadata": dict(order.metadata),
        "created_at": order.created,
        "updated_at": stamp.now,
    }


def changed_columns(update: OrderUpdate, fresh: StoredOrder) -> Row:
    """What `update` sets on the order's own row; empty where it only adds items."""
    values: Row = {}
    for change in update.changes:
        match change:
            case FillFields(filled):
                values |= filled
            case SetStatus(after=after):
                values["status"] = after
            case SetTracking(number, url, shipments):
                values |= {"tracking_number": number, "tracking_url": url}
                if shipments is not None:
                    values["metadata"] = {
                        **fresh.metadata,
                        SHIPMENTS_KEY: [dict(parcel) for parcel in shipments],
                    }
            case AddItems():
                continue
    return values


def as_held(values: Row, fresh: StoredOrder) -> Row:
    """`values` as the row spells them: JSON that was text inside JSON stays so, because the shop reads it so."""
    return {column: json.dumps(value) if column in fresh.wrapped else value for column, value in values.items()}


def columns_before(values: Row, fresh: StoredOrder) -> Row:
    """The columns of `values` as they were."""
    known = {
        "stripe_payment_intent_id": fresh.payment_intent_id,
        "printful_order_id": fresh.printful_order_id,
        "customer_name": fresh.customer_name,
        "shipping_address": fresh.shipping_address,
        "status": fresh.status,
        "tracking_number": fresh.tracking_number,
        "tracking_url": fresh.tracking_url,
        "metadata": {SHIPMENTS_KEY: list(fresh.shipments)},
    }
    return {column: known[column] for column in values}


def item_row(item: NewItem, order_id: str, stamp: Stamp) -> Row:
    """A new row of order_items."""
    return {
        "id": item.id,
        "order_id": order_id,
        "printful_product_id": item.product_id,
        "printful_variant_id": item.variant_id,
        "name": item.name,
        "quantity": item.quantity,
        "price": item.price,
        "image_url": item.image_url,
        "metadata": dict(item.metadata),
        "created_at": stamp.now,
    }


def event_id(run_id: str, order_id: str, event_type: str) -> str:
    """One line of each type for each run and order."""
    return named_id(f"event:{run_id}:{order_id}:{event_type}")


def event_row(order_id: str, event_type: str, message: str, stamp: Stamp) -> Row:
    """A line of the shop's timeline."""
    return {
        "id": event_id(stamp.run_id, order_id, event_type),
        "order_id": order_id,
        "event_type": event_type,
        "status": "success",
        "message": message,
        "metadata": {"run_id": stamp.run_id, "source": "ordersync"},
        "created_at": stamp.now,
    }


def audit_id(stamp: Stamp, resource: str, resource_id: str, action: str, why: str) -> str:
    """The same write of the same run has the same id, so that a second attempt is noticed."""
    return named_id(f"audit:{stamp.run_id}:{resource}:{resource_id}:{action}:{why}")


def audit_row(
    stamp: Stamp, action: str, resource: str, resource_id: str, before: Row | None, after: Row | None, why: str
) -> Row:
    """The record of one row written; before and after hold the columns that changed, personal data masked."""
    return {
        "id": audit_id(stamp, resource, resource_id, action, why),
        "user_id": None,
        "user_email": None,
        "user_role": "system",
        "action": action,
        "resource": resource,
        "resource_id": resource_id,
        "category": "data_modification",
        "severity": "info",
        "ip_address": None,
        "user_agent": "ordersync",
        "request_method": None,
        "request_path": None,
        "status": "success",
        "status_code": None,
        "error_message": None,
        "changes_before": None if before is None else _shown(before),
        "changes_after": None if after is None else _shown(after),
        "gdpr_relevant": int(resource == "order"),
        "retention_policy": "default",
        "metadata": {"run_id": stamp.run_id, "source": "ordersync", "reason": why},
        "created_at": stamp.now,
    }


def _shown(values: Mapping[str, Any]) -> Json:
    return {
        column: _masked(column, value) for column, value in values.items() if column not in ("created_at", "updated_at")
    }


def _masked(column: str, value: Any) -> Any:
    if column == "customer_email" and isinstance(value, str):
        return masked_email(value)
    if column in PERSONAL:
        return None if not value else "(set)"
    if column == "metadata" and isinstance(value, Mapping):
        return {key: value[key] for key in (SHIPMENTS_KEY, "printful_item_id", "price_source") if key in value}
    if isinstance(value, Decimal):
        return format(value, "f")
    return value
