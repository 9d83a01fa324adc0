"""Problems of the shop's tables: each one sentence with the fix."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, String, Table
from sqlalchemy.engine.interfaces import ReflectedColumn

from ordersync_dagster.adapters.database.schema import type_families
from ordersync_dagster.adapters.database.schema.currency_words import no_currency
from ordersync_dagster.adapters.database.schema.reflection import FoundTable
from ordersync_dagster.adapters.database.schema.shop_mapping import ShopMapping, close_match
from ordersync_dagster.adapters.database.schema.shop_values import value_problems
from ordersync_dagster.core.order_fields import FIELDS
from ordersync_dagster.core.orders import Status
from ordersync_dagster.core.printful_order import STATUS

# Columns that the shop need not have; we write them only if they exist.
OPTIONAL = frozenset(
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
        *(f"orders.{field.column}" for field in FIELDS if field.is_optional),
    ]
)
LEFT_EMPTY = frozenset(  # columns that our new rows leave empty
    [
        *(f"orders.{field.column}" for field in FIELDS if not field.is_inserted),
        "audit_logs.user_id",
        "audit_logs.user_email",
        "audit_logs.ip_address",
        "audit_logs.request_method",
        "audit_logs.request_path",
        "audit_logs.status_code",
        "audit_logs.error_message",
    ]
)
SOMETIMES_EMPTY = frozenset(  # columns that some of our new rows leave empty
    [
        "orders.stripe_payment_intent_id",
        "orders.printful_order_id",
        "orders.customer_name",
        "orders.shipping_address",
        "order_items.image_url",
    ]
)
NAMES = frozenset(["orders.stripe_payment_intent_id", "orders.printful_order_id"])  # a word there is an id
WIDTHS = {  # minimum characters; a longer value is a problem of its row
    **{f"orders.{field.column}": field.width for field in FIELDS if field.width},
    **{f"{table}.id": 36 for table in ("order_items", "order_events", "audit_logs")},
    "order_items.order_id": 36,
    "order_events.order_id": 36,
    "audit_logs.resource_id": 36,
}
WRITTEN_STATUSES = tuple(dict.fromkeys((Status.PROCESSING, *STATUS.values(), Status.REFUNDED)))
WORDS = {  # our own words, by column
    "order_events.event_type": ("order_recovered", "order_synced"),
    "order_events.status": ("success",),
    "audit_logs.action": ("order_create", "order_update"),
    "audit_logs.resource": ("order", "order_item"),
    "audit_logs.category": ("data_modification",),
    "audit_logs.severity": ("info",),
    "audit_logs.user_role": ("system",),
    "audit_logs.status": ("success",),
    "audit_logs.user_agent": ("ordersync",),
    "audit_logs.retention_policy": ("default",),
}
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_OTHER_LOGIC = re.compile(r"<>|!=|\b(OR|AND|NOT|LIKE)\b", re.IGNORECASE)


def table_problems(table: Table, found: FoundTable, mapping: ShopMapping, *, is_postgres: bool) -> Iterator[str]:
    """Every problem of one table; `table` is ours, `found` the shop's."""
    for column in table.columns:
        reflected = found.column(column.name)
        if reflected is None:
            yield from _missing_column(table, column.name, found)
            continue
        yield from _wrong_type(column, reflected, found, mapping, is_postgres=is_postgres)
        yield from _too_narrow(column, reflected, found, mapping)
        yield from _missing_words(column, reflected, found, mapping)
        if is_computed(reflected) and f"{table.name}.{column.name}" not in OPTIONAL:
            yield (
                f"{found.shown(column.name)} is computed by the database, so nothing can be written there: make it "
                f"a plain column, or name another under [columns.{table.name}] in ordersync.toml"
            )
        is_given = reflected["name"] in mapping.values.get(table.name, {})
        if not is_given and _must_be_given(reflected, f"{table.name}.{column.name}"):
            yield (
                f"{found.shown(column.name)} must be given, but our new rows leave it empty: allow NULL, or give them "
                f"a value under [values.{table.name}] in ordersync.toml"
            )
    ours = {found.theirs(name) for name in _column_names(table)}
    given = mapping.values.get(table.name, {})
    for name, reflected in found.columns.items():
        if name not in {*ours, *given} and not reflected["nullable"] and not has_default(reflected):
            yield (
                f"{found.name}.{name} must be given and has no default, and ordersync does not know it: add a default, "
                f"or give new rows a value under [values.{table.name}] in ordersync.toml"
            )
    yield from value_problems(table, found, given, LEFT_EMPTY | SOMETIMES_EMPTY)
    yield from _given_ids(table, found, given)
    if table.name == "orders" and frozenset([found.theirs("stripe_session_id")]) not in found.unique:
        shown = found.shown("stripe_session_id")
        fix = "add one"
        if found.is_view:
            fix = f"{found.name} is a view, so name its table under [tables] in ordersync.toml"
        yield f"{shown} has no unique key, so a session could become two orders: {fix}"


