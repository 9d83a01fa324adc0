"""The shop's tables as the database describes them, under our names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedIndex

from ordersync_dagster.adapters.database.schema.shop_mapping import ShopMapping, close_match
from ordersync_dagster.adapters.database.schema.tables import SHOP_TABLES
from ordersync_dagster.core.errors import SchemaError

NEEDED = ("orders", "order_items")  # the other two are written if the shop has them
_PREDICATES = ("postgresql_where", "sqlite_where")


@dataclass(frozen=True, slots=True)
class FoundTable:
    """One table; `columns` by the shop's names, `renamed` from our names to the shop's."""

    ours: str
    name: str
    schema: str | None
    columns: Mapping[str, ReflectedColumn]
    renamed: Mapping[str, str]
    unique: frozenset[frozenset[str]] = frozenset()
    checks: tuple[str, ...] = ()
    is_view: bool = False

    def theirs(self, column: str) -> str:
        """The shop's name of our column."""
        return self.renamed.get(column, column)

    def column(self, ours: str) -> ReflectedColumn | None:
        """Our column as the shop has it; None if it has none."""
        return self.columns.get(self.theirs(ours))

    def shown(self, column: str) -> str:
        """`table.column` by the shop's names."""
        return f"{self.name}.{self.theirs(column)}"


def own_schema(connection: Connection) -> str | None:
    """The schema of `ordersync_*`; None if they are in the shop's schema."""
    translated = connection.get_execution_options().get("schema_translate_map") or {}
    return translated.get(None)


def table_names(connection: Connection, schema: str | None = None) -> frozenset[str]:
    """The tables and views of `schema`, or of the default schema."""
    inspector = inspect(connection)
    if schema is not None and schema not in inspector.get_schema_names():
        return frozenset()
    return frozenset(inspector.get_table_names(schema)) | frozenset(inspector.get_view_names(schema))


def find_tables(connection: Connection, mapping: ShopMapping) -> dict[str, FoundTable]:
    """The shop's tables by our names; raises SchemaError if a needed table is missing."""
    inspector = inspect(connection)
    places = {ours: _schema_and_name(connection, mapping.table(ours)) for ours in SHOP_TABLES}
    present = {schema: table_names(connection, schema) for schema, _ in places.values()}
    missing = [ours for ours, (schema, name) in places.items() if name not in present[schema]]
    wanted = [ours for ours in missing if ours in NEEDED or ours in mapping.tables]
    if wanted:
        raise SchemaError(
            _missing_tables(wanted, mapping, present[None] if None in present else frozenset().union(*present.values()))
        )
    return {ours: _found(inspector, ours, places[ours], mapping) for ours in SHOP_TABLES if ours not in missing}


def _schema_and_name(connection: Connection, name: str) -> tuple[str | None, str]:
    schema, dot, rest = name.partition(".")
    if dot:
        return schema, rest
    # if our tables have their own schema, SQLAlchemy looks there for a table without a schema
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
        name in inspector.get_view_names(schema),
    )


def _unique(inspector: Inspector, name: str, schema: str | None) -> frozenset[frozenset[str]]:
    keys = [key["column_names"] for key in inspector.get_unique_constraints(name, schema)]
    keys += [
        [column for column in index["column_names"] if column]
        for index in inspector.get_indexes(name, schema)
        if index["unique"] and None not in index["column_names"] and _holds_for_all_values(index)
    ]
    keys.append(inspector.get_pk_constraint(name, schema)["constrained_columns"])
    return frozenset(frozenset(key) for key in keys)


def _holds_for_all_values(index: ReflectedIndex) -> bool:
    """Whether the index has no predicate, or leaves out only rows without a value."""
    options = index.get("dialect_options", {})
    predicate = next((str(options[name]) for name in _PREDICATES if name in options), None)
    if predicate is None:
        return True
    plain = re.sub(r"::(text|character varying|bpchar)|[()\"`\[\]]", "", predicate).lower()
    names = {str(name).lower() for name in index["column_names"]}
    allowed = {f"{name} {test}" for name in names for test in ("is not null", "<> ''", "!= ''")}
    return len(names) == 1 and {" ".join(part.split()) for part in plain.split(" and ")} <= allowed


def _missing_tables(wanted: list[str], mapping: ShopMapping, names: frozenset[str]) -> str:
    named = [
        f"`{mapping.table(ours)}`, which ordersync.toml names for {ours}" for ours in wanted if ours in mapping.tables
    ]
    hint = close_match(mapping.table(wanted[0]), (name for name in names if not name.startswith("ordersync_")))
    if named:
        return f"the database has no table {'; no '.join(named)}{hint}: correct [tables]"
    if not names:
        return "the database holds no tables yet: `ordersync db init` makes them, if DATABASE_URL is the right database"
    if "orders" in wanted:
        return (
            f"the database has tables but no `orders`{hint}; is this the shop's database? "
            "Check DATABASE_URL, or name the table under [tables] in ordersync.toml (docs/mapping.md)"
        )
    return f"the database lacks {', '.join(wanted)}{hint}; name it under [tables] in ordersync.toml"
