"""Which orders of a shop that numbers them were inserted by our runs: their ids do not tell."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from ordersync_dagster.adapters.database.journal.audit import AUDIT
from ordersync_dagster.adapters.database.rows.build import audit_id, reason_of_insert
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.unlinked import is_unlinked


def with_recovered(connection: Connection, orders: Sequence[StoredOrder]) -> tuple[StoredOrder, ...]:
    """`orders`, where those that wait and that the audit says are ours are marked.

    An entry's id is made of run, order and session, so that a number that was given twice is not taken for ours.
    """
    waiting = {order.id: order for order in orders if is_unlinked(order)}
    ours: set[str] = set()
    for chunk in chunks(waiting.keys()):
        is_insert = (AUDIT.c.resource == "order", AUDIT.c.action == "order_create")
        query = select(AUDIT.c.order_id, AUDIT.c.run_id, AUDIT.c.id)
        for order_id, run_id, entry_id in connection.execute(
            query.where(is_one_of(AUDIT.c.order_id, chunk, connection), *is_insert)
        ):
            why = reason_of_insert(waiting[order_id].session_id)
            if entry_id == audit_id(run_id, "order", order_id, "order_create", why):
                ours.add(order_id)
    return tuple(replace(order, is_recovered=True) if order.id in ours else order for order in orders)
