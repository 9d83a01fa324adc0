"""The text of a column → a JSON object, an amount or a time, whatever else the shop's rows hold there."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, extract

from ordersync_dagster.adapters.database.schema.column_types import amount_of
from ordersync_dagster.core.orders import Json

# More than any amount has. A number with a huge exponent would take all memory.
_DIGITS = 40
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")
_MILLISECONDS_FROM = 10**11  # a larger number is not in seconds: it would be after the year 5000


@dataclass(frozen=True, slots=True)
class Document:
    """The object in a JSON column, None where there is none.

    `is_wrapped` where it is text inside the JSON, as some shops store it. `is_unreadable` where something else
    is there: a list, a plain text, a half of an object.
    """

    value: Json | None = None
    is_wrapped: bool = False
    is_unreadable: bool = False


def document_of(text: str | None) -> Document:
    """The object in the column; blanks, JSON's null and an empty list (PHP's empty object) are no object."""
    value: object = text
    depth = 0
    while isinstance(value, str) and value.strip() and depth < 2:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return Document(is_unreadable=True)
        depth += 1
    is_blank = isinstance(value, str) and not value.strip()
    if isinstance(value, dict):
        return Document(value, is_wrapped=depth == 2)
    if value is None or is_blank or value == []:
        return Document(is_wrapped=depth == 2 or (depth == 1 and is_blank))
    return Document(is_unreadable=True)


def read_amount(text: str | None, currency: object, *, in_minor_units: bool) -> Decimal | None:
    """The amount in a money column; raises ValueError where the text is no amount."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("no number") from None
    if not amount.is_finite() or abs(amount.adjusted()) > _DIGITS:
        raise ValueError("no amount")
    if not in_minor_units:
        return amount
    if amount != amount.to_integral_value():
        raise ValueError("no whole number of minor units")
    return amount_of(int(amount), currency)


def time_as_text(column: ColumnElement[Any], connection: Connection) -> ColumnElement[Any]:
    """As text for `time_of`: a driver would stop at a value that is no time, and DateStyle changes the form."""
    is_postgres = connection.dialect.name == "postgresql"
    return cast(extract("epoch", column) if is_postgres else column, Text)


def time_of(text: str | None) -> datetime | None:
    """Seconds or milliseconds since 1970, or ISO 8601, UTC where it names no zone; None for anything else."""
    try:
        if text and _NUMBER.fullmatch(text):
            number = float(text)
            return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
        found = datetime.fromisoformat(text or "")
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
