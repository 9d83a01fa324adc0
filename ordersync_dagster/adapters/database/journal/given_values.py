"""The values that our runs once set, read from the audit: somebody took back a value that is no longer there."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Column, Connection, select

from ordersync_dagster.adapters.database.journal.audit import AUDIT
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.schema.column_types import ShopText
from ordersync_dagster.core.orders import Status


def read_values_given(connection: Connection, order_ids: Collection[str], column: str) -> Mapping[str, set[str]]:
    """By order id: each value that a run of ours set in `column` of orders, since the order was inserted."""
    given: dict[str, set[str]] = {}
    for chunk in chunks(order_ids):
        is_of_them = is_one_of(AUDIT.c.order_id, chunk, connection)
        query = select(AUDIT.c.order_id, AUDIT.c.action, AUDIT.c.after).where(is_of_them, AUDIT.c.resource == "order")
        for order_id, action, after in connection.execute(query.order_by(AUDIT.c.seq)):
            value = ((after or {}).get("columns") or {}).get(column)
            if action == "order_delete":  # an undo took the whole order back; a later one is another
                given.pop(order_id, None)
            elif value is not None:
                given.setdefault(order_id, set()).add(str(value))  # a shop may keep numbers
    return given


def read_once_refunded(connection: Connection, order_ids: Collection[str], column: Column[Any]) -> frozenset[str]:
    """The orders that a run of ours set to refunded in `column`, in the shop's word for it."""
    word = column.type.words.to_shop(Status.REFUNDED) if isinstance(column.type, ShopText) else str(Status.REFUNDED)
    given = read_values_given(connection, order_ids, column.name)
    return frozenset(order_id for order_id, words in given.items() if word in words)
