"""One plan into one transaction: rows, items, timeline and audit together, or none of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, update

from ordersync_dagster.adapters.database import records
from ordersync_dagster.adapters.database.loading import insert_new
from ordersync_dagster.adapters.database.reading import read_orders
from ordersync_dagster.adapters.database.records import Row, Stamp
from ordersync_dagster.adapters.database.shape import Shape
from ordersync_dagster.core.changes import (
    AddItems,
    Change,
    FillFields,
    InsertOrder,
    NewItem,
    OrderUpdate,
    SetStatus,
    SetTracking,
)
from ordersync_dagster.core.plan import Plan


@dataclass(slots=True)
class Written:
    """What one transaction wrote."""

    orders_inserted: int = 0
    orders_updated: int = 0
    items_inserted: int = 0
    written_first_by_others: int = 0  # sessions whose order somebody else inserted between our read and our write
    stale_sessions: list[str] = field(default_factory=list)  # orders that somebody moved meanwhile; nothing written
    first_audit_id: str | None = None


def write(connection: Connection, shape: Shape, plan: Plan, stamp: Stamp) -> Written:
    """Carry out `plan` inside the caller's transaction."""
    return _Writer(connection, shape, stamp).write(plan)


class _Writer:
    def __init__(self, connection: Connection, shape: Shape, stamp: Stamp) -> None:
        self._connection, self._shape, self._stamp = connection, shape, stamp
        self._written = Written()
        self._events: list[Row] = []
        self._audits: list[Row] = []

    def write(self, plan: Plan) -> Written:
        self._insert_orders(plan.inserts)
        self._update_orders((*plan.completions, *plan.updates))
        self._insert("order_events", self._events)
        self._insert("audit_logs", self._audits)
        self._written.first_audit_id = self._audits[0]["id"] if self._audits else None
        return self._written

    def _insert_orders(self, inserts: Sequence[InsertOrder]) -> None:
        rows = [records.order_row(insert.order, self._stamp) for insert in inserts]
        ours = self._insert("orders", rows, "stripe_session_id")
        for row in rows:
            if row["stripe_session_id"] in ours:
                why = f"paid session {row['stripe_session_id']} had no order"
                self._record("order_create", "order", row["id"], None, row, why)
                self._events.append(records.event_row(row["id"], "order_recovered", f"Recovered: {why}.", self._stamp))
        self._written.orders_inserted += len(ours)
        self._written.written_first_by_others += len(rows) - len(ours)

    def _update_orders(self, updates: Sequence[OrderUpdate]) -> None:
        """Compare and set: an order is written only while it still is what the plan was made from."""
        sessions = [update.seen.session_id for update in updates]
        found = read_orders(self._connection, self._shape, "stripe_session_id", sessions, lock=True)
        fresh = {order.session_id: order for order in found}
        item_rows: list[Row] = []
        order_rows: list[Row] = []
        for each in updates:
            now = fresh.get(each.seen.session_id)
            if now is None or now.id != each.seen.id or not now.agrees_with(each.seen):
                self._written.stale_sessions.append(each.seen.session_id)
                continue
            why = "; ".join(_reason(change) for change in each.changes)
            values = records.changed_columns(each, now)
            if values:
                before = records.columns_before(values, now)
                self._record("order_update", "order", now.id, before, values, why)
                order_rows.append({**values, "updated_at": self._stamp.now, "row_id": now.id})
            item_rows += [records.item_row(item, now.id, self._stamp) for item in _new_items(each)]
            self._events.append(records.event_row(now.id, "order_synced", f"Synchronised: {why}.", self._stamp))
        self._set(order_rows)
        self._insert_items(item_rows)

    def _set(self, rows: list[Row]) -> None:
        """UPDATE each row by its `row_id`; rows that change the same columns go together."""
        orders = self._shape.table("orders")
        by_columns: dict[frozenset[str], list[Row]] = {}
        for row in rows:
            by_columns.setdefault(frozenset(row), []).append({f"new_{column}": value for column, value in row.items()})
        for columns, group in by_columns.items():
            changed = sorted(columns - {"row_id"})
            values: Any = {column: bindparam(f"new_{column}", type_=orders.c[column].type) for column in changed}
            statement = update(orders).where(orders.c.id == bindparam("new_row_id")).values(values)
            self._connection.execute(statement, group)
        self._written.orders_updated += len(rows)

    def _insert_items(self, rows: list[Row]) -> None:
        ours = self._insert("order_items", rows, "id")
        for row in rows:
            if row["id"] in ours:
                why = f"Printful item {row['metadata']['printful_item_id']} was missing"
                self._record("order_create", "order_item", row["id"], None, row, why)
        self._written.items_inserted += len(ours)

    def _record(self, action: str, resource: str, row_id: str, before: Row | None, after: Row, why: str) -> None:
        self._audits.append(records.audit_row(self._stamp, action, resource, row_id, before, after, why))

    def _insert(self, name: str, rows: list[Row], key: str = "id") -> set[str]:
        return insert_new(self._connection, self._shape.table(name), rows, key)


def _new_items(update: OrderUpdate) -> Iterable[NewItem]:
    return (item for change in update.changes if isinstance(change, AddItems) for item in change.items)


def _reason(change: Change) -> str:
    match change:
        case FillFields(values):
            return f"{', '.join(sorted(values))} filled from the session"
        case SetStatus(before, after, word):
            return f"{before} → {after} because Printful says {word}"
        case SetTracking(number):
            return f"tracking {number or 'link'} from Printful"
        case AddItems(items):
            return f"{len(items)} items added from Printful"
