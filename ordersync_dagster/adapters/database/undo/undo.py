"""Undoes one run: reads, decides and writes a batch of orders at a time, each order completely or not at all."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, Text, cast, select, text

from ordersync_dagster.adapters.database.journal.audit import AUDIT
from ordersync_dagster.adapters.database.journal.redaction import AuditColumns, parsed
from ordersync_dagster.adapters.database.journal.row_snapshots import read_snapshots
from ordersync_dagster.adapters.database.journal.run_history import read_records
from ordersync_dagster.adapters.database.journal.runs import require_running
from ordersync_dagster.adapters.database.rows.build import SOURCE
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.database.transactions import ORDERS_PER_TRANSACTION
from ordersync_dagster.adapters.database.undo.decide import OrderHistory, UndoDecider
from ordersync_dagster.adapters.database.undo.foreign_keys import find_foreign_keys, referring_tables
from ordersync_dagster.adapters.database.undo.write import UndoWriter
from ordersync_dagster.core.errors import DatabaseRefusedError, RowLockedError
from ordersync_dagster.core.history import AuditRecord, Kept, Removal, Reversal, RowSnapshot, UndoResult, UndoStep


class Undo:
    """Undoes the run `target`."""

    def __init__(self, store: DatabaseStore, target: str) -> None:
        self._store, self._target, self._tables, keyed = store, target, store.tables, store.keyed()
        self._orders = AuditColumns(self._tables.table("orders"), "orders", keyed)
        self._items = AuditColumns(self._tables.table("order_items"), "order_items", keyed)

    def preview(self) -> UndoResult:
        """The same steps as `carry_out`, without writing."""
        steps: list[UndoStep] = []
        for batch in self._batches():
            steps += map(_outline, self._store.read(partial(self._decide, order_ids=batch, lock=False)))
        return UndoResult(self._target, None, steps)

    def carry_out(self, run_id: str) -> UndoResult:
        """Undo as the run `run_id`, which holds the lock."""
        steps: list[UndoStep] = []
        for batch in self._batches():
            try:
                steps += map(_outline, self._write(batch, run_id))
            except (DatabaseRefusedError, RowLockedError):
                steps += [_outline(step) for order_id in batch for step in self._write_one(order_id, run_id)]
        return UndoResult(self._target, run_id, steps)

    def _batches(self) -> Iterator[list[str]]:
        query = select(AUDIT.c.order_id).where(AUDIT.c.run_id == self._target, AUDIT.c.order_id.is_not(None)).distinct()
        found = sorted(self._store.read(lambda connection: connection.execute(query).scalars().all()))
        size = ORDERS_PER_TRANSACTION
        yield from (found[start : start + size] for start in range(0, len(found), size))

    def _write_one(self, order_id: str, run_id: str) -> list[UndoStep]:
        try:
            return self._write([order_id], run_id)
        except DatabaseRefusedError as error:
            return [Kept(order_id, f"Order {order_id} was left as it is: {error}.")]

    def _write(self, order_ids: Sequence[str], run_id: str) -> list[UndoStep]:
        with self._store.transaction() as connection:
            require_running(connection, run_id)
            steps = self._decide(connection, order_ids, lock=True)
            stamp = self._store.stamp(run_id)
            UndoWriter(self._store, connection, stamp, self._target, self._orders, self._items).write(steps)
        return steps

    def _decide(self, connection: Connection, order_ids: Sequence[str], *, lock: bool) -> list[UndoStep]:
        may_delete = self._may_delete(connection)
        decider = UndoDecider(self._target, self._orders, self._items, may_delete)
        histories = _Reader(self._store, connection, sees_events=may_delete).read(order_ids, lock=lock)
        return [step for history in histories for step in decider.decide(history)]

    def _may_delete(self, connection: Connection) -> bool:
        """Whether this role may delete orders, and read who wrote the entries of their timeline."""
        if connection.dialect.name != "postgresql":
            return True
        format_table = connection.dialect.identifier_preparer.format_table
        places = {
            name: format_table(self._tables.table(name))
            for name in ("orders", "order_items", "order_events")
            if self._tables.has(name)
        }
        deletes = text("SELECT has_table_privilege(:name, 'DELETE')")
        may = all(connection.execute(deletes, {"name": place}).scalar() for place in places.values())
        if not may or "order_events" not in places:
            return may
        sees = text("SELECT has_column_privilege(:name, :column, 'SELECT')")
        events, place = self._tables.table("order_events"), places["order_events"]
        names = [events.c[key].name for key in ("order_id", "metadata")]
        return all(connection.execute(sees, {"name": place, "column": name}).scalar() for name in names)


@dataclass(frozen=True, slots=True)
class _Reader:
    store: DatabaseStore
    connection: Connection
    sees_events: bool  # only a role that may delete must read them

    def read(self, order_ids: Sequence[str], *, lock: bool) -> list[OrderHistory]:
        """The histories of these orders; `lock` keeps others from changing them."""
        tables, connection = self.store.tables, self.connection
        orders = read_snapshots(connection, tables.table("orders"), order_ids, lock=lock)
        items = read_snapshots(connection, tables.table("order_items"), order_ids, by="order_id")
        keys = find_foreign_keys(connection, tables)
        referring = referring_tables(connection, keys, {"orders": orders, "order_items": items})
        records, (events, own) = self._records(order_ids), self._events(order_ids)
        name = tables.table("order_items").c["order_id"].name
        by_order: dict[str, dict[str, RowSnapshot]] = defaultdict(dict)
        for item_id, snapshot in items.items():
            by_order[str(snapshot[name])][item_id] = snapshot
        return [
            OrderHistory(
                each,
                records[each],
                orders.get(each),
                by_order[each],
                frozenset(events[each]),
                frozenset(own[each]),
                referring,
            )
            for each in order_ids
        ]

    def _records(self, order_ids: Sequence[str]) -> dict[str, list[AuditRecord]]:
        found: dict[str, list[AuditRecord]] = defaultdict(list)
        for chunk in chunks(order_ids):
            for record in read_records(self.connection, is_one_of(AUDIT.c.order_id, chunk, self.connection)):
                found[str(record.order_id)].append(record)
        return found

    def _events(self, order_ids: Sequence[str]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        """The timeline by order: all entries, and those that we wrote."""
        found: dict[str, set[str]] = defaultdict(set)
        own: dict[str, set[str]] = defaultdict(set)
        if not (self.sees_events and self.store.tables.has("order_events")):
            return found, own
        events = self.store.tables.table("order_events")
        for chunk in chunks(order_ids):
            query = select(events.c.order_id, events.c.id, cast(events.c.metadata, Text))
            query = query.where(is_one_of(events.c.order_id, chunk, self.connection))
            for order_id, event_id, metadata in self.connection.execute(query):
                found[str(order_id)].add(str(event_id))
                if parsed(metadata).get("source") == SOURCE:
                    own[str(order_id)].add(str(event_id))
        return found, own


def _outline(step: UndoStep) -> UndoStep:
    """`step` without the rows, as the result names it: the rows of a large run do not fit in memory."""
    match step:
        case Removal(order_id, _, items, _):
            return Removal(order_id, {}, {item_id: {} for item_id in items}, frozenset())
        case Reversal(order_id, _, values, items):
            return Reversal(order_id, {}, dict.fromkeys(values), {item_id: {} for item_id in items})
        case Kept():
            return step
