"""Which tables hold new rows exactly as they are sent, so that these need not be read back.

Only the column types stand between the sent and the held value there: no default, no type that pads, rounds or
reformats, and no trigger, also none of the timeline or of audit_logs, which could change an order.
docs/decisions/0015 says why; a test compares both ways for many shops.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, TEXT, VARCHAR, Column, Connection, DateTime, Float, Integer, Numeric, String, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import ReflectedColumn

from ordersync_dagster.adapters.database.schema.column_types import MinorUnits, Money, ShopText, UtcTime
from ordersync_dagster.adapters.database.schema.keys import is_given
from ordersync_dagster.adapters.database.schema.reflection import FoundTable
from ordersync_dagster.adapters.database.schema.shop_values import default_if_empty, has_fixed_value, has_value_if_empty
from ordersync_dagster.adapters.database.schema.type_families import family

_UNTOUCHED = """
SELECT held.relkind = 'r' AND NOT held.relrowsecurity AND NOT EXISTS (
    SELECT FROM pg_trigger WHERE tgrelid = held.oid AND NOT tgisinternal)
FROM pg_class AS held WHERE held.oid = to_regclass(:name)"""
_TRIGGERS = "SELECT count(*) = 0 FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(:name)"


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table that holds new rows as they are sent; `scales` are of amounts, by our names."""

    scales: Mapping[str, int]
    empty: tuple[str, ...]  # the shop's names of the columns that we do not write


def plain_tables(
    connection: Connection, tables: Mapping[str, Table], found: Mapping[str, FoundTable]
) -> dict[str, PlainTable]:
    """Those of `found` that hold new rows as they are sent; none where a trigger of any of `tables` may change them."""
    if not all(_is_untouched(connection, table) for table in tables.values()):
        return {}
    known = {name: _plain_table(connection, tables[name], table) for name, table in found.items()}
    return {name: each for name, each in known.items() if each is not None}


def _plain_table(connection: Connection, table: Table, found: FoundTable) -> PlainTable | None:
    is_postgres = connection.dialect.name == "postgresql"
    ours = {column.name: column for column in table.columns}
    empty = tuple(name for name in found.columns if name not in ours)
    if not all(_is_kept(ours[name], found.columns[name], is_postgres=is_postgres) for name in ours):
        return None
    if not all(_stays_empty(found.columns[name]) for name in empty):
        return None
    amounts = {each.key: found.columns[each.name]["type"] for each in table.columns if isinstance(each.type, Money)}
    scales = {key: kind.scale for key, kind in amounts.items() if isinstance(kind, Numeric) and kind.scale is not None}
    return PlainTable(scales, empty)


def _is_untouched(connection: Connection, table: Table) -> bool:
    if connection.dialect.name != "postgresql":
        return bool(connection.execute(text(_TRIGGERS), {"name": table.name}).scalar())
    name = connection.dialect.identifier_preparer.format_table(table)
    return bool(connection.execute(text(_UNTOUCHED), {"name": name}).scalar())


def _stays_empty(reflected: ReflectedColumn) -> bool:
    is_given = reflected["default"] is not None or "computed" in reflected or "identity" in reflected
    is_key = bool(reflected.get("primary_key"))  # SQLite numbers the rows of one
    kind = reflected["type"]
    is_known = family(kind) != "unknown" and not isinstance(kind, postgresql.DOMAIN)  # a domain may have a default
    return bool(reflected["nullable"]) and is_known and not (is_given or is_key)


def _is_kept(column: Column[Any], reflected: ReflectedColumn, *, is_postgres: bool) -> bool:
    if is_given(column) or has_fixed_value(column) or has_value_if_empty(column) or default_if_empty(column):
        return False
    if "computed" in reflected or "identity" in reflected:
        return False
    ours, theirs = column.type, reflected["type"]
    if isinstance(ours, ShopText) and ours.cast_to:
        return False
    if isinstance(ours, Money) and is_postgres:
        return isinstance(theirs, Numeric) and not isinstance(theirs, Float)
    if isinstance(ours, UtcTime):
        return isinstance(theirs, DateTime) and getattr(theirs, "precision", None) in (None, 6)
    if isinstance(ours, JSON) and isinstance(theirs, JSON):
        return True
    if isinstance(ours, Integer | MinorUnits):
        return isinstance(theirs, Integer)
    return type(theirs) in (TEXT, VARCHAR) if is_postgres else isinstance(theirs, String)