def has_default(column: ReflectedColumn) -> bool:
    """Whether the database fills the column if an INSERT leaves it out."""
    is_generated = column.get("computed") or column.get("identity") or column.get("autoincrement") is True
    return column.get("default") is not None or bool(is_generated)


def _given_ids(table: Table, found: FoundTable, given: Mapping[str, Any]) -> Iterator[str]:
    for column in table.columns:
        if f"{table.name}.{column.name}" in NAMES and given.get(found.theirs(column.name), "") != "":
            yield (
                f"{found.shown(column.name)} holds ids, so its value under [values.{table.name}] in ordersync.toml may "
                "only be empty text"
            )


def default_of(column: ReflectedColumn, name: str) -> str | None:
    """The SQL of the default that may take the place of our NULL."""
    default = column["default"]
    if column["nullable"] or (name in NAMES and default and default.partition("::")[0] != "''"):
        return None
    return default


def is_computed(column: ReflectedColumn) -> bool:
    """Whether the column is GENERATED from others."""
    return bool(column.get("computed"))


def _column_names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _must_be_given(column: ReflectedColumn, name: str) -> bool:
    """Whether our NULL would be refused; where the column has a default, that takes its place."""
    return name in LEFT_EMPTY and not column["nullable"] and not has_default(column)


def _missing_column(table: Table, name: str, found: FoundTable) -> Iterator[str]:
    is_mapped = name in found.renamed
    if f"{table.name}.{name}" in OPTIONAL and not is_mapped:
        return
    taken = {found.theirs(each) for each in _column_names(table)}
    hint = close_match(found.theirs(name), found.columns.keys() - taken)
    if is_mapped:
        yield f"{found.shown(name)} is missing{hint}, which ordersync.toml names for {name}: correct it there"
    else:
        yield f"{found.shown(name)} is missing{hint}: add it, or name it under [columns.{table.name}] in ordersync.toml"


def _wrong_type(
    column: Column[object], reflected: ReflectedColumn, found: FoundTable, mapping: ShopMapping, *, is_postgres: bool
) -> Iterator[str]:
    name, kind = f"{found.ours}.{column.name}", reflected["type"]
    sentence = type_families.wrong_type(name, column.type, kind, in_minor_units=mapping.amounts.minor_units)
    is_checked = is_postgres or type_families.family(kind) == "integer"  # SQLite hardly enforces its types
    if sentence and is_checked and not (found.ours == "audit_logs" and name in LEFT_EMPTY):
        yield f"{found.shown(column.name)} is {sentence}"


def _too_narrow(
    column: Column[object], reflected: ReflectedColumn, found: FoundTable, mapping: ShopMapping
) -> Iterator[str]:
    kind, name = reflected["type"], f"{found.ours}.{column.name}"
    width = kind.length if isinstance(kind, String) and type_families.family(kind) == "text" else None
    longest = max([WIDTHS.get(name, 0), *map(len, _written_words(name, mapping))])
    if width is not None and width < longest:
        yield f"{found.shown(column.name)} holds {width} characters, and {longest} are written: make it text"


def _missing_words(
    column: Column[object], reflected: ReflectedColumn, found: FoundTable, mapping: ShopMapping
) -> Iterator[str]:
    name, allowed = f"{found.ours}.{column.name}", allowed_words(reflected, found)
    wrong = no_currency(allowed) if name == "orders.currency" and allowed is not None else None
    if wrong:
        yield f"{found.shown(column.name)} {wrong}"
    lacking = [] if allowed is None else [word for word in _written_words(name, mapping) if word not in allowed]
    if lacking:
        is_status = name == "orders.status"
        fix = "say under [statuses] in ordersync.toml which words these are" if is_status else "allow them"
        words = ", ".join(allowed or ())
        yield f"{found.shown(column.name)} takes {words}, but not {', '.join(lacking)}: {fix}"


def allowed_words(reflected: ReflectedColumn, found: FoundTable) -> list[str] | None:
    """The words that an enum or a CHECK list allows; None if any word is allowed or a CHECK is not a plain list."""
    enum = type_families.enum_words(reflected["type"])
    if enum is not None:
        return enum
    if (domain := type_families.domain_check(reflected["type"])) is not None:
        return _words_of(domain) if _is_list(domain) else None
    for check in found.checks:
        named = rf"(?<![\w'])\"?{re.escape(reflected['name'])}\"?(?![\w'])"
        if _is_list(check) and re.search(named, _QUOTED.sub("", check)):
            return _words_of(check)
    return None


def _is_list(check: str) -> bool:
    """Whether a CHECK is a plain list of words."""
    return bool(re.search(r"\bIN\s*\(|=\s*ANY\s*\(", check, re.IGNORECASE) and not _OTHER_LOGIC.search(check))


def _words_of(check: str) -> list[str]:
    return [word.replace("''", "'") for word in _QUOTED.findall(check)]


def _written_words(name: str, mapping: ShopMapping) -> list[str]:
    if name == "orders.status":
        return list(dict.fromkeys(mapping.words.to_shop(status) for status in WRITTEN_STATUSES))
    return list(WORDS.get(name, ()))
