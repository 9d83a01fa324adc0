"""When orders were made, and which of them our runs made: for the health of the shop's webhook."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from ordersync_dagster.adapters.database.journal.audit import AUDIT
from ordersync_dagster.adapters.database.rows.build import audit_id, reason_of_insert
from ordersync_dagster.adapters.database.rows.decode import time_as_text, time_of
from ordersync_dagster.adapters.database.rows.read import chunks, holdable, is_one_of
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.core.paid_sessions import MadeOrder

TOLD_THAT_IT_IS_PAID = "because Stripe says paid"  # in the reason of an update


def read_made_orders(
    connection: Connection, tables: FittedTables, column: str, values: Collection[str]
) -> list[MadeOrder]:
    """The orders whose `column` is one of `values`."""
    orders = tables.table("orders")
    query = select(
        orders.c.id, orders.c.stripe_session_id, orders.c.status, time_as_text(orders.c.created_at, connection)
    )
    found: list[MadeOrder] = []
    for chunk in chunks(holdable(orders.c[column], values)):
        rows = connection.execute(query.where(is_one_of(orders.c[column], chunk, connection)))
        made = [MadeOrder(str(key), session or "", str(word), time_of(at)) for key, session, word, at in rows]
        ours = _made_by_us(connection, tables, made) if tables.has_own_tables else frozenset()
        found += [replace(each, is_recovered=each.id in ours) for each in made]
    return found


def has_orders_of_its_own(connection: Connection, tables: FittedTables) -> bool:
    """Whether the shop has an order that no run of ours inserted."""
    orders = connection.execute(select(func.count()).select_from(tables.table("orders"))).scalar_one()
    if not orders or not tables.has_own_tables:
        return bool(orders)
    made, removed = (
        connection.execute(select(func.count()).where(AUDIT.c.resource == "order", AUDIT.c.action == name)).scalar_one()
        for name in ("order_create", "order_delete")
    )
    return bool(orders > made - removed)


def _made_by_us(connection: Connection, tables: FittedTables, made: Sequence[MadeOrder]) -> frozenset[str]:
    """The ids of the orders that a run of ours inserted, or that it told that they are paid."""
    sessions = {each.id: each.session_id for each in made}
    query = select(AUDIT.c.order_id, AUDIT.c.run_id, AUDIT.c.id, AUDIT.c.action, AUDIT.c.reason)
    ours: set[str] = set()
    for chunk in chunks(sessions):
        of_them = query.where(is_one_of(AUDIT.c.order_id, chunk, connection), AUDIT.c.resource == "order")
        for order_id, run_id, entry_id, action, reason in connection.execute(of_them.order_by(AUDIT.c.seq)):
            if action == "order_delete":  # an undo; the webhook may have made it since
                ours.discard(order_id)
            elif action == "order_create":
                why = reason_of_insert(sessions[order_id])
                is_same = str(reason).startswith(why) or entry_id == audit_id(run_id, "order", order_id, action, why)
                if is_same or not tables.limits.numbers_orders:  # a number may have been given twice
                    ours.add(order_id)
            elif TOLD_THAT_IT_IS_PAID in (reason or ""):
                ours.add(order_id)
    return frozenset(ours)
