"""Our tables fitted to a database, read once at the start of a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, Column, Connection, DateTime, Dialect, MetaData, Numeric, String, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.types import TypeEngine

from ordersync_dagster.adapters.database.schema.column_types import BinaryJson, MinorUnits, Money, ShopText
from ordersync_dagster.adapters.database.schema.currency_words import CapitalWords, are_capitals
from ordersync_dagster.adapters.database.schema.keys import GIVEN_INFO, is_whole_number, key_problems
from ordersync_dagster.adapters.database.schema.obstacles import hidden_rows, obstacles
from ordersync_dagster.adapters.database.schema.own_tables import OWN_TABLES
from ordersync_dagster.adapters.database.schema.plain_tables import PlainTable, plain_tables
from ordersync_dagster.adapters.database.schema.problems import (
    LEFT_EMPTY,
    OPTIONAL,
    SOMETIMES_EMPTY,
    allowed_words,
    default_of,
    has_default,
    is_computed,
    table_problems,
)
from ordersync_dagster.adapters.database.schema.reflection import (
    NEEDED,
    FoundTable,
    find_tables,
    own_schema,
    table_names,
)
from ordersync_dagster.adapters.database.schema.shop_mapping import ShopMapping
from ordersync_dagster.adapters.database.schema.shop_values import (
    default_info,
    if_empty_info,
    value_columns,
)
from ordersync_dagster.adapters.database.schema.status_words import StatusWords
from ordersync_dagster.adapters.database.schema.tables import SHOP_TABLES, shop_tables
from ordersync_dagster.adapters.database.schema.type_families import family, server_type
from ordersync_dagster.core.errors import SchemaError
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.money import Capacity

_ANY_AMOUNT = Capacity(131072, 16383)  # PostgreSQL's numeric without a precision
_WHOLE_MINOR_UNITS = Capacity(131072, 3)  # the currency decides how many of the 3 decimals it has


@dataclass(frozen=True, slots=True)
class FittedTables:
    """Tables and columns by our names; only those that the database has."""

    by_name: Mapping[str, Table]
    limits: Limits
    own: frozenset[str] = frozenset()  # our own tables that there are; older versions lack some
    plain: Mapping[str, PlainTable] = field(default_factory=dict)  # tables whose new rows need not be read back
    hidden: tuple[str, ...] = ()  # a sentence for each table that may not show us all rows

    @property
    def has_own_tables(self) -> bool:
        return OWN_TABLES[0] in self.own

    def table(self, name: str) -> Table:
        return self.by_name[name]

    def has(self, name: str) -> bool:
        """Whether the shop has this table; it always has `orders` and `order_items`."""
        return name in self.by_name

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that the run shows first."""
        lacking = [name for name in SHOP_TABLES if name not in self.by_name]
        if not lacking:
            return self.hidden
        return (f"The shop has no {' and no '.join(lacking)}; changes are recorded in ordersync_audit.", *self.hidden)


def read_fitted_tables(connection: Connection, mapping: ShopMapping = ShopMapping()) -> FittedTables:
    """Inspect the shop's tables; raises SchemaError that names every problem."""
    found = find_tables(connection, mapping)
    shop = shop_tables(zoned=_zoned(found)).tables
    is_postgres = connection.dialect.name == "postgresql"
    problems = [
        sentence
        for name, table in found.items()
        for sentence in table_problems(shop[name], table, mapping, is_postgres=is_postgres)
    ]
    problems += [*key_problems(connection, found), *obstacles(connection, found)]
    if problems:
        raise SchemaError("the database does not fit: " + "; ".join(problems))
    metadata = MetaData()
    fitted = {
        name: _fitted_table(shop[name], table, mapping, metadata, connection.dialect) for name, table in found.items()
    }
    ours = table_names(connection, own_schema(connection))
    plain = plain_tables(connection, fitted, {name: found[name] for name in NEEDED})
    hidden = hidden_rows(connection, found)
    return FittedTables(fitted, _limits(found, mapping), ours.intersection(OWN_TABLES), plain, hidden)


def _zoned(found: Mapping[str, FoundTable]) -> frozenset[str]:
    return frozenset(
        f"{ours}.{column.name}"
        for ours, table in found.items()
        for column in shop_tables().tables[ours].columns
        if (reflected := table.column(column.name))
        and isinstance(reflected["type"], DateTime)
        and reflected["type"].timezone
    )


