"""What a database looks like, and whether it fits; read once at the start of a run."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, DateTime, Integer, MetaData, Numeric, String, Table, inspect
from sqlalchemy.engine.interfaces import ReflectedColumn

from ordersync_dagster.adapters.database.tables import OWN_TABLES, SHOP_TABLES, shop_tables
from ordersync_dagster.core.changes import Limits
from ordersync_dagster.core.errors import SchemaError
from ordersync_dagster.core.money import Capacity

VERSION_TABLE = "ordersync_alembic_version"
_OPTIONAL = frozenset(  # columns that a shop may lack: we then simply do not write them
    [
        "audit_logs.user_email",
        "audit_logs.user_role",
        "audit_logs.category",
        "audit_logs.severity",
        "audit_logs.ip_address",
        "audit_logs.user_agent",
        "audit_logs.request_method",
        "audit_logs.request_path",
        "audit_logs.status",
        "audit_logs.status_code",
        "audit_logs.error_message",
        "audit_logs.gdpr_relevant",
        "audit_logs.retention_policy",
        "audit_logs.user_id",
        "order_items.image_url",
    ]
)
_MONEY = (("orders", "total_amount"), ("order_items", "price"))
_ANY_AMOUNT = Capacity(131072, 16383)  # PostgreSQL's numeric without a precision


@dataclass(frozen=True, slots=True)
class Shape:
    """Tables fitted to a database: `shop` has only the columns that exist there."""

    shop: MetaData
    limits: Limits
    has_own_tables: bool

    def table(self, name: str) -> Table:
        return self.shop.tables[name]


def table_names(connection: Connection) -> frozenset[str]:
    """The tables and views in the default schema."""
    inspector = inspect(connection)
    return frozenset(inspector.get_table_names()) | frozenset(inspector.get_view_names())


def read_shape(connection: Connection) -> Shape:
    """Inspect the shop's tables; raises SchemaError with every misfit named at once."""
    names = table_names(connection)
    missing = [name for name in SHOP_TABLES if name not in names]
    if missing:
        raise SchemaError(_missing_tables(missing, names))
    inspector = inspect(connection)
    columns = {name: {column["name"]: column for column in inspector.get_columns(name)} for name in SHOP_TABLES}
    shop = shop_tables(zoned=_zoned(columns))
    misfits = [each for name in SHOP_TABLES for each in _misfits(shop.tables[name], columns[name])]
    if not _has_unique_session(inspector):
        misfits.append("orders.stripe_session_id has no unique key, so a session could become two orders: add one")
    misfits += [
        f"{table}.{name} is a whole number, which would round cents away: make it numeric(15,3)"
        for table, name in _MONEY
        if name in columns[table] and isinstance(columns[table][name]["type"], Integer)
    ]
    if misfits:
        raise SchemaError("the database does not fit: " + "; ".join(misfits))
    return Shape(_fitted(shop, columns), _limits(columns), OWN_TABLES[0] in names)


def _missing_tables(missing: Collection[str], names: frozenset[str]) -> str:
    if "orders" in missing:
        close = get_close_matches("orders", sorted(names), n=1)
        hint = f" (is it {close[0]}?)" if close else ""
        return f"the database has tables but no `orders`{hint}; is this the shop's database? Check DATABASE_URL"
    return f"the database lacks {', '.join(missing)}; `ordersync db init` in an empty database shows what they hold"


def _misfits(table: Table, found: Mapping[str, ReflectedColumn]) -> list[str]:
    problems = []
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        if column.name not in found and name not in _OPTIONAL:
            close = get_close_matches(column.name, sorted(found), n=1)
            problems.append(f"{name} is missing" + (f" (is it {close[0]}?)" if close else ""))
    for name, reflected in found.items():
        is_ours = name in table.columns
        if (
            not is_ours
            and not reflected["nullable"]
            and reflected.get("default") is None
            and not _is_generated(reflected)
        ):
            problems.append(f"{table.name}.{name} must be given and has no default, and we do not know it: give it one")
    return problems


def _is_generated(column: ReflectedColumn) -> bool:
    return bool(column.get("computed") or column.get("identity") or column.get("autoincrement") is True)


def _has_unique_session(inspector: Any) -> bool:
    keys = [set(key["column_names"]) for key in inspector.get_unique_constraints("orders")]
    keys += [
        set(index["column_names"])
        for index in inspector.get_indexes("orders")
        if index["unique"] and not {"postgresql_where", "sqlite_where"} & index.get("dialect_options", {}).keys()
    ]
    keys.append(set(inspector.get_pk_constraint("orders")["constrained_columns"]))
    return {"stripe_session_id"} in keys


def _zoned(columns: Mapping[str, Mapping[str, ReflectedColumn]]) -> frozenset[str]:
    return frozenset(
        f"{table}.{name}"
        for table, found in columns.items()
        for name, column in found.items()
        if isinstance(column["type"], DateTime) and column["type"].timezone
    )


def _fitted(shop: MetaData, columns: Mapping[str, Mapping[str, ReflectedColumn]]) -> MetaData:
    fitted = MetaData()
    for name, table in shop.tables.items():
        kept = [column for column in table.columns if column.name in columns[name]]
        Table(name, fitted, *(column._copy() for column in kept))
    return fitted


def _limits(columns: Mapping[str, Mapping[str, ReflectedColumn]]) -> Limits:
    widths = {
        f"{table}.{name}": column["type"].length
        for table, found in columns.items()
        for name, column in found.items()
        if isinstance(column["type"], String) and column["type"].length
    }
    price = columns["order_items"]["price"]
    return Limits(
        total=_capacity(columns["orders"]["total_amount"]),
        price=_capacity(price),
        is_price_required=not price["nullable"],
        widths=widths,
    )


def _capacity(column: ReflectedColumn) -> Capacity:
    kind = column["type"]
    if isinstance(kind, String):  # our exact decimal text on SQLite
        return Capacity(15, 3)
    if isinstance(kind, Numeric) and kind.precision is not None:
        return Capacity(kind.precision, kind.scale or 0)
    return _ANY_AMOUNT
