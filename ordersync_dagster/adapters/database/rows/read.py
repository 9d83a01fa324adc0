"""Rows → StoredOrder."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Connection, Select, Table, Text, any_, bindparam, cast, func, select

from ordersync_dagster.adapters.database.rows.decode import document_of, read_amount
from ordersync_dagster.adapters.database.schema.column_types import MinorUnits, ServerType, ShopText
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.core.order_fields import READ, Field, Kind
from ordersync_dagster.core.orders import OUR_WORDS, StoredItem, StoredOrder

VALUES_PER_LOOKUP = 2000  # SQLite allows 32,766 variables in a statement
_FORMS = {  # the texts that a column of this type takes
    "uuid": re.compile("[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"),
    "smallint": re.compile("[0-9]{1,4}"),
    "integer": re.compile("[0-9]{1,9}"),
    "bigint": re.compile("[0-9]{1,18}"),
}
Key = TypeVar("Key", str, tuple[str, ...])


def chunks(values: Collection[Key]) -> Iterator[list[Key]]:
    """`values` in sorted lists of at most VALUES_PER_LOOKUP; locking in one order avoids deadlocks."""
    ordered = sorted(values)
    for start in range(0, len(ordered), VALUES_PER_LOOKUP):
        yield ordered[start : start + VALUES_PER_LOOKUP]


def read_orders(
    connection: Connection, tables: FittedTables, column: str, values: Collection[str], *, lock: bool = False
) -> list[StoredOrder]:
    """The orders whose `column` is one of `values`, with their items; `lock` keeps others from changing them."""
    orders = tables.table("orders")
    in_minor_units = isinstance(orders.c.total_amount.type, MinorUnits)
    fields = [field for field in READ if field.column in orders.c]  # a shop may lack optional columns
    columns = [_selected(orders, field) for field in fields]
    found: list[StoredOrder] = []
    for chunk in chunks(holdable(orders.c[column], values)):
        query = select(*columns).where(is_one_of(orders.c[column], chunk, connection)).order_by(orders.c.id)
        found_rows = connection.execute(_locked(query, connection) if lock else query)
        rows = [dict(zip((field.column for field in fields), row, strict=True)) for row in found_rows]
        items = _items(connection, tables, [str(row["id"]) for row in rows])
        found.extend(_stored_order(row, fields, items[str(row["id"])], in_minor_units=in_minor_units) for row in rows)
    return found


def read_ids_of_payments(connection: Connection, tables: FittedTables, payments: Collection[str]) -> frozenset[str]:
    """The ids of the orders that name `payments`."""
    orders = tables.table("orders")
    found: set[str] = set()
    if "stripe_payment_intent_id" not in orders.c:
        return frozenset()
    for chunk in chunks(payments):
        query = select(orders.c.id).where(is_one_of(orders.c.stripe_payment_intent_id, chunk, connection))
        found.update(map(str, connection.execute(query).scalars()))
    return frozenset(found)


def read_ids_of_customers(
    connection: Connection, tables: FittedTables, emails: Collection[str], start: datetime, end: datetime
) -> frozenset[str]:
    """The ids of the orders of `emails` (in lower case) that were created in `[start, end)`."""
    orders = tables.table("orders")
    email = address_of(orders)
    found: set[str] = set()
    for chunk in chunks(emails):
        query = select(orders.c.id).where(orders.c.created_at >= start, orders.c.created_at < end)
        found.update(map(str, connection.execute(query.where(is_one_of(email, chunk, connection))).scalars()))
    return frozenset(found)


def address_of(orders: Table) -> ColumnElement[str]:
    """The e-mail address of an order, in the form that `normalised_email` gives."""
    return func.lower(func.trim(cast(orders.c.customer_email, Text)))


def holdable(column: ColumnElement[Any], values: Collection[str]) -> Collection[str]:
    """`values` less those that are not of the column's type: PostgreSQL would refuse the whole question."""
    kind = column.type.cast_to if isinstance(column.type, ShopText) else None
    fits = _FORMS.get((kind or "").lower())
    return [value for value in values if fits.fullmatch(value)] if fits else values


