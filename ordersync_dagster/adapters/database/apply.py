"""One plan of some hundred orders, one transaction: rows, timeline and audit together, or none of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Connection, Text, bindparam, cast, update

from ordersync_dagster.adapters.database.journal import audit
from ordersync_dagster.adapters.database.journal.audit import Entry
from ordersync_dagster.adapters.database.journal.given_ids import ITEM_KEY, ids_of_items, named_by, with_ids
from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.journal.redaction import AuditColumns
from ordersync_dagster.adapters.database.journal.row_snapshots import read_snapshots, snapshots_of
from ordersync_dagster.adapters.database.rows import build
from ordersync_dagster.adapters.database.rows.build import Row, Stamp
from ordersync_dagster.adapters.database.rows.bulk_insert import ROWS_PER_STATEMENT, NewRows, insert_in_log
from ordersync_dagster.adapters.database.rows.confirm import require_as_set, run_deferred_triggers
from ordersync_dagster.adapters.database.rows.read import read_orders
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.adapters.database.schema.keys import is_given
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
from ordersync_dagster.core.history import RowSnapshot
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.part import Applied
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.text import counted


def write(
    connection: Connection, tables: FittedTables, plan: Plan, stamp: Stamp, keyed: KeyedHash
) -> tuple[Applied, str | None]:
    """Carry out `plan` inside the caller's transaction: the result, and the id of the first audit entry."""
    writer = _Writer(connection, tables, stamp, keyed)
    writer.write(plan)
    return writer.applied, writer.first_audit_id


@dataclass(frozen=True, slots=True)
class _WrittenRow:
    """One row that this transaction wrote: the values that it set, and of an updated row the row before."""

    row_id: str
    order_id: str
    why: str
    values: Row
    was: RowSnapshot | None = None


