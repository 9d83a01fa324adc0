"""The orders of a period, as small as a comparison of all of them needs them."""

from collections.abc import Iterator

from sqlalchemy import Connection, Text, cast, literal_column, select

from ordersync_dagster.adapters.database.rows.decode import read_amount, time_as_text, time_of
from ordersync_dagster.adapters.database.schema.column_types import MinorUnits
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.seen import SeenOrder, seen_order
from ordersync_dagster.core.window import Window

_TEXTS = ("id", "stripe_session_id", "stripe_payment_intent_id", "printful_order_id", "status", "currency")
_ROWS_AT_ONCE = 5000


def read_orders_made_in(connection: Connection, tables: FittedTables, window: Window) -> list[SeenOrder]:
    """The orders that were created in `window`. A value that cannot be read is None."""
    return list(_seen(connection, tables, window))


def _seen(connection: Connection, tables: FittedTables, window: Window) -> Iterator[SeenOrder]:
    orders = tables.table("orders")
    in_minor_units = isinstance(orders.c.total_amount.type, MinorUnits)
    texts = [orders.c[name] if name in orders.c else literal_column("NULL").label(name) for name in _TEXTS]
    amount, created = cast(orders.c.total_amount, Text), time_as_text(orders.c.created_at, connection)
    in_window = (orders.c.created_at >= window.start, orders.c.created_at < window.end)
    rows = connection.execute(select(*texts, amount, created).where(*in_window).order_by(orders.c.id))
    for row in rows.yield_per(_ROWS_AT_ONCE):
        order_id, session_id, payment, printful_id, status, currency, total, made = tuple(row)
        try:
            price = read_amount(total, currency, in_minor_units=in_minor_units)
        except ValueError:
            price = None
        order = StoredOrder(
            str(order_id),
            session_id or "",
            payment,
            None if printful_id is None else str(printful_id),
            str(status),
            total=price,
            currency=currency,
        )
        yield seen_order(order, time_of(made))
