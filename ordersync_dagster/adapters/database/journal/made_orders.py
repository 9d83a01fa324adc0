"""When orders were made, and which of them our runs made: for the health of the shop's webhook."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, extract, select

from ordersync_dagster.adapters.database.journal.audit import AUDIT
from ordersync_dagster.adapters.database.rows.build import audit_id, reason_of_insert
from ordersync_dagster.adapters.database.rows.read import chunks, holdable, is_one_of
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.core.paid_sessions import MadeOrder

TOLD_THAT_IT_IS_PAID = "because Stripe says paid"  # in the reason of an update
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")
_MILLISECONDS_FROM = 10**11  # a larger number is not in seconds: it would be after the year 5000


def read_made_orders(
    connection: Connection, tables: FittedTables, column: str, values: Collection[str]
) -> list[MadeOrder]:
    """The orders whose `column` is one of `values`."""
    orders = tables.table("orders")
    query = select(orders.c.id, orders.c.stripe_session_id, orders.c.status, _moment(orders.c.created_at, connection))
    found: list[MadeOrder] = []
    for chunk in chunks(holdable(orders.c[column], values)):
        rows = connection.execute(query.where(is_one_of(orders.c[column], chunk, connection)))
        made = [MadeOrder(str(key), session or "", str(word), moment_of(at)) for key, session, word, at in rows]
        ours = _made_by_us(connection, tables, made) if tables.has_own_tables else frozenset()
        found += [replace(each, is_recovered=each.id in ours) for each in made]
    return found


def _moment(column: ColumnElement[Any], connection: Connection) -> ColumnElement[Any]:
    """The time as a text that every driver can give; without a zone it is UTC."""
    is_postgres = connection.dialect.name == "postgresql"
    return cast(extract("epoch", column) if is_postgres else column, Text)


def moment_of(text: str | None) -> datetime | None:
    """Seconds or milliseconds since 1970, or ISO 8601; None for anything else."""
    try:
        if text and _NUMBER.fullmatch(text):
            number = float(text)
            return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
        found = datetime.fromisoformat(text or "")
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


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
