"""Whole rows as the database holds them, with all of the shop's columns, for the audit and for undo."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Connection, Table, Text, cast, literal_column, select

from ordersync_dagster.adapters.database.rows.bulk_insert import NewRows
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.schema.column_types import BinaryJson
from ordersync_dagster.adapters.database.schema.plain_tables import PlainTable
from ordersync_dagster.core.history import RowSnapshot

_AS_TEXT = "ordersync_text_of_"
snapshot_text = json.JSONEncoder(sort_keys=True).encode  # a snapshot as text; one encoder for all rows


def read_snapshots(
    connection: Connection, table: Table, ids: Collection[str], *, by: str = "id", lock: bool = False
) -> dict[str, RowSnapshot]:
    """The rows whose column `by` is one of `ids`, by row id. JSON is the stored text."""
    whole: list[ColumnElement[Any]] = [literal_column("*")]
    documents = (column for column in table.columns if isinstance(column.type, JSON))
    whole.extend(cast(column, Text).label(_AS_TEXT + column.name) for column in documents)
    found: dict[str, RowSnapshot] = {}
    for chunk in chunks(ids):
        query = select(*whole).select_from(table).where(is_one_of(table.c[by], chunk, connection))
        if lock and connection.dialect.name == "postgresql":
            query = query.with_for_update()
        result = connection.execute(query)
        columns = {str(name).removeprefix(_AS_TEXT): place for place, name in enumerate(result.keys())}
        # JSON columns are selected twice; the second, the text, replaces the value.
        for row in result:
            snapshot = {name: canonical(row[place]) for name, place in columns.items()}
            found[str(snapshot[table.c["id"].name])] = snapshot
    return found


def canonical(value: Any) -> str | int | bool | None:
    """A value of any driver in one form: text, except whole numbers, booleans and None."""
    if value is None or isinstance(value, str | int):  # booleans are ints
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, default=str)
    return str(value)


def snapshots_of(new: NewRows, plain: PlainTable) -> list[RowSnapshot]:
    """The rows that `read_snapshots` would give, in the order of `new`."""
    names = [column.name for column in new.table.columns]
    nothing = dict.fromkeys(plain.empty)
    lines = zip(*(_held(column, new, plain) for column in new.table.columns), strict=True)
    return [dict(zip(names, line, strict=True)) | nothing for line in lines]


def _held(column: Column[Any], new: NewRows, plain: PlainTable) -> list[Any]:
    """One column of the new rows as the database will hold it."""
    key = column.key
    if isinstance(column.type, BinaryJson):
        return [None if row[key] is None else _binary_json(row[key]) for row in new.rows]
    if key in plain.scales:
        return [None if row[key] is None else f"{row[key]:.{plain.scales[key]}f}" for row in new.rows]
    return list(new.sent[key])


def _binary_json(value: Any) -> str:
    return json.dumps(_in_order(value), ensure_ascii=False)


def _in_order(value: Any) -> Any:
    """Keys as jsonb sorts them: by their length, then by their bytes."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return {key: _in_order(value[key]) for key in keys}
    return [_in_order(each) for each in value] if isinstance(value, list) else value
