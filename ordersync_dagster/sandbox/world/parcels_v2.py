"""Parcels with the keys of Printful's API v2; overrides replace whole values."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ordersync_dagster.sandbox.world.sessions import overridden

DELIVERY_SECONDS = 5 * 86_400  # from the moment when a parcel is sent until it is delivered


def parcels_of(order: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The parcels of an order of API v1, delivered five days after they were sent."""
    return [parcel_v2(order, shipment, now) for shipment in order["shipments"]]


def parcel_v2(order: dict[str, Any], shipment: dict[str, Any], now: datetime, **overrides: Any) -> dict[str, Any]:
    """One parcel of `order` as it is `now`."""
    sent, arrives = shipment["created"], shipment["created"] + DELIVERY_SECONDS
    is_delivered = arrives <= now.timestamp()
    names = {item["id"]: item for item in order["items"]}
    record = {
        "id": shipment["id"],
        "order_id": order["id"],
        "order_external_id": order["external_id"],
        "carrier": shipment["carrier"],
        "service": shipment["service"],
        "shipment_status": "shipped",
        "shipped_at": _iso(sent),
        "delivery_status": "delivered" if is_delivered else "in_transit",
        "delivered_at": _iso(arrives) if is_delivered else None,
        "departure_address": {"country_name": "Latvia", "country_code": "LV", "state_code": None},
        "is_reshipment": shipment["reshipment"],
        "tracking_url": shipment["tracking_url"],
        "tracking_events": [{"triggered_at": _iso(sent), "description": "Accepted by the carrier"}],
        "estimated_delivery": None,
        "shipment_items": [_shipped(row, names) for row in shipment["items"]],
    }
    return overridden(record, overrides)


def order_v2(order: dict[str, Any]) -> dict[str, Any]:
    """The part of an order that its list shows and anybody reads."""
    return {
        "id": order["id"],
        "external_id": order["external_id"],
        "store_id": order["store"],
        "shipping": order["shipping"],
        "status": order["status"],
        "created_at": _iso(order["created"]),
        "updated_at": _iso(order["updated"]),
    }


def page_v2(rows: Sequence[object], offset: int, limit: int, path: str) -> dict[str, Any]:
    """One page of a list of API v2."""
    shown = rows[offset : offset + limit]
    links = {"self": {"href": f"{path}?limit={limit}&offset={offset}"}}
    if offset + limit < len(rows):
        links["next"] = {"href": f"{path}?limit={limit}&offset={offset + limit}"}
    return {"data": shown, "paging": {"total": len(rows), "offset": offset, "limit": limit}, "_links": links}


def _shipped(row: dict[str, Any], items: dict[int, dict[str, Any]]) -> dict[str, Any]:
    item = items.get(row["item_id"], {})
    return {
        "id": row["item_id"] + 1,
        "order_item_id": row["item_id"],
        "order_item_external_id": item.get("external_id"),
        "order_item_name": item.get("name"),
        "quantity": row["quantity"],
    }


def _iso(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
