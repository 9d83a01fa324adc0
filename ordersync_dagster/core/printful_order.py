"""A Printful order (plain dict, API v1) → its status, parcels and items."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from ordersync_dagster.core.orders import Json, Price, Status
from ordersync_dagster.core.printful_order_fields import (
    MalformedPrintfulOrderError,
    catalog_id,
    cost_of,
    created_at,
    currency_of,
    external_id,
    image_url_of,
    price_of,
    rows_of,
    storable,
    text_of,
    tracking_number_of,
)
from ordersync_dagster.core.printful_parcels import Parcels
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.recipient import Recipient, recipient_of
from ordersync_dagster.core.text import is_storable, text_or_none

Row = TypeVar("Row")

# Printful's word → the shop's. A word that is not here changes nothing and is reported.
STATUS: Mapping[str, Status] = {
    "draft": Status.PROCESSING,
    "pending": Status.PROCESSING,
    "onhold": Status.PROCESSING,
    "inprocess": Status.PROCESSING,
    "partial": Status.SHIPPED,
    "fulfilled": Status.DELIVERED,
    "failed": Status.FAILED,
    "canceled": Status.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class PrintfulItem:
    """One item of a Printful order. Prices are per unit, each in its own currency of the order."""

    id: str
    product_id: str
    variant_id: str
    sync_variant_id: str | None
    name: str
    quantity: int
    retail_price: Decimal | None
    cost: Decimal | None
    image_url: str | None


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel."""

    id: str
    carrier: str | None
    service: str | None
    tracking_number: str | None
    tracking_url: str | None
    ship_date: str | None
    is_reshipment: bool
    delivered_at: str | None = None  # ISO 8601 in UTC, by API v2

    def as_json(self) -> Json:
        """The parcel as the order's metadata keeps it."""
        return {
            "id": self.id,
            "carrier": self.carrier,
            "service": self.service,
            "tracking_number": self.tracking_number,
            "tracking_url": self.tracking_url,
            "ship_date": self.ship_date,
            "reshipment": self.is_reshipment,
            **({"delivered_at": self.delivered_at} if self.delivered_at else {}),
        }


@dataclass(frozen=True, slots=True)
class Missing:
    """Printful has no such order (404)."""

    printful_order_id: str
    is_remembered: bool = False  # known from an earlier run and not asked again


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Printful could not be asked about this order; it may exist or not."""

    printful_order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PrintfulOrder:
    """One order at Printful; `status` is None where Printful's word is not in `STATUS`."""

    printful_order_id: str
    word: str
    status: Status | None
    items: tuple[PrintfulItem, ...]
    unsynced_items: int
    shipments: tuple[Shipment, ...]
    retail_currency: str | None
    cost_currency: str | None
    cost: Price | None = None  # of the whole order, to the shop
    external_id: str | None = None  # unique in a Printful store
    created: int | None = None  # Unix seconds
    recipient: Recipient = Recipient()
    unread_items: str = ""  # why not all items can be compared; empty where they can
    unread_shipments: str = ""  # the same of the parcels
    waits_for_parcels: bool = False  # it is delivered only when its parcels are; see delivery.py
    parcels: Parcels | Missing | NotAsked | None = None  # by API v2; None where that was not asked

    @property
    def says(self) -> str:
        """What Printful says of the order, for a sentence about its status."""
        if self.status is not Status.DELIVERED or not isinstance(self.parcels, Parcels):
            return self.word
        at = self.parcels.delivered_at
        return f"delivered on {at:%Y-%m-%d}" if at else "delivered"


Lookup = PrintfulOrder | Missing | NotAsked | Problem


def read_printful_order(order: object) -> PrintfulOrder | Problem:
    """Read one Printful order. An item or a parcel that cannot be read does not hide the rest of it."""
    printful_id = text_of(order.get("id")) if isinstance(order, Mapping) else None
    if not isinstance(order, Mapping) or printful_id is None or not is_storable(printful_id):
        return _malformed("(no id)", "it has no id")
    word = order.get("status")
    if not isinstance(word, str) or not is_storable(word):
        return _malformed(printful_id, "its status is not a word")
    return _printful_order(order, printful_id, word)


