"""The past of single orders, as their rows, the shop's timeline and our audit tell it; and orders by other names."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, inspect, select, text

from ordersync_dagster.adapters.database.journal.run_history import read_order_records
from ordersync_dagster.adapters.database.rows.build import RECOVERED, SYNCED, UNDONE
from ordersync_dagster.adapters.database.rows.decode import time_as_text, time_of
from ordersync_dagster.adapters.database.rows.read import address_of, is_one_of, read_orders
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.core.explanation import RowPast, ShopEvent
from ordersync_dagster.core.privacy import normalised_email

_OURS = (RECOVERED, SYNCED, UNDONE)
_UNREAD = (
    "order_events may not be read by this database role, so the shop's own timeline is left out: grant SELECT on it."
)


def read_ids_of_printful(connection: Connection, tables: FittedTables, printful_id: str) -> list[str]:
    """The ids of the orders that name a Printful order."""
    return [order.id for order in read_orders(connection, tables, "printful_order_id", [printful_id])]


def read_ids_of_email(connection: Connection, tables: FittedTables, email: str) -> list[str]:
    """The ids of the orders of an e-mail address."""
    orders = tables.table("orders")
    query = select(orders.c.id).where(address_of(orders) == normalised_email(email))
    return [str(each) for each in connection.execute(query).scalars()]


def read_past(connection: Connection, tables: FittedTables, order_id: str) -> RowPast:
    """Read one order's times, its timeline and its audit."""
    times = _times(connection, tables, order_id)
    may_read = _may_read_events(connection, tables)
    return RowPast(
        times.get("created_at"),
        times.get("updated_at"),
        _events(connection, tables, order_id) if may_read else (),
        read_order_records(connection, order_id) if tables.has_own_tables else [],
        () if may_read else (_UNREAD,),
    )


def _times(connection: Connection, tables: FittedTables, order_id: str) -> Mapping[str, datetime | None]:
    orders = tables.table("orders")
    names = [name for name in ("created_at", "updated_at") if name in orders.c]
    query = select(*(time_as_text(orders.c[name], connection) for name in names))
    row = connection.execute(query.where(is_one_of(orders.c.id, [order_id], connection))).first()
    return {name: time_of(value) for name, value in zip(names, row or (), strict=False)}


def _events(connection: Connection, tables: FittedTables, order_id: str) -> list[ShopEvent]:
    if not tables.has("order_events"):
        return []
    events = tables.table("order_events")
    query = select(time_as_text(events.c.created_at, connection), events.c.event_type, events.c.status)
    query = query.where(is_one_of(events.c.order_id, [order_id], connection))
    return [
        ShopEvent(time_of(at), str(kind), str(status), str(kind) in _OURS)
        for at, kind, status in connection.execute(query)
    ]


def _may_read_events(connection: Connection, tables: FittedTables) -> bool:
    if connection.dialect.name != "postgresql" or not tables.has("order_events"):
        return True
    events = tables.table("order_events")
    quote = connection.dialect.identifier_preparer.quote
    name = f"{quote(events.schema or str(inspect(connection).default_schema_name))}.{quote(events.name)}"
    query = text("SELECT has_table_privilege(:name, 'SELECT')")
    return bool(connection.execute(query, {"name": name}).scalar())
