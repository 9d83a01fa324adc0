"""Field readers of a Printful order: each returns the value or None, or raises MalformedPrintfulOrderError.

The one place that knows where Printful keeps a field: https://developers.printful.com/docs/#tag/Orders-API
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ordersync_dagster.core import money
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.text import is_storable, text_or_none


class MalformedPrintfulOrderError(Exception):
    """A field that cannot be read, and why."""


def rows_of(order: Mapping[str, Any], key: str) -> list[object]:
    """The list under `key`, or an empty one."""
    rows = [] if order.get(key) is None else order[key]
    if not isinstance(rows, list):
        raise MalformedPrintfulOrderError(f"its {key} are not a list of objects")
    return rows


def storable(row: object, key: str) -> Mapping[str, Any]:
    """`row` where it is an object whose texts a database can hold."""
    if not isinstance(row, Mapping):
        raise MalformedPrintfulOrderError(f"its {key} are not a list of objects")
    if not is_storable(row):
        raise MalformedPrintfulOrderError(f"one of its {key} holds a NUL or half a surrogate pair")
    return row


def price_of(row: Mapping[str, Any], key: str) -> Decimal | None:
    """An amount of at least 0."""
    amount = money.from_text(row.get(key))
    if amount is None and row.get(key) not in (None, ""):
        raise MalformedPrintfulOrderError(f"the {key} of its item {text_of(row.get('id'))} is not an amount")
    if amount is not None and amount < 0:
        raise MalformedPrintfulOrderError(f"the {key} of its item {text_of(row.get('id'))} is negative")
    return amount


def image_url_of(row: Mapping[str, Any], product: Mapping[str, Any]) -> str | None:
    """The mock-up. Not the first file: that is the print file, and its preview does not show the product."""
    files = row.get("files")
    for file in files if isinstance(files, list) else []:
        if isinstance(file, Mapping) and file.get("type") == "preview" and text_or_none(file.get("preview_url")):
            return text_or_none(file.get("preview_url"))
    return text_or_none(product.get("image"))


def currency_of(order: Mapping[str, Any], key: str) -> str | None:
    """Lower-case currency of the costs under `key`."""
    costs = order.get(key)
    currency = text_or_none(costs.get("currency")) if isinstance(costs, Mapping) else None
    return currency.lower() if currency else None


def cost_of(order: Mapping[str, Any]) -> Price | None:
    """What Printful charges the shop for the whole order; None while it is not known."""
    costs, currency = order.get("costs"), currency_of(order, "costs")
    amount = money.from_text(costs.get("total")) if isinstance(costs, Mapping) else None
    return Price(amount, currency) if amount is not None and amount >= 0 and currency else None


def is_sample(order: Mapping[str, Any]) -> bool:
    """Whether the shop ordered it for itself."""
    return order.get("is_sample") is True


def external_id(order: Mapping[str, Any]) -> str | None:
    """The shop's own name for the order."""
    return text_of(order.get("external_id"))


def created_at(order: Mapping[str, Any]) -> int | None:
    """When the order was made at Printful, in Unix seconds."""
    created = order.get("created")
    return created if type(created) is int and 0 < created < 2**37 else None


def tracking_number_of(row: Mapping[str, Any]) -> str | None:
    """The number of a parcel, which has up to 34 digits and may be sent as a number; 0 where there is none yet."""
    number = row.get("tracking_number")
    is_number = type(number) is int and 0 < number < 10**40
    found = str(number) if is_number else text_or_none(number)
    return None if found == "0" else found


def catalog_id(row: Mapping[str, Any], key: str) -> str | None:
    """An id of Printful's catalog, which has none that is 0: warehouse products have 0 or null there."""
    found = text_of(row.get(key))
    return None if found == "0" else found


def text_of(value: object) -> str | None:
    """An id or number as text: Printful sends numbers and text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**20 else None
    return text_or_none(value)
