"""Many new rows in one statement, with the keys of those that became ours."""

import json
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, select, text

from ordersync_dagster.adapters.database.columns import UtcTime
from ordersync_dagster.adapters.database.reading import chunks

Row = dict[str, Any]
ROWS = 5000  # of one statement: a few MB


def insert_new(connection: Connection, table: Table, rows: Sequence[Row], key: str) -> set[str]:
    """Insert those of `rows` that no unique key forbids; the `key` values of those that were inserted."""
    if not rows:
        return set()
    names = [column.name for column in table.columns]
    fitted = [{name: row[name] for name in names} for row in rows]
    ours: set[str] = set()
    for start in range(0, len(fitted), ROWS):
        some = fitted[start : start + ROWS]
        is_postgres = connection.dialect.name == "postgresql"
        ours |= _postgres(connection, table, names, some, key) if is_postgres else _sqlite(connection, table, some, key)
    return ours


def _postgres(connection: Connection, table: Table, names: list[str], rows: list[Row], key: str) -> set[str]:
    """One JSON text, unpacked by the server into the table's own row type, whatever types the shop chose.

    As fast as COPY into a temporary table, without the right to make one.
    https://www.postgresql.org/docs/current/functions-json.html
    """
    quote = connection.dialect.identifier_preparer.quote
    columns, target = ", ".join(map(quote, names)), quote(table.name)
    statement = text(
        f"INSERT INTO {target} ({columns}) SELECT {columns} "  # noqa: S608  # our own names, quoted
        f"FROM json_populate_recordset(NULL::{target}, CAST(:rows AS json)) "
        f"ON CONFLICT DO NOTHING RETURNING {quote(key)}"
    )
    _write_out_times(table, rows)
    document = json.dumps(rows, default=_text)
    return set(connection.execute(statement, {"rows": document}).scalars())


def _write_out_times(table: Table, rows: list[Row]) -> None:
    """ISO text, without a zone where the column has none."""
    for column in table.columns:
        if isinstance(column.type, UtcTime):
            zone = UTC if column.type.has_zone else None
            for row in rows:
                time = row[column.name]
                row[column.name] = time and time.replace(tzinfo=zone).isoformat()


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
