"""Taking back what one run wrote: looks, decides, and writes a batch of orders at a time, each order whole."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, select, text

from ordersync_dagster.adapters.database.journal.audit import AUDIT, Record
from ordersync_dagster.adapters.database.journal.redaction import Ledger
from ordersync_dagster.adapters.database.journal.row_snapshots import Image, read_images
from ordersync_dagster.adapters.database.journal.runs import require_running
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.database.undo.decide import Case, Judge, Left, Removal, Reversal, Step
from ordersync_dagster.adapters.database.undo.foreign_keys import find_children, referring
from ordersync_dagster.adapters.database.undo.write import Hand
from ordersync_dagster.core.errors import DatabaseRefusedError

BATCH = 500  # orders of one transaction


@dataclass(slots=True)
class Undone:
    """What an undo did, or would do."""

    removed: list[Removal] = field(default_factory=list)
    reversed: list[Reversal] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The figures of the undo's own record."""
        steps: list[Removal | Reversal] = [*self.removed, *self.reversed]
        return {
            "orders_removed": len(self.removed),
            "orders_reversed": sum(1 for each in self.reversed if each.values),
            "items_removed": sum(len(each.items) for each in steps),
            "left": len(self.left),
        }


class Undo:
    """Takes back the run `target`. Each batch is read, decided and written in one transaction."""

    def __init__(self, store: DatabaseStore, target: str) -> None:
        self._store, self._target, self._tables, keyed = store, target, store.tables, store.keyed()
        self._keyed = keyed
        self._orders = Ledger(self._tables.table("orders"), "orders", keyed)
        self._items = Ledger(self._tables.table("order_items"), "order_items", keyed)

    def preview(self) -> Undone:
        """What would be done; writes nothing."""
        undone = Undone()
        for batch in self._batches():
            _sort(undone, self._store.read(partial(self._decide, order_ids=batch, lock=False)))
        return undone

    def carry_out(self, run_id: str) -> Undone:
        """Do it, as the run `run_id`, which holds the lock."""
        undone = Undone()
        for batch in self._batches():
            try:
                _sort(undone, self._write(batch, run_id))
            except DatabaseRefusedError:
                for order_id in batch:
                    _sort(undone, self._write_one(order_id, run_id))
        return undone

    def _batches(self) -> Iterator[list[str]]:
        query = select(AUDIT.c.order_id).where(AUDIT.c.run_id == self._target, AUDIT.c.order_id.is_not(None)).distinct()
        found = sorted(self._store.read(lambda connection: connection.execute(query).scalars().all()))
        yield from (found[start : start + BATCH] for start in range(0, len(found), BATCH))

    def _write_one(self, order_id: str, run_id: str) -> list[Step]:
        try:
            return self._write([order_id], run_id)
        except DatabaseRefusedError as error:
            return [Left(order_id, f"Order {order_id} was left as it is: {error}.")]

    def _write(self, order_ids: Sequence[str], run_id: str) -> list[Step]:
        with self._store.transaction() as connection:
            require_running(connection, run_id)
            steps = self._decide(connection, order_ids, lock=True)
            why = f"undo of run {self._target}"
            Hand(self._store, connection, self._store.stamp(run_id), why, self._orders, self._items).carry_out(steps)
        return steps

    def _decide(self, connection: Connection, order_ids: Sequence[str], *, lock: bool) -> list[Step]:
        may_delete = self._may_delete(connection)
        judge = Judge(self._target, self._orders, self._items, may_delete)
        cases = _Look(self._store, connection, sees_events=may_delete).cases(order_ids, lock=lock)
        return [step for case in cases for step in judge.decide(case)]

    def _may_delete(self, connection: Connection) -> bool:
        """Whether this role may remove orders, and see whose entries are in their timeline."""
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
        column = self._tables.table("order_events").c["order_id"].name
        return bool(connection.execute(sees, {"name": places["order_events"], "column": column}).scalar())


@dataclass(frozen=True, slots=True)
class _Look:
    store: DatabaseStore
    connection: Connection
    sees_events: bool  # only who may delete needs to

    def cases(self, order_ids: Sequence[str], *, lock: bool) -> list[Case]:
        """What there is to know of these orders; `lock` keeps others from moving them."""
        tables, connection = self.store.tables, self.connection
        orders = read_images(connection, tables.table("orders"), order_ids, lock=lock)
        items = read_images(connection, tables.table("order_items"), order_ids, by="order_id")
        children = find_children(connection, tables)
        others = referring(connection, children, "orders", orders)
        others |= referring(connection, children, "order_items", items)
        history, events = self._history(order_ids), self._events(order_ids)
        name = tables.table("order_items").c["order_id"].name
        by_order: dict[str, dict[str, Image]] = defaultdict(dict)
        for item_id, image in items.items():
            by_order[str(image[name])][item_id] = image
        return [
            Case(each, history[each], orders.get(each), by_order[each], frozenset(events[each]), others)
            for each in order_ids
        ]

    def _history(self, order_ids: Sequence[str]) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = defaultdict(list)
        for chunk in chunks(order_ids):
            query = select(AUDIT).where(is_one_of(AUDIT.c.order_id, chunk, self.connection)).order_by(AUDIT.c.seq)
            for row in self.connection.execute(query).mappings():
                found[row["order_id"]].append({str(name): value for name, value in row.items()})
        return found

    def _events(self, order_ids: Sequence[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        if self.sees_events and self.store.tables.has("order_events"):
            events = self.store.tables.table("order_events")
            for chunk in chunks(order_ids):
                query = select(events.c.order_id, events.c.id).where(
                    is_one_of(events.c.order_id, chunk, self.connection)
                )
                for order_id, event_id in self.connection.execute(query):
                    found[str(order_id)].add(str(event_id))
        return found


def _sort(undone: Undone, steps: Sequence[Step]) -> None:
    for step in steps:
        match step:
            case Removal():
                undone.removed.append(step)
            case Reversal():
                undone.reversed.append(step)
            case Left():
                undone.left.append(step)
