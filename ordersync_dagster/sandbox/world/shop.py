"""Rows as the shop's own webhook handler writes them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ordersync_dagster.sandbox.world.catalogue import EXPONENTS
from ordersync_dagster.sandbox.world.events import paid_at
from ordersync_dagster.sandbox.world.identifiers import row_id

WEBHOOK_SECONDS = 4  # from the payment to the row


def order_row(session: dict[str, Any], *, status: str, **columns: Any) -> dict[str, Any]:
    """The row of `orders` for a session; tracking and the Printful id are null unless given."""
    customer = session["customer_details"]
    made = naive(paid_at(session) + WEBHOOK_SECONDS)
    return {
        "id": row_id("orders", session["id"]),
        "stripe_session_id": session["id"],
        "stripe_payment_intent_id": session["payment_intent"],
        "printful_order_id": None,
        "status": status,
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "total_amount": amount(session["amount_total"], session["currency"]),
        "currency": session["currency"],
        "tracking_number": None,
        "tracking_url": None,
        "shipping_address": shipping_address(session),
        "metadata": dict(session["metadata"]),
        "created_at": made,
        "updated_at": made,
        **columns,
    }


def item_row(order: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """The row of `order_items` for a Printful item; it does not hold the item's id."""
    return {
        "id": row_id("order_items", order["id"], item["id"]),
        "order_id": order["id"],
        "printful_product_id": str(item["product"]["product_id"]),
        "printful_variant_id": str(item["variant_id"]),
        "name": item["name"],
        "quantity": item["quantity"],
        "price": Decimal(item["retail_price"] or item["price"]),
        "image_url": item["product"]["image"],
        "metadata": {},
        "created_at": order["created_at"],
    }


def shipping_address(session: dict[str, Any]) -> dict[str, Any] | None:
    """The address of a session of the old or the new API, with the shop's seven keys."""
    collected = session["collected_information"] or {}
    details = collected.get("shipping_details") or session.get("shipping_details")
    if details is None:
        return None
    keys = ("line1", "line2", "city", "state", "postal_code", "country")
    return {"name": details["name"], **{key: details["address"][key] for key in keys}}


def amount(minor: int, currency: str) -> Decimal:
    """Minor units as a decimal amount."""
    return Decimal(minor).scaleb(-EXPONENTS.get(currency, 2))


def naive(timestamp: int) -> datetime:
    """UTC without a time zone, as in the shop's columns."""
    return datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)