def _selected(orders: Table, field: Field) -> ColumnElement[Any]:
    """The column; amounts and JSON as text, because a driver would stop at a value that it cannot decode."""
    column = orders.c[field.column]
    return column if field.kind is Kind.TEXT else cast(column, Text).label(field.column)


def is_one_of(column: ColumnElement[str], values: Sequence[str], connection: Connection) -> ColumnElement[bool]:
    """`column` IN `values`; on PostgreSQL one array instead of a thousand variables."""
    if connection.dialect.name == "postgresql":
        array = bindparam(None, list(values), ARRAY(Text))
        cast_to = column.type.cast_to if isinstance(column.type, ShopText) else None
        return column == any_(cast(array, ServerType(f"{cast_to}[]")) if cast_to else array)
    return column.in_(values)


def read_printful_ids(connection: Connection, tables: FittedTables) -> list[tuple[str, str, str]]:
    """(order id, Printful id, status) of every order that names a Printful order."""
    orders = tables.table("orders")
    query = select(orders.c.id, orders.c.printful_order_id, orders.c.status)
    query = query.where(orders.c.printful_order_id.is_not(None), cast(orders.c.printful_order_id, Text) != "")
    return [(str(order), str(printful), str(status)) for order, printful, status in connection.execute(query)]


def read_words_without_printful(connection: Connection, tables: FittedTables) -> dict[str, int]:
    """By the shop's own status words that nobody mapped: how many orders have it and name no Printful order."""
    orders = tables.table("orders")
    names_none = orders.c.printful_order_id.is_(None) | (cast(orders.c.printful_order_id, Text) == "")
    query = select(orders.c.status, func.count()).where(names_none).group_by(orders.c.status)
    found = ((str(word), count) for word, count in connection.execute(query))
    return {word: count for word, count in sorted(found) if word not in OUR_WORDS}


def _locked(query: Select[Any], connection: Connection) -> Select[Any]:
    """FOR UPDATE on PostgreSQL; on SQLite our transaction already holds the only write lock."""
    return query.with_for_update() if connection.dialect.name == "postgresql" else query


def _items(connection: Connection, tables: FittedTables, order_ids: Sequence[str]) -> Mapping[str, list[StoredItem]]:
    items = tables.table("order_items")
    found: dict[str, list[StoredItem]] = defaultdict(list)
    if order_ids:
        columns = (
            items.c.order_id,
            items.c.id,
            items.c.printful_product_id,
            items.c.printful_variant_id,
            items.c.quantity,
        )
        query = select(*columns).where(is_one_of(items.c.order_id, order_ids, connection)).order_by(items.c.id)
        for order_id, item_id, product_id, variant_id, quantity in connection.execute(query):
            found[str(order_id)].append(StoredItem(str(item_id), str(product_id), str(variant_id), quantity))
    return found


def _stored_order(
    row: Mapping[str, Any], fields: Sequence[Field], items: list[StoredItem], *, in_minor_units: bool
) -> StoredOrder:
    values: dict[str, Any] = {}
    unreadable, wrapped = {field.column for field in READ if field.column not in row}, set()
    for field in fields:
        column, value = field.column, row[field.column]
        if field.kind is Kind.TEXT:
            values[field.attribute] = None if value is None else str(value)  # SQLite may give a number
        elif field.kind is Kind.DOCUMENT:
            document = document_of(value)
            values[field.attribute] = document.value
            if document.is_unreadable:
                unreadable.add(column)
            if document.is_wrapped:
                wrapped.add(column)
        else:
            try:
                values[field.attribute] = read_amount(value, row["currency"], in_minor_units=in_minor_units)
            except ValueError:
                unreadable.add(column)
    values["session_id"] = values["session_id"] or ""
    values["metadata"] = values["metadata"] or {}
    return StoredOrder(**values, items=tuple(items), unreadable=frozenset(unreadable), wrapped=frozenset(wrapped))
