"""A Printful order (plain dict, API v1) → its status, parcels and items.

The one place that knows a Printful order's shape: https://developers.printful.com/docs/#tag/Orders-API
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ordersync_dagster.core import money
from ordersync_dagster.core.orders import Json, Status
from ordersync_dagster.core.privacy import hashed_email
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.text import is_storable, text_or_none
from ordersync_dagster.core.window import day_of

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
        }


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
    external_id: str | None = None  # unique in a Printful store
    created: int | None = None  # Unix seconds
    recipient: str | None = None  # hash of the e-mail address

    @property
    def likeness(self) -> tuple[str, int, int] | None:
        """Recipient, UTC day and number of goods; None where one of them is not known."""
        if self.recipient is None or self.created is None:
            return None
        return self.recipient, day_of(self.created).toordinal(), sum(item.quantity for item in self.items)


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


Lookup = PrintfulOrder | Missing | NotAsked | Problem


class _MalformedError(Exception):
    pass


def read_printful_order(order: object) -> PrintfulOrder | Problem:
    """Read one Printful order; a record that cannot be read whole is a problem."""
    printful_id = _text_of(order.get("id")) if isinstance(order, Mapping) else None
    if not isinstance(order, Mapping) or printful_id is None or not is_storable(printful_id):
        return _malformed("(no id)", "it has no id")
    if not is_storable(order):
        return _malformed(printful_id, "it holds a NUL or half a surrogate pair")
    word = order.get("status")
    if not isinstance(word, str):
        return _malformed(printful_id, "its status is not a word")
    try:
        return _printful_order(order, printful_id, word)
    except _MalformedError as error:
        return _malformed(printful_id, str(error))


def _printful_order(order: Mapping[str, Any], printful_id: str, word: str) -> PrintfulOrder:
    return PrintfulOrder(
        printful_order_id=printful_id,
        word=word,
        status=STATUS.get(word),
        items=tuple(_item(row) for row in _rows(order, "items")),
        unsynced_items=len(_rows(order, "incomplete_items")),
        shipments=tuple(shipment for row in _rows(order, "shipments") if (shipment := _shipment(row))),
        retail_currency=_currency(order, "retail_costs"),
        cost_currency=_currency(order, "costs"),
        external_id=external_id(order),
        created=created_at(order),
        recipient=_recipient(order),
    )


def _malformed(printful_id: str, what: str) -> Problem:
    return Problem(
        ProblemClass.MALFORMED_PRINTFUL_ORDER,
        f"Printful order {printful_id} was left alone: {what}.",
        {"printful_order_id": printful_id},
    )


def _rows(order: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = [] if order.get(key) is None else order[key]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise _MalformedError(f"its {key} are not a list of objects")
    return rows


def _item(row: Mapping[str, Any]) -> PrintfulItem:
    product = row.get("product")
    product = product if isinstance(product, Mapping) else {}
    item_id, product_id = _text_of(row.get("id")), _text_of(product.get("product_id"))
    variant_id = _text_of(row.get("variant_id")) or _text_of(product.get("variant_id"))
    quantity = row.get("quantity")
    if item_id is None or product_id is None or variant_id is None:
        raise _MalformedError("one of its items lacks its id, product id or variant id")
    if type(quantity) is not int or not 1 <= quantity < 2**31:
        raise _MalformedError(f"the quantity of its item {item_id} is not a whole number above 0")
    return PrintfulItem(
        id=item_id,
        product_id=product_id,
        variant_id=variant_id,
        sync_variant_id=_text_of(row.get("sync_variant_id")),
        name=text_or_none(row.get("name")) or text_or_none(product.get("name")) or f"Printful variant {variant_id}",
        quantity=quantity,
        retail_price=_item_price(row, "retail_price"),
        cost=_item_price(row, "price"),
        image_url=_image_url(row, product),
    )


def _item_price(row: Mapping[str, Any], key: str) -> Decimal | None:
    amount = money.from_text(row.get(key))
    if amount is None and row.get(key) not in (None, ""):
        raise _MalformedError(f"the {key} of one of its items is not an amount")
    if amount is not None and amount < 0:
        raise _MalformedError(f"the {key} of one of its items is negative")
    return amount


def _image_url(row: Mapping[str, Any], product: Mapping[str, Any]) -> str | None:
    """The mock-up. Not the first file: that is the print file, and its preview does not show the product."""
    files = row.get("files")
    for file in files if isinstance(files, list) else []:
        if isinstance(file, Mapping) and file.get("type") == "preview" and text_or_none(file.get("preview_url")):
            return text_or_none(file.get("preview_url"))
    return text_or_none(product.get("image"))


def _shipment(row: Mapping[str, Any]) -> Shipment | None:
    """A parcel; None where it has no id, number or link."""
    number = _text_of(row.get("tracking_number"))
    url = text_or_none(row.get("tracking_url"))
    shipment_id = _text_of(row.get("id")) or number or url
    if shipment_id is None:
        return None
    return Shipment(
        id=shipment_id,
        carrier=text_or_none(row.get("carrier")),
        service=text_or_none(row.get("service")),
        tracking_number=None if number == "0" else number,  # Printful sends 0 where there is none yet
        tracking_url=url,
        ship_date=text_or_none(row.get("ship_date")),
        is_reshipment=row.get("reshipment") is True,
    )


def _currency(order: Mapping[str, Any], key: str) -> str | None:
    costs = order.get(key)
    currency = text_or_none(costs.get("currency")) if isinstance(costs, Mapping) else None
    return currency.lower() if currency else None


def external_id(order: Mapping[str, Any]) -> str | None:
    """The shop's own name for the order."""
    return _text_of(order.get("external_id"))


def created_at(order: Mapping[str, Any]) -> int | None:
    """When the order was made at Printful, in Unix seconds."""
    created = order.get("created")
    return created if type(created) is int and 0 < created < 2**37 else None


def _recipient(order: Mapping[str, Any]) -> str | None:
    recipient = order.get("recipient")
    email = text_or_none(recipient.get("email")) if isinstance(recipient, Mapping) else None
    return hashed_email(email) if email else None


def _text_of(value: object) -> str | None:
    """Ids come as numbers and as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**20 else None
    return text_or_none(value)
