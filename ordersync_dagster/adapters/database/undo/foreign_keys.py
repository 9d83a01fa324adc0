"""Rows of other tables that refer to orders and items, whatever tables a shop has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Inspector, Text, cast, column, inspect, select, table, text

from ordersync_dagster.adapters.database.journal.row_snapshots import Image, canonical
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.schema.fitted import FittedTables

_HARMLESS = ("", "NO ACTION", "RESTRICT")  # the database itself then refuses to remove what is referred to


@dataclass(frozen=True, slots=True)
class Child:
    """A foreign key to `parent`, our name of the shop's table; `column` refers to the parent's `referred`."""

    parent: str
    schema: str | None
    name: str
    column: str
    referred: str
    is_unreadable: bool = False  # and would go or change with its parent without a word


def find_children(connection: Connection, tables: FittedTables) -> list[Child]:
    """Every foreign key to orders or items, but those of the tables that we write ourselves."""
    inspector = inspect(connection)
    default = inspector.default_schema_name
    parents = {(each.schema or default, each.name): ours for ours, each in tables.by_name.items()}
    found = []
    for schema in _schemas(connection, inspector):
        for (_, name), keys in inspector.get_multi_foreign_keys(schema=schema).items():
            place = (schema or default, name)
            for key in keys:
                parent = parents.get((key["referred_schema"] or schema or default, key["referred_table"]))
                if parent and place not in parents:
                    found += _children(connection, parent, place, key)
    return found


def referring(
    connection: Connection, children: Sequence[Child], parent: str, images: Mapping[str, Image]
) -> dict[str, list[str]]:
    """The names of the tables that refer to each of `images`, rows of `parent` by id."""
    found: dict[str, list[str]] = {}
    for child in children:
        if child.parent != parent or not images:
            continue
        if child.is_unreadable:
            names = dict.fromkeys(images, f"{child.name}, which this role may not read")
        else:
            values = {str(image[child.referred]): row_id for row_id, image in images.items()}
            names = {values[value]: child.name for value in _present(connection, child, list(values))}
        for row_id, name in names.items():
            found.setdefault(row_id, []).append(name)
    return found


def _schemas(connection: Connection, inspector: Inspector) -> list[str | None]:
    if connection.dialect.name != "postgresql":
        return [None]
    names = inspector.get_schema_names()
    return [name for name in names if name != "information_schema" and not name.startswith("pg_")]


def _children(connection: Connection, parent: str, place: tuple[str | None, str], key: Any) -> list[Child]:
    schema, name = place if connection.dialect.name == "postgresql" else (None, place[1])
    if _may_read(connection, schema, name):
        pairs = zip(key["constrained_columns"], key["referred_columns"], strict=True)
        return [Child(parent, schema, name, ours, theirs) for ours, theirs in pairs]
    is_silent = str(key["options"].get("ondelete") or "").upper() not in _HARMLESS
    return [Child(parent, schema, name, "", "", is_unreadable=True)] if is_silent else []


def _may_read(connection: Connection, schema: str | None, name: str) -> bool:
    if connection.dialect.name != "postgresql":
        return True
    query = text("""
        SELECT has_table_privilege(held.oid, 'SELECT') AND has_schema_privilege(home.oid, 'USAGE')
        FROM pg_class AS held JOIN pg_namespace AS home ON home.oid = held.relnamespace
        WHERE home.nspname = :schema AND held.relname = :name""")
    return bool(connection.execute(query, {"schema": schema, "name": name}).scalar())


def _present(connection: Connection, child: Child, values: list[str]) -> set[str]:
    other: ColumnElement[Any] = column(child.column)
    source = table(child.name, other, schema=child.schema)  # type: ignore[arg-type]  # a plain column
    found: set[str] = set()
    for chunk in chunks(values):
        query = select(other).select_from(source).where(is_one_of(cast(other, Text), chunk, connection)).distinct()
        found.update(str(canonical(value)) for value in connection.execute(query).scalars())
    return found & set(values)
