"""Rows of other tables that refer to orders and items, whatever tables a shop has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Inspector, Text, cast, column, inspect, select, table, text

from ordersync_dagster.adapters.database.journal.row_snapshots import canonical
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.core.history import RowSnapshot

# With these the database itself refuses to delete a row that is referred to.
_HARMLESS = ("", "NO ACTION", "RESTRICT")


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`columns` of `table` refer to the columns `referred` of `target`, our name of the shop's table."""

    target: str
    schema: str | None
    table: str
    columns: tuple[str, ...]
    referred: tuple[str, ...]
    # Its rows would be deleted or changed together with the order, and we could not see that.
    is_unreadable: bool = False


def find_foreign_keys(connection: Connection, tables: FittedTables) -> list[ForeignKey]:
    """Every foreign key to orders or items, except those of the tables that we write ourselves."""
    inspector = inspect(connection)
    default = inspector.default_schema_name
    targets = {(each.schema or default, each.name): ours for ours, each in tables.by_name.items()}
    found = []
    for schema in _schemas(connection, inspector):
        for (_, name), keys in inspector.get_multi_foreign_keys(schema=schema).items():
            place = (schema or default, name)
            for key in keys:
                target = targets.get((key["referred_schema"] or schema or default, key["referred_table"]))
                if target and place not in targets:
                    found += _readable(connection, target, place, key)
    return found


def referring_tables(
    connection: Connection, keys: Sequence[ForeignKey], rows: Mapping[str, Mapping[str, RowSnapshot]]
) -> dict[tuple[str, str], list[str]]:
    """(our name of a table, row id) → the names of the tables that refer to that row; `rows` is by the same two."""
    found: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        snapshots = rows[key.target]
        if key.is_unreadable:
            names = dict.fromkeys(snapshots, f"{key.table}, which this role may not read")
        else:
            row_ids = {_texts(row[name] for name in key.referred): row_id for row_id, row in snapshots.items()}
            names = {row_ids[value]: key.table for value in _present(connection, key, list(row_ids))}
        for row_id, name in names.items():
            found.setdefault((key.target, row_id), []).append(name)
    return found


def _schemas(connection: Connection, inspector: Inspector) -> list[str | None]:
    if connection.dialect.name != "postgresql":
        return [None]
    names = inspector.get_schema_names()
    return [name for name in names if name != "information_schema" and not name.startswith("pg_")]


def _readable(connection: Connection, target: str, place: tuple[str | None, str], key: Any) -> list[ForeignKey]:
    schema, name = place if connection.dialect.name == "postgresql" else (None, place[1])
    if _may_read(connection, schema, name):
        return [ForeignKey(target, schema, name, tuple(key["constrained_columns"]), tuple(key["referred_columns"]))]
    is_silent = str(key["options"].get("ondelete") or "").upper() not in _HARMLESS
    return [ForeignKey(target, schema, name, (), (), is_unreadable=True)] if is_silent else []


def _may_read(connection: Connection, schema: str | None, name: str) -> bool:
    if connection.dialect.name != "postgresql":
        return True
    query = text("""
        SELECT has_table_privilege(held.oid, 'SELECT') AND has_schema_privilege(home.oid, 'USAGE')
        FROM pg_class AS held JOIN pg_namespace AS home ON home.oid = held.relnamespace
        WHERE home.nspname = :schema AND held.relname = :name""")
    return bool(connection.execute(query, {"schema": schema, "name": name}).scalar())


def _present(connection: Connection, key: ForeignKey, values: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Those of `values` that some row of the table has in all columns of the key."""
    columns: list[ColumnElement[Any]] = [column(name) for name in key.columns]
    source = table(key.table, *columns, schema=key.schema)  # type: ignore[arg-type]  # plain columns
    found: set[tuple[str, ...]] = set()
    for chunk in chunks(values):
        wanted = zip(columns, zip(*chunk, strict=True), strict=True)
        conditions = (is_one_of(cast(each, Text), part, connection) for each, part in wanted)
        rows = connection.execute(select(*columns).select_from(source).where(*conditions).distinct())
        found.update(_texts(map(canonical, row)) for row in rows)
    return found & set(values)


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