class _Writer:
    def __init__(self, connection: Connection, tables: FittedTables, stamp: Stamp, keyed: KeyedHash) -> None:
        self._connection, self._tables, self._stamp, self._keyed = connection, tables, stamp, keyed
        self.applied = Applied()
        self.first_audit_id: str | None = None
        self._events: list[Row] = []
        self._audits: list[Row] = []
        self._orders: list[_WrittenRow] = []
        self._items: list[_WrittenRow] = []
        self._snapshots: dict[str, RowSnapshot] = {}  # orders as they were before this transaction
        self._new: dict[tuple[str, str], RowSnapshot] = {}  # new rows that need not be read back, by table and id

    def write(self, plan: Plan) -> None:
        """Rows, then the records of these rows."""
        self._insert_orders(plan.inserts)
        self._update_orders((*plan.completions, *plan.updates))
        self._write_records()

    def _write_records(self) -> None:
        """Timeline and audit of the rows written."""
        if self._tables.has("order_events"):
            self._insert("order_events", self._events)
        if self._tables.has("audit_logs"):
            self._insert("audit_logs", self._audits)
        entries = [*self._order_entries(), *self._item_entries()]
        self.first_audit_id = audit.append(self._connection, self._stamp, entries, self._keyed)

    def _insert_orders(self, inserts: Sequence[InsertOrder]) -> None:
        rows = [build.order_row(insert.order, self._stamp) for insert in inserts]
        ours = with_ids(rows, self._insert_kept("orders", rows, "stripe_session_id"))
        for row in ours:
            why = build.reason_of_insert(row["stripe_session_id"], row["printful_order_id"])
            self._orders.append(_WrittenRow(row["id"], row["id"], why, row))
            self._record("order_create", "order", row["id"], None, row, why)
            self._events.append(build.event_row(row["id"], build.RECOVERED, f"Recovered: {why}.", self._stamp))
        self.applied += Applied(orders_inserted=len(ours), written_first_by_others=len(rows) - len(ours))

    def _update_orders(self, updates: Sequence[OrderUpdate]) -> None:
        """Compare and set: an order is written only while it still holds the values that the plan was made from."""
        fresh = {order.key: order for order in self._locked(updates)}
        self._snapshots = self._read("orders", [order.id for order in fresh.values()])
        item_rows: list[Row] = []
        order_rows: list[Row] = []
        for each in updates:
            now = fresh.get(each.seen.key)
            if now is None or not _is_same(now, each.seen):
                self.applied += _stale(each.seen)
                continue
            why = "; ".join(_reason(change) for change in each.changes)
            values = build.changed_columns(each, now)
            if values:
                held = build.as_held(values, now, self._metadata_of(now.id))
                self._orders.append(_WrittenRow(now.id, now.id, why, held, self._snapshots[now.id]))
                before = build.columns_before(values, now)
                self._record("order_update", "order", now.id, before, values, why)
                order_rows.append({**held, "updated_at": self._stamp.now, "row_id": now.id})
            items = named_by(now.id, _new_items(each)) if each.seen.is_unnumbered else _new_items(each)
            item_rows += [{**build.item_row(item, now.id, self._stamp), "currency": now.currency} for item in items]
            self._events.append(build.event_row(now.id, build.SYNCED, f"Synchronised: {why}.", self._stamp))
        self._set(order_rows)
        self._insert_items(item_rows)

    def _metadata_of(self, order_id: str) -> str | None:
        """The text of an order's metadata before this transaction."""
        column = self._tables.table("orders").c.get("metadata")
        return None if column is None else self._snapshots[order_id][column.name]

    def _locked(self, updates: Sequence[OrderUpdate]) -> list[StoredOrder]:
        """The orders of `updates` as they are now, by session: a webhook may have replaced an order."""
        sessions = [update.seen.session_id for update in updates if update.seen.session_id]
        others = [update.seen.id for update in updates if not update.seen.session_id]
        found = read_orders(self._connection, self._tables, "stripe_session_id", sessions, lock=True)
        return [*found, *read_orders(self._connection, self._tables, "id", others, lock=True)]

    def _set(self, rows: list[Row]) -> None:
        """UPDATE each row by its `row_id`; rows that change the same columns go together."""
        orders = self._tables.table("orders")
        by_columns: dict[frozenset[str], list[Row]] = {}
        for row in rows:
            by_columns.setdefault(frozenset(row), []).append({f"new_{column}": value for column, value in row.items()})
        for columns, group in by_columns.items():
            changed = sorted(columns - {"row_id"})
            values: Any = {column: self._bound(orders.c[column]) for column in changed}
            statement = update(orders).where(orders.c.id == bindparam("new_row_id")).values(values)
            self._connection.execute(statement, group)
        self.applied += Applied(orders_updated=len(rows))

    def _bound(self, column: Column[Any]) -> ColumnElement[Any]:
        """The new value of a column; JSON is text that is encoded already."""
        if not isinstance(column.type, JSON):
            return bindparam(f"new_{column.key}", type_=column.type)
        encoded = bindparam(f"new_{column.key}", type_=Text)
        return cast(encoded, JSON) if self._connection.dialect.name == "postgresql" else encoded

    def _insert_items(self, rows: list[Row]) -> None:
        items = self._tables.table("order_items")
        ids = self._insert_kept("order_items", rows, "id")
        if is_given(items.c.id):
            ids = [*ids_of_items(self._connection, items, rows, [row_id for row_id in ids if row_id])]
        ours = with_ids(rows, ids)
        for row in ours:
            why = f"Printful item {row['metadata'][ITEM_KEY]} was missing"
            self._items.append(_WrittenRow(row["id"], row["order_id"], why, row))
            after = {name: value for name, value in row.items() if name != "currency"}  # the order's
            self._record("order_create", "order_item", row["id"], None, after, why)
        self.applied += Applied(items_inserted=len(ours))

    def _order_entries(self) -> Iterator[Entry]:
        columns = AuditColumns(self._tables.table("orders"), "orders", self._keyed)
        for wrote, now in self._written("orders", self._orders):
            email = columns.email(now)
            if wrote.was is None:
                after = columns.whole_row(now)
                yield Entry("order_create", "order", wrote.row_id, wrote.row_id, None, after, wrote.why, email)
            else:
                was, became = columns.change(wrote.was, now)
                before, after = {"columns": was}, {"columns": became}
                yield Entry("order_update", "order", wrote.row_id, wrote.row_id, before, after, wrote.why, email)

    def _item_entries(self) -> Iterator[Entry]:
        orders = AuditColumns(self._tables.table("orders"), "orders", self._keyed)
        columns = AuditColumns(self._tables.table("order_items"), "order_items", self._keyed)
        for wrote, now in self._written("order_items", self._items):
            after, email = columns.whole_row(now), orders.email(self._snapshots[wrote.order_id])
            yield Entry("order_create", "order_item", wrote.row_id, wrote.order_id, None, after, wrote.why, email)

    def _written(self, name: str, rows: Sequence[_WrittenRow]) -> Iterator[tuple[_WrittenRow, RowSnapshot]]:
        """The rows as they are now, because the shop's own triggers may have changed them.

        Raises DatabaseRefusedError where a row is gone or does not hold what was set.
        """
        if rows and name not in self._tables.plain:
            run_deferred_triggers(self._connection)
        snapshots = self._read(name, [wrote.row_id for wrote in rows])
        for wrote in rows:
            now = snapshots.get(wrote.row_id)
            if (name, wrote.row_id) not in self._new:
                require_as_set(self._tables.table(name), wrote.values, now)
            yield wrote, now or {}

    def _read(self, name: str, ids: Sequence[str]) -> dict[str, RowSnapshot]:
        known = {row_id: self._new[name, row_id] for row_id in ids if (name, row_id) in self._new}
        rest = [row_id for row_id in ids if row_id not in known]
        return known | read_snapshots(self._connection, self._tables.table(name), rest)

    def _record(self, action: str, resource: str, row_id: str, before: Row | None, after: Row, why: str) -> None:
        self._audits.append(build.audit_row(self._stamp, action, resource, row_id, before, after, why))

    def _insert(self, name: str, rows: list[Row]) -> None:
        insert_in_log(self._connection, self._tables.table(name), rows)

    def _insert_kept(self, name: str, rows: list[Row], key: str) -> list[str | None]:
        """The same for tables that the audit records; keeps the new rows that need not be read back."""
        ids: list[str | None] = []
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            new = NewRows(self._connection, self._tables.table(name), rows[start : start + ROWS_PER_STATEMENT])
            ids += new.insert(key)
            if name in self._tables.plain:
                snapshots = snapshots_of(new, self._tables.plain[name])
                self._new |= {(name, row["id"]): snapshot for row, snapshot in zip(new.rows, snapshots, strict=True)}
        return ids


def _is_same(now: StoredOrder, seen: StoredOrder) -> bool:
    """Whether a change that was made from `seen` still holds; the number of a new order is not known to its plan."""
    return (seen.is_unnumbered or now.id == seen.id) and now.agrees_with(seen)


def _stale(seen: StoredOrder) -> Applied:
    """An order that somebody changed meanwhile; one without a session is not decided again in the same run."""
    if seen.session_id:
        return Applied(stale_sessions=(seen.session_id,))
    sentence = f"Order {seen.id} changed while it was written; the next run takes it up."
    return Applied(refused=(Problem(ProblemClass.KEPT_CHANGING, sentence, {"order_id": seen.id}),))


def _new_items(update: OrderUpdate) -> Iterable[NewItem]:
    return (item for change in update.changes if isinstance(change, AddItems) for item in change.items)


def _reason(change: Change) -> str:
    match change:
        case FillFields(values, source):
            return f"{', '.join(sorted(values))} filled from {source}"
        case SetStatus(before, after, word, vendor):
            return f"{before} → {after} because {vendor} says {word}"
        case SetTracking(number):
            return f"tracking {number or 'link'} from Printful"
        case AddItems(items):
            return f"{counted(len(items), 'item')} added from Printful"
