"""Values as a database gets them: text, whole numbers and None; JSON is encoded once."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from json.encoder import encode_basestring_ascii
from typing import Any

from sqlalchemy import JSON, Column
from sqlalchemy.types import TypeEngine

from ordersync_dagster.adapters.database.schema.column_types import MinorUnits, Money, ShopText, UtcTime, to_minor
from ordersync_dagster.adapters.database.schema.shop_values import (
    fixed_value,
    has_fixed_value,
    has_value_if_empty,
    value_if_empty,
)

Sent = str | int | float | None
Values = Mapping[str, Any]
quoted: Callable[[str], str] = encode_basestring_ascii  # a text as JSON


class JsonText(str):
    """JSON that is already encoded, and is sent unchanged."""

    __slots__ = ()


def sent(column: Column[Any], rows: Sequence[Values], *, is_postgres: bool) -> list[Sent]:
    """One column of `rows` (at least one); a value that is the same object in all rows is encoded once."""
    if not has_value_if_empty(column):
        return _sent(column, rows, is_postgres=is_postgres)
    filling = _fixed(value_if_empty(column), is_postgres=is_postgres)
    return [filling if value is None else value for value in _sent(column, rows, is_postgres=is_postgres)]


def _sent(column: Column[Any], rows: Sequence[Values], *, is_postgres: bool) -> list[Sent]:
    key = column.key
    if has_fixed_value(column):
        return [_fixed(fixed_value(column), is_postgres=is_postgres)] * len(rows)
    if isinstance(column.type, MinorUnits):
        return [to_minor(row[key], row["currency"]) for row in rows]
    values = [row[key] for row in rows]
    encode = _encoder(column.type, is_postgres=is_postgres)
    if encode is None:
        return values
    first = values[0]
    if all(value is first for value in values):
        return [None if first is None else encode(first)] * len(values)
    return [None if value is None else encode(value) for value in values]


def literals(column: Column[Any], values: Sequence[Sent]) -> list[str]:
    """The values of `sent`, as JSON."""
    if isinstance(column.type, JSON):
        return [str(value or "null") for value in values]
    return [quoted(value) if type(value) is str else literal(value) for value in values]  # most are plain texts


def literal(value: Sent) -> str:
    """One value as JSON."""
    if isinstance(value, JsonText):
        return value
    if isinstance(value, str):
        return quoted(value)
    return "null" if value is None else str(int(value))


def _encoder(kind: TypeEngine[Any], *, is_postgres: bool) -> Callable[[Any], Sent] | None:
    """The encoder of a column's values; None where they are sent unchanged."""
    if isinstance(kind, JSON):
        return json_text
    if isinstance(kind, Money):
        return lambda amount: format(amount, "f")
    if isinstance(kind, ShopText) and kind.words.said:
        return kind.words.to_shop
    if isinstance(kind, UtcTime):
        return _time(has_zone=kind.has_zone) if is_postgres else _sqlite_time
    return None


def _fixed(value: Any, *, is_postgres: bool) -> Sent:
    """A value of ordersync.toml: JSON for PostgreSQL, which turns it into the column's type."""
    plain = value.isoformat() if isinstance(value, date | time) else value
    if is_postgres or isinstance(plain, list | dict):
        return JsonText(json.dumps(plain, default=str))
    return int(plain) if isinstance(plain, bool) else plain


def json_text(value: Any) -> str:
    """A value as JSON; what is encoded already stays as it is."""
    return value if isinstance(value, JsonText) else json.dumps(value)


def _time(*, has_zone: bool) -> Callable[[datetime], str]:
    zone = UTC if has_zone else None
    return lambda time: time.astimezone(UTC).replace(tzinfo=zone).isoformat()


def _sqlite_time(time: datetime) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
