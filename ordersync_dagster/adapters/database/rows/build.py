"""Changes → rows of orders, items, timeline and audit_logs; each written row has one row of audit_logs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from ordersync_dagster.adapters.database.rows.encode import JsonText, json_text
from ordersync_dagster.adapters.database.rows.json_members import with_member
from ordersync_dagster.core.changes import AddItems, FillFields, NewItem, OrderUpdate, SetStatus, SetTracking
from ordersync_dagster.core.order_fields import BY_COLUMN, CLEAR_COLUMNS, CLEAR_ITEM_COLUMNS, INSERTED, READ, Kind
from ordersync_dagster.core.orders import SHIPMENTS_KEY, Json, Order, StoredOrder, named_id
from ordersync_dagster.core.privacy import masked_email

Row = dict[str, Any]
RECOVERED, SYNCED, UNDONE = "order_recovered", "order_synced", "order_sync_undone"  # our words in the shop's timeline
SOURCE = "ordersync"  # in the metadata of our rows of timeline and audit_logs
_EMPTY_ROW = dict.fromkeys(BY_COLUMN)
_INSERTED, _values_of = [each.column for each in INSERTED], attrgetter(*(each.attribute for each in INSERTED))
_DOCUMENTS = {each.column for each in READ if each.kind is Kind.DOCUMENT}
_TIMES = frozenset({"created_at", "updated_at"})
_OUR_KEYS = (SHIPMENTS_KEY, "printful_item_id", "price_source")  # of metadata


@dataclass(frozen=True, slots=True)
class Stamp:
    """The run that writes, and the time."""

    run_id: str
    now: datetime
    source: Json = field(init=False)  # one object for all rows, so that it is encoded once

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", {"run_id": self.run_id, "source": SOURCE})


def order_row(order: Order, stamp: Stamp) -> Row:
    """A new row of orders."""
    values = zip(_INSERTED, _values_of(order), strict=True)
    return {**_EMPTY_ROW, **dict(values), "status": str(order.status), "updated_at": stamp.now}


def changed_columns(update: OrderUpdate, fresh: StoredOrder) -> Row:
    """The columns of orders that `update` sets; empty where it only adds items."""
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


def as_held(values: Row, fresh: StoredOrder, metadata: str | None) -> Row:
    """`values` as the shop reads them: JSON that was a JSON-encoded string is written back as one.

    `metadata` is that column's text as it is stored: only our own key of it is set.
    """
    held = {column: value for column, value in values.items() if value is not None}  # there may be '' and no NULL
    if "metadata" in values and fresh.metadata and metadata is not None:
        text = json.loads(metadata) if "metadata" in fresh.wrapped else metadata
        held["metadata"] = JsonText(with_member(text, SHIPMENTS_KEY, json.dumps(values["metadata"][SHIPMENTS_KEY])))
    for column in held.keys() & _DOCUMENTS:
        text = json_text(held[column])
        held[column] = JsonText(json.dumps(text) if column in fresh.wrapped else text)
    return held


def columns_before(values: Row, fresh: StoredOrder) -> Row:
    """The old values of the same columns."""
    known = {column: getattr(fresh, BY_COLUMN[column].attribute) for column in values}
    return known | ({"metadata": {SHIPMENTS_KEY: list(fresh.shipments)}} if "metadata" in values else {})


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


def event_row(order_id: str, event_type: str, message: str, stamp: Stamp) -> Row:
    """A line of the shop's timeline; one run may write several for an order."""
    return {
        "id": named_id(f"event:{stamp.run_id}:{order_id}:{event_type}:{message}"),
        "order_id": order_id,
        "event_type": event_type,
        "status": "success",
        "message": message,
        "metadata": stamp.source,
        "created_at": stamp.now,
    }


def reason_of_insert(session_id: str, printful_order_id: str | None = None) -> str:
    """Why a new order is written, and where its link comes from."""
    named = f"; its metadata names Printful order {printful_order_id}" if printful_order_id else ""
    return f"paid session {session_id} had no order{named}"


def audit_id(run_id: str, resource: str, resource_id: str, action: str, why: str) -> str:
    """The same write of the same run has the same id, so that a second attempt inserts nothing."""
    return named_id(f"audit:{run_id}:{resource}:{resource_id}:{action}:{why}")


def audit_row(
    stamp: Stamp, action: str, resource: str, resource_id: str, before: Row | None, after: Row | None, why: str
) -> Row:
    """The record of one row written; before and after hold the changed columns, as far as they may be shown."""
    return {
        "id": audit_id(stamp.run_id, resource, resource_id, action, why),
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
        "changes_before": None if before is None else _audited(resource, before),
        "changes_after": None if after is None else _audited(resource, after),
        "gdpr_relevant": int(resource == "order"),
        "retention_policy": "default",
        "metadata": {**stamp.source, "reason": why},
        "created_at": stamp.now,
    }


def _audited(resource: str, values: Row) -> Json:
    """The columns as the shop's audit_logs may show them, without the times, which we set ourselves."""
    clear = _CLEAR[resource]
    return {
        column: value if column in clear else _MASKS.get(column, _set_or_none)(value)
        for column, value in values.items()
        if column not in _TIMES
    }


def _set_or_none(value: Any) -> Any:
    return "(set)" if value else None


def _our_keys(metadata: Any) -> Any:
    if not isinstance(metadata, dict):
        return _set_or_none(metadata)
    return {key: metadata[key] for key in _OUR_KEYS if key in metadata}


def _plain_amount(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


_MASKS: Mapping[str, Callable[[Any], Any]] = {
    "customer_email": lambda email: masked_email(email) if isinstance(email, str) else _set_or_none(email),
    "metadata": _our_keys,
    "total_amount": _plain_amount,
    "price": _plain_amount,
}
_CLEAR = {  # by resource; any other column is masked, and hidden where it has no mask
    "order": frozenset(CLEAR_COLUMNS) - _MASKS.keys(),
    "order_item": frozenset({*CLEAR_ITEM_COLUMNS, "name", "image_url"}) - _MASKS.keys(),
}
