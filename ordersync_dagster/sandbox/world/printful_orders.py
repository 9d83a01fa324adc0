"""Builders of Printful API v1 orders with the keys of recorded answers; overrides replace whole values."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ordersync_dagster.sandbox.world.people import COUNTRIES, PEOPLE, Person
from ordersync_dagster.sandbox.world.sessions import CREATED, overridden

FILES = "https://files.example.com"
STORE = 952_434


def printful_order(**overrides: Any) -> dict[str, Any]:
    """An order in production with one item; `updated` and `dashboard_url` match the overrides."""
    order_id = overrides.get("id", 190_000_001)
    created = overrides.get("created", CREATED + 120)
    record = {
        "id": order_id,
        "external_id": None,
        "store": STORE,
        "status": "inprocess",
        "error": None,
        "errorCode": 0,
        "shipping": "STANDARD",
        "shipping_service_name": "Flat Rate (3-4 business days after fulfillment)",
        "created": created,
        "updated": created,
        "recipient": recipient(),
        "notes": None,
        "items": [printful_item()],
        "branding_items": [],
        "incomplete_items": [],
        "is_sample": False,
        "needs_approval": False,
        "not_synced": False,
        "has_discontinued_items": False,
        "can_change_hold": False,
        "costs": costs(),
        "retail_costs": retail_costs(),
        "pricing_breakdown": [],
        "shipments": [],
        "gift": None,
        "packing_slip": None,
        "dashboard_url": f"https://www.example.com/dashboard?order_id={order_id}",
    }
    return overridden(record, overrides)


def recipient(person: Person = PEOPLE[0], **overrides: Any) -> dict[str, Any]:
    """The person with Printful's keys."""
    record = {
        "name": person.name,
        "company": None,
        "address1": person.line1,
        "address2": person.line2,
        "city": person.city,
        "state_code": person.state,
        "state_name": person.state,
        "country_code": person.country,
        "country_name": COUNTRIES.get(person.country),
        "zip": person.postal_code,
        "phone": None,
        "email": person.email,
        "tax_number": None,
    }
    return overridden(record, overrides)


def printful_item(**overrides: Any) -> dict[str, Any]:
    """One t-shirt with a print file and then a mockup; the product matches `variant_id`."""
    item_id = overrides.get("id", 70_000_001)
    variant_id = overrides.get("variant_id", 4011)
    record = {
        "id": item_id,
        "external_id": None,
        "variant_id": variant_id,
        "sync_variant_id": 860_000_000 + variant_id,
        "external_variant_id": f"5bc04fbe{variant_id:06d}",
        "warehouse_product_variant_id": None,
        "product_template_id": None,
        "external_product_id": None,
        "quantity": 1,
        "price": "12.95",
        "retail_price": "26.00",
        "name": "Field Notes tee - S",
        "product": product(variant_id=variant_id),
        "files": [print_file(item_id), mockup(item_id)],
        "options": [],
        "sku": None,
        "discontinued": False,
        "out_of_stock": False,
    }
    return overridden(record, overrides)


def product(**overrides: Any) -> dict[str, Any]:
    """The blank that is printed on."""
    record = {
        "variant_id": 4011,
        "product_id": 71,
        "image": f"{FILES}/products/71/4011.jpg",
        "name": "Bella + Canvas 3001 Unisex T-Shirt (White / S)",
    }
    return overridden(record, overrides)


def print_file(item_id: int) -> dict[str, Any]:
    """The file to print; its preview does not show the product."""
    digest = f"{item_id:032x}"
    return _file(
        id=item_id * 2, type="default", hash=digest, filename=f"printfile-{digest[-8:]}.png",
        mime_type="image/png", size=1_866_014, width=3600, height=4800, dpi=300, visible=True,
        preview_url=f"{FILES}/files/{digest[-3:]}/{digest}_preview.png",
    )  # fmt: skip


def mockup(item_id: int) -> dict[str, Any]:
    """The picture of the finished product."""
    digest = f"{item_id + 7:032x}"
    return _file(
        id=item_id * 2 + 1, type="preview", hash=digest, filename=f"mockup-{digest[-8:]}.jpg",
        mime_type="image/jpeg", size=70_512, width=1000, height=1000, dpi=72, visible=False,
        preview_url=f"{FILES}/mockups/{digest[-3:]}/{digest}_preview.jpg",
    )  # fmt: skip


def _file(**known: Any) -> dict[str, Any]:
    thumbnail = known["preview_url"].replace("_preview", "_thumb")
    common = {"url": None, "status": "ok", "created": CREATED - 86_400, "is_temporary": False}
    return {**known, **common, "thumbnail_url": thumbnail}


def costs(subtotal: str = "12.95", shipping: str = "4.39", total: str = "17.34", **overrides: Any) -> dict[str, Any]:
    """Printful's price for the shop."""
    zero = (
        "discount",
        "digitization",
        "additional_fee",
        "fulfillment_fee",
        "retail_delivery_fee",
        "tax",
        "vat",
    )
    known = {"currency": "USD", "subtotal": subtotal, "shipping": shipping, "total": total}
    return overridden({**known, **dict.fromkeys(zero, "0.00")}, overrides)


def retail_costs(subtotal: str | None = "26.00", **overrides: Any) -> dict[str, Any]:
    """The shop's price for its customer, as Printful knows it; each amount may be null."""
    others = dict.fromkeys(("discount", "shipping", "tax", "vat"))
    return overridden({"currency": "USD", "subtotal": subtotal, "total": subtotal, **others}, overrides)


def shipment(*, of: Sequence[dict[str, Any]] | None = None, **overrides: Any) -> dict[str, Any]:
    """One parcel with the items `of` (default: one item); the link and the dates match the overrides."""
    items = [printful_item()] if of is None else of
    created = overrides.get("created", CREATED + 3 * 86_400)
    number = overrides.get("tracking_number", "9400100000000000000001")
    record = {
        "id": 30_000_001,
        "status": "shipped",
        "carrier": "USPS",
        "service": "USPS Ground Advantage",
        "tracking_number": number,
        "tracking_url": f"https://tracking.example.com/parcels/{number}",
        "created": created,
        "ship_date": datetime.fromtimestamp(created, UTC).date().isoformat(),
        "shipped_at": created,
        "reshipment": False,
        "location": "USA",
        "estimated_delivery_dates": {"from": created + 3 * 86_400, "to": created + 6 * 86_400},
        "packing_slip_url": None,
        "items": [_shipped(item) for item in items],
    }
    return overridden(record, overrides)


def _shipped(item: dict[str, Any]) -> dict[str, Any]:
    quantity = item["quantity"]
    return {
        "item_id": item["id"],
        "quantity": quantity,
        "picked": quantity,
        "printed": quantity,
        "is_started": True,
    }