def _printful_order(order: Mapping[str, Any], printful_id: str, word: str) -> PrintfulOrder:
    items, unread_items = _rows(order, "items", _item)
    if order.get("items") is None:  # an empty list says that there are none
        unread_items = "it has no list of items"
    unsynced, unread_unsynced = _rows(order, "incomplete_items", lambda row: row)
    shipments, unread_shipments = _rows(order, "shipments", _shipment)
    return PrintfulOrder(
        printful_order_id=printful_id,
        word=word,
        status=STATUS.get(word),
        items=items,
        unsynced_items=len(unsynced),
        shipments=tuple(shipment for shipment in shipments if shipment),
        retail_currency=currency_of(order, "retail_costs"),
        cost_currency=currency_of(order, "costs"),
        cost=cost_of(order),
        external_id=external_id(order),
        created=created_at(order),
        recipient=recipient_of(order),
        unread_items=unread_items or unread_unsynced,
        unread_shipments=unread_shipments,
    )


def _rows(order: Mapping[str, Any], key: str, read: Callable[[Mapping[str, Any]], Row]) -> tuple[tuple[Row, ...], str]:
    """The rows under `key` that can be read, and why the first other one cannot."""
    try:
        rows = rows_of(order, key)
    except MalformedPrintfulOrderError as error:
        return (), str(error)
    found: list[Row] = []
    reasons: list[str] = []
    for row in rows:
        try:
            found.append(read(storable(row, key)))
        except MalformedPrintfulOrderError as error:
            reasons.append(str(error))
    return tuple(found), next(iter(reasons), "")


def _malformed(printful_id: str, what: str) -> Problem:
    return Problem(
        ProblemClass.MALFORMED_PRINTFUL_ORDER,
        f"Printful order {printful_id} was left alone: {what}.",
        {"printful_order_id": printful_id},
    )


def _item(row: Mapping[str, Any]) -> PrintfulItem:
    product = row.get("product")
    product = product if isinstance(product, Mapping) else {}
    item_id, product_id = text_of(row.get("id")), catalog_id(product, "product_id")
    variant_id = catalog_id(row, "variant_id") or catalog_id(product, "variant_id")
    quantity = row.get("quantity")
    if item_id is None:
        raise MalformedPrintfulOrderError("one of its items has no id")
    if product_id is None or variant_id is None:
        raise MalformedPrintfulOrderError(f"its item {item_id} has no product id or no variant id")
    if type(quantity) is not int or not 1 <= quantity < 2**31:
        raise MalformedPrintfulOrderError(f"the quantity of its item {item_id} is not a whole number above 0")
    return PrintfulItem(
        id=item_id,
        product_id=product_id,
        variant_id=variant_id,
        sync_variant_id=text_of(row.get("sync_variant_id")),
        name=text_or_none(row.get("name")) or text_or_none(product.get("name")) or f"Printful variant {variant_id}",
        quantity=quantity,
        retail_price=price_of(row, "retail_price"),
        cost=price_of(row, "price"),
        image_url=image_url_of(row, product),
    )


def _shipment(row: Mapping[str, Any]) -> Shipment | None:
    """A parcel; None where it has no id, number or link."""
    number = tracking_number_of(row)
    url = text_or_none(row.get("tracking_url"))
    shipment_id = text_of(row.get("id")) or number or url
    if shipment_id is None:
        return None
    return Shipment(
        id=shipment_id,
        carrier=text_or_none(row.get("carrier")),
        service=text_or_none(row.get("service")),
        tracking_number=number,
        tracking_url=url,
        ship_date=text_or_none(row.get("ship_date")),
        is_reshipment=row.get("reshipment") is True,
    )
