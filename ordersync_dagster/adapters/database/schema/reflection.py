"""The shop's tables as the database describes them, under our names."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.engine.interfaces import ReflectedColumn

from ordersync_dagster.adapters.database.schema.shop_mapping import ShopMapping
from ordersync_dagster.adapters.database.schema.tables import SHOP_TABLES
from ordersync_dagster.core.errors import SchemaError

NEEDED = ("orders", "order_items")  # the others are written where there are any
_PARTIAL = {"postgresql_where", "sqlite_where"}


@dataclass(frozen=True, slots=True)
class FoundTable:
    """One table; `columns` are by the shop's names, `renamed` leads from ours to those."""

    ours: str
    name: str
    schema: str | None
    columns: Mapping[str, ReflectedColumn]
    renamed: Mapping[str, str]
    unique: frozenset[frozenset[str]] = frozenset()
    checks: tuple[str, ...] = ()

    def theirs(self, column: str) -> str:
        """The shop's name of our column."""
        return self.renamed.get(column, column)

    def column(self, ours: str) -> ReflectedColumn | None:
        """Our column as it is there, if it is."""
        return self.columns.get(self.theirs(ours))

    def shown(self, column: str) -> str:
        """`table.column` as the shop calls it."""
        return f"{self.name}.{self.theirs(column)}"


def own_schema(connection: Connection) -> str | None:
    """The schema that keeps `ordersync_*` apart; None where they are among the shop's tables."""
    translated = connection.get_execution_options().get("schema_translate_map") or {}
    return translated.get(None)


def table_names(connection: Connection, schema: str | None = None) -> frozenset[str]:
    """The tables and views of a schema, else of the default one."""
    inspector = inspect(connection)
    if schema is not None and schema not in inspector.get_schema_names():
        return frozenset()
    return frozenset(inspector.get_table_names(schema)) | frozenset(inspector.get_view_names(schema))


def find_tables(connection: Connection, mapping: ShopMapping) -> dict[str, FoundTable]:
    """The shop's tables by our names; raises SchemaError where one that is needed is not there."""
    inspector = inspect(connection)
    places = {ours: _place(connection, mapping.table(ours)) for ours in SHOP_TABLES}
    present = {schema: table_names(connection, schema) for schema, _ in places.values()}
    missing = [ours for ours, (schema, name) in places.items() if name not in present[schema]]
    wanted = [ours for ours in missing if ours in NEEDED or ours in mapping.tables]
    if wanted:
        raise SchemaError(
            _missing(wanted, mapping, present[None] if None in present else frozenset().union(*present.values()))
        )
    return {ours: _found(inspector, ours, places[ours], mapping) for ours in SHOP_TABLES if ours not in missing}


def _place(connection: Connection, name: str) -> tuple[str | None, str]:
    schema, dot, rest = name.partition(".")
    if dot:
        return schema, rest
    # with a schema of our own, a table without one would be taken for ours
    return (inspect(connection).default_schema_name if own_schema(connection) else None), name


def _found(inspector: Inspector, ours: str, place: tuple[str | None, str], mapping: ShopMapping) -> FoundTable:
    schema, name = place
    is_keyed = ours == "orders"
    return FoundTable(
        ours,
        name,
        schema,
        {column["name"]: column for column in inspector.get_columns(name, schema)},
        mapping.columns.get(ours, {}),
        _unique(inspector, name, schema) if is_keyed else frozenset(),
        tuple(check["sqltext"] for check in inspector.get_check_constraints(name, schema)),
    )


def _unique(inspector: Inspector, name: str, schema: str | None) -> frozenset[frozenset[str]]:
    keys = [key["column_names"] for key in inspector.get_unique_constraints(name, schema)]
    keys += [
        [column for column in index["column_names"] if column]
        for index in inspector.get_indexes(name, schema)
        if index["unique"]
        and not _PARTIAL & index.get("dialect_options", {}).keys()
        and None not in index["column_names"]
    ]
    keys.append(inspector.get_pk_constraint(name, schema)["constrained_columns"])
    return frozenset(frozenset(key) for key in keys)


def _missing(wanted: list[str], mapping: ShopMapping, names: frozenset[str]) -> str:
    named = [
        f"`{mapping.table(ours)}`, which ordersync.toml names for {ours}" for ours in wanted if ours in mapping.tables
    ]
    if named:
        return (
            f"the database has no table {'; no '.join(named)}{_hint(mapping.table(wanted[0]), names)}: correct [tables]"
        )
    if "orders" in wanted:
        return (
            f"the database has tables but no `orders`{_hint('orders', names)}; is this the shop's database? "
            "Check DATABASE_URL, or name the table under [tables] in ordersync.toml (docs/mapping.md)"
        )
    return f"the database lacks {', '.join(wanted)}{_hint(wanted[0], names)}; name it under [tables] in ordersync.toml"


def _hint(name: str, names: frozenset[str]) -> str:
    close = get_close_matches(name, sorted(names), n=1)
    return f" (is it {close[0]}?)" if close else ""
