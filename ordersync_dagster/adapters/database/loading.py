"""Many new rows in one statement, with the keys of those that became ours."""

import json
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, select, text

from ordersync_dagster.adapters.database.columns import MinorUnits, ShopText, UtcTime, to_minor
from ordersync_dagster.adapters.database.reading import chunks
from ordersync_dagster.adapters.database.reflection import own_schema

Row = dict[str, Any]
ROWS = 1000  # of one statement: a few MB


def insert_new(connection: Connection, table: Table, rows: Sequence[Row], key: str) -> set[str]:
    """Insert those of `rows` that no unique key forbids; the `key` values of those that were inserted."""
    if not rows:
        return set()
    names = table.columns.keys()
    fitted = [{name: row[name] for name in names} for row in rows]
    _count_in_minor_units(table, rows, fitted)
    ours: set[str] = set()
    for start in range(0, len(fitted), ROWS):
        some = fitted[start : start + ROWS]
        is_postgres = connection.dialect.name == "postgresql"
        ours |= _postgres(connection, table, some, key) if is_postgres else _sqlite(connection, table, some, key)
    return ours


def _count_in_minor_units(table: Table, rows: Sequence[Row], fitted: list[Row]) -> None:
    """Amounts as such a column holds them; `rows` say their currency."""
    for column in table.columns:
        if isinstance(column.type, MinorUnits):
            for row, row_fitted in zip(rows, fitted, strict=True):
                row_fitted[column.key] = to_minor(row[column.key], row["currency"])


def _postgres(connection: Connection, table: Table, rows: list[Row], key: str) -> set[str]:
    """One JSON text, unpacked by the server into the table's own row type, whatever types the shop chose.

    As fast as COPY into a temporary table, without the right to make one.
    https://www.postgresql.org/docs/current/functions-json.html
    """
    quote = connection.dialect.identifier_preparer.quote
    columns, target = ", ".join(quote(column.name) for column in table.columns), _target(connection, table)
    statement = text(
        f"INSERT INTO {target} ({columns}) SELECT {columns} "  # noqa: S608  # reflected names, quoted
        f"FROM json_populate_recordset(NULL::{target}, CAST(:rows AS json)) "
        f"ON CONFLICT DO NOTHING RETURNING CAST({quote(table.c[key].name)} AS text)"
    )
    _write_out_times(table, rows)
    _say_in_the_shops_words(table, rows)
    document = json.dumps(_by_the_shops_names(table, rows), default=_text)
    return set(connection.execute(statement, {"rows": document}).scalars())


def _target(connection: Connection, table: Table) -> str:
    """The table's name, quoted; one without a schema is where the engine keeps those."""
    quote = connection.dialect.identifier_preparer.quote
    schema = table.schema or own_schema(connection)
    return ".".join(quote(part) for part in (schema, table.name) if part).replace(":", r"\:")


def _say_in_the_shops_words(table: Table, rows: list[Row]) -> None:
    for column in table.columns:
        if isinstance(column.type, ShopText) and column.type.words.said:
            for row in rows:
                row[column.key] = row[column.key] and column.type.words.to_shop(row[column.key])


def _by_the_shops_names(table: Table, rows: list[Row]) -> list[Row]:
    renamed = {column.key: column.name for column in table.columns}
    if all(key == name for key, name in renamed.items()):
        return rows
    return [{renamed[key]: value for key, value in row.items()} for row in rows]


def _write_out_times(table: Table, rows: list[Row]) -> None:
    """ISO text, without a zone where the column has none."""
    for column in table.columns:
        if isinstance(column.type, UtcTime):
            zone = UTC if column.type.has_zone else None
            for row in rows:
                time = row[column.key]
                row[column.key] = time and time.replace(tzinfo=zone).isoformat()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no place in a row")


def _sqlite(connection: Connection, table: Table, rows: list[Row], key: str) -> set[str]:
    """Our transaction holds the only write lock, so what is looked up stays true until the insert."""
    known: set[str] = set()
    for chunk in chunks([row[key] for row in rows]):
        known.update(connection.execute(select(table.c[key]).where(table.c[key].in_(chunk))).scalars())
    fresh = list({row[key]: row for row in rows if row[key] not in known}.values())
    if fresh:
        connection.execute(table.insert(), fresh)
    return {row[key] for row in fresh}
