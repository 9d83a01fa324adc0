"""Many new rows in one statement, with the keys of those that became ours."""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, select, text
from sqlalchemy.types import TypeEngine

from ordersync_dagster.adapters.database.rows.read import chunks
from ordersync_dagster.adapters.database.schema.column_types import MinorUnits, ShopText, UtcTime, to_minor
from ordersync_dagster.adapters.database.schema.reflection import own_schema
from ordersync_dagster.core.errors import DatabaseRefusedError

Row = dict[str, Any]
ROWS = 1000  # of one statement: a few MB


def insert_new(connection: Connection, table: Table, rows: Sequence[Row], key: str) -> set[str]:
    """Insert those of `rows` whose `key` is new there; their `key` values.

    Raises DatabaseRefusedError where something else keeps a row out: another unique key, or a trigger.
    """
    insert = _postgres if connection.dialect.name == "postgresql" else _sqlite
    ours: set[str] = set()
    for start in range(0, len(rows), ROWS):
        ours |= insert(connection, table, _fitted(table, rows[start : start + ROWS]), key)
    return ours


def _fitted(table: Table, rows: Sequence[Row]) -> list[Row]:
    """The columns that the table has, amounts as it holds them: `rows` say their currency."""
    names = table.columns.keys()
    fitted = [{name: row[name] for name in names} for row in rows]
    for column in table.columns:
        if isinstance(column.type, MinorUnits):
            for row, row_fitted in zip(rows, fitted, strict=True):
                row_fitted[column.key] = to_minor(row[column.key], row["currency"])
    return fitted


def _postgres(connection: Connection, table: Table, rows: list[Row], key: str) -> set[str]:
    """Two JSON texts, unpacked by the server into the table's own row type, whatever types the shop chose.

    The first is a whole row; the second has of every row the columns in which they differ. As fast as COPY into a
    temporary table, without the right to make one. https://www.postgresql.org/docs/current/functions-json.html
    """
    quote = connection.dialect.identifier_preparer.quote
    columns, target = ", ".join(quote(column.name) for column in table.columns), _target(connection, table)
    statement = text(
        f"INSERT INTO {target} ({columns}) SELECT {columns} FROM json_populate_recordset("  # noqa: S608  # quoted names
        f"json_populate_record(NULL::{target}, CAST(:first AS json)), CAST(:rows AS json)) "
        f"ON CONFLICT DO NOTHING RETURNING CAST({quote(table.c[key].name)} AS text)"
    )
    (first,), rest = _encodable(table, rows[:1]), _encodable(table, _differences(rows))
    documents = {"first": json.dumps(first, default=_text), "rows": json.dumps(rest, default=_text)}
    ours = set(connection.execute(statement, documents).scalars())
    left = {row[key] for row in rows} - ours
    if left - _known(connection, table, key, left):
        raise _kept_out(table)
    return ours


def _known(connection: Connection, table: Table, key: str, values: Collection[str]) -> set[str]:
    """Those of `values` that some row has as its `key`."""
    known: set[str] = set()
    for chunk in chunks(list(values)):
        known.update(connection.execute(select(table.c[key]).where(table.c[key].in_(chunk))).scalars())
    return known


def _kept_out(table: Table) -> DatabaseRefusedError:
    return DatabaseRefusedError(f"another unique key of the table {table.name}, or a trigger, keeps the new row out")


def _differences(rows: list[Row]) -> list[Row]:
    """Without the columns in which all rows hold the very same object: equal amounts may be spelled differently."""
    varying = [name for name, value in rows[0].items() if any(row[name] is not value for row in rows)]
    return [{name: row[name] for name in varying} for row in rows]


def _encodable(table: Table, rows: list[Row]) -> list[Row]:
    """By the shop's names, in its words; times as ISO text, without a zone where the column has none."""
    columns = {column.name: column for column in table.columns if column.key in rows[0]}
    encoded = [{name: row[column.key] for name, column in columns.items()} for row in rows]
    for name, column in columns.items():
        if (said := _spelling(column.type)) is not None:
            for row in encoded:
                row[name] = row[name] and said(row[name])
    return encoded


def _spelling(kind: TypeEngine[Any]) -> Callable[[Any], str] | None:
    """How the values of a column are written; None where they go as they are."""
    if isinstance(kind, ShopText) and kind.words.said:
        return kind.words.to_shop
    if isinstance(kind, UtcTime):
        zone = UTC if kind.has_zone else None
        return lambda time: time.replace(tzinfo=zone).isoformat()
    return None


def _target(connection: Connection, table: Table) -> str:
    """The table's name, quoted; one without a schema is where the engine keeps those."""
    quote = connection.dialect.identifier_preparer.quote
    schema = table.schema or own_schema(connection)
    return ".".join(quote(part) for part in (schema, table.name) if part).replace(":", r"\:")


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no place in a row")


def _sqlite(connection: Connection, table: Table, rows: list[Row], key: str) -> set[str]:
    """Our transaction holds the only write lock, so what is looked up stays true until the insert."""
    known = _known(connection, table, key, [row[key] for row in rows])
    fresh = list({row[key]: row for row in rows if row[key] not in known}.values())
    if fresh and connection.execute(table.insert(), fresh).rowcount != len(fresh):
        raise _kept_out(table)
    return {row[key] for row in fresh}