def _fitted_table(table: Table, found: FoundTable, mapping: ShopMapping, metadata: MetaData, dialect: Dialect) -> Table:
    kept = [(column, reflected) for column in table.columns if (reflected := found.column(column.name))]
    values = mapping.values.get(table.name, {})
    columns: list[Column[Any]] = [
        Column(
            found.theirs(column.name),
            _fitted_type(
                column.type,
                reflected["type"],
                _words(f"{table.name}.{column.name}", reflected, found, mapping),
                mapping,
                dialect,
            ),
            key=column.name,
            primary_key=column.primary_key,
            nullable=reflected["nullable"],
            info=_info(column, reflected, values, f"{table.name}.{column.name}"),
        )
        for column, reflected in kept
        if reflected["name"] in values or not _is_left_to_its_default(f"{table.name}.{column.name}", reflected)
    ]
    return Table(found.name, metadata, *columns, *value_columns(table, found, values), schema=found.schema)


def _info(column: Column[Any], reflected: ReflectedColumn, values: Mapping[str, Any], name: str) -> dict[str, Any]:
    if column.primary_key and family(reflected["type"]) == "integer":
        return GIVEN_INFO
    if reflected["name"] in values:
        return if_empty_info(values[reflected["name"]])
    default = default_of(reflected, name) if name in LEFT_EMPTY | SOMETIMES_EMPTY else None
    return default_info(default) if default else {}


def _is_left_to_its_default(name: str, reflected: ReflectedColumn) -> bool:
    return name in OPTIONAL and (is_computed(reflected) or (not reflected["nullable"] and has_default(reflected)))


def _words(
    name: str, reflected: ReflectedColumn, found: FoundTable, mapping: ShopMapping
) -> StatusWords | CapitalWords:
    """How the shop spells the words of this column."""
    if name == "orders.status":
        return mapping.words
    if name == "orders.currency" and are_capitals(allowed_words(reflected, found)):
        return CapitalWords()
    return StatusWords()


def _fitted_type(
    ours: TypeEngine[Any],
    theirs: TypeEngine[Any],
    words: StatusWords | CapitalWords,
    mapping: ShopMapping,
    dialect: Dialect,
) -> TypeEngine[Any]:
    if isinstance(ours, Money):
        return MinorUnits() if mapping.amounts.minor_units else ours
    if isinstance(ours, JSON) and isinstance(theirs, JSONB):
        return BinaryJson(none_as_null=True)
    if not isinstance(ours, Text):
        return ours
    cast_to = server_type(theirs, dialect)
    return ShopText(cast_to, words) if cast_to or words.said else ours


def _limits(found: Mapping[str, FoundTable], mapping: ShopMapping) -> Limits:
    widths = {
        f"{ours}.{column.name}": reflected["type"].length
        for ours, table in found.items()
        for column in shop_tables().tables[ours].columns
        if (reflected := table.column(column.name))
        and isinstance(reflected["type"], String)
        and family(reflected["type"]) == "text"
        and reflected["type"].length
        and not (column.name == "status" and mapping.statuses)  # `table_problems` checked the shop's words
    }
    price = found["order_items"].column("price")
    total = found["orders"].column("total_amount")
    assert price is not None and total is not None  # noqa: S101, PT018  # `table_problems` checked it
    in_minor_units = mapping.amounts.minor_units
    return Limits(
        total=_WHOLE_MINOR_UNITS if in_minor_units else _capacity(total),
        price=_WHOLE_MINOR_UNITS if in_minor_units else _capacity(price),
        is_price_required=not price["nullable"],
        widths=widths,
        required=frozenset(_required(found, mapping)),
        numbers_orders=is_whole_number(found, "orders"),
    )


def _required(found: Mapping[str, FoundTable], mapping: ShopMapping) -> Iterator[str]:
    """Columns without NULL, default and value that some of our new rows have nothing for."""
    for name in sorted(SOMETIMES_EMPTY):
        table, _, column = name.partition(".")
        reflected = found[table].column(column)
        if reflected is None or reflected["nullable"] or default_of(reflected, name):
            continue
        if reflected["name"] not in mapping.values.get(table, {}):
            yield name


def _capacity(column: ReflectedColumn) -> Capacity:
    kind = column["type"]
    if isinstance(kind, String):  # our exact decimal text on SQLite
        return Capacity(15, 3)
    if isinstance(kind, Numeric) and kind.precision is not None:
        return Capacity(kind.precision, kind.scale or 0)
    return _ANY_AMOUNT
