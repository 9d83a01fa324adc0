"""Writes the decided steps of an undo with their audit, in the caller's transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, column, delete, table, update
from sqlalchemy.types import NullType

from ordersync_dagster.adapters.database.journal import audit
from ordersync_dagster.adapters.database.journal.audit import Entry
from ordersync_dagster.adapters.database.journal.redaction import AuditColumns
from ordersync_dagster.adapters.database.journal.row_snapshots import read_snapshots
from ordersync_dagster.adapters.database.rows import build
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.adapters.database.rows.bulk_insert import insert_in_log
from ordersync_dagster.adapters.database.rows.confirm import require_gone, require_restored, run_deferred_triggers
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.history import Removal, Reversal, UndoStep


@dataclass(frozen=True, slots=True)
class UndoWriter:
    """Writes the steps of the undo of the run `target`."""

    store: DatabaseStore
    connection: Connection
    stamp: Stamp
    target: str
    orders: AuditColumns
    items: AuditColumns

    def write(self, steps: Sequence[UndoStep]) -> None:
        """Delete and restore rows, and record that in the audit and in the shop's own records."""
        removals = [step for step in steps if isinstance(step, Removal)]
        reversals = [step for step in steps if isinstance(step, Reversal)]
        both: list[Removal | Reversal] = [*removals, *reversals]
        self._delete("order_events", [event_id for each in removals for event_id in each.event_ids])
        self._delete("order_items", [item_id for each in both for item_id in each.items])
        self._delete("orders", [each.order_id for each in removals])
        for each in reversals:
            if each.values:
                self._restore(each)
        run_deferred_triggers(self.connection)
        entries = [*self._order_entries(removals, reversals), *self._item_entries(both)]
        self._record_for_shop(entries, reversals)
        audit.append(self.connection, self.stamp, entries, self.store.keyed())

    @property
    def _reason(self) -> str:
        return f"undo of run {self.target}"

    def _delete(self, name: str, ids: Sequence[str]) -> None:
        if ids:
            shop_table: Table = self.store.tables.table(name)
            for chunk in chunks(ids):
                self.connection.execute(delete(shop_table).where(is_one_of(shop_table.c.id, chunk, self.connection)))
            require_gone(self.connection, shop_table, ids)

    def _restore(self, step: Reversal) -> None:
        """Set the old values as they were read: in the shop's own columns, types and status words."""
        orders = self.store.tables.table("orders")
        names = [orders.c["id"].name, *step.values]
        raw = table(orders.name, *(column(name) for name in names), schema=orders.schema)
        values = {name: bindparam(None, value, NullType()) for name, value in step.values.items()}
        is_it = raw.c[names[0]] == bindparam(None, step.order[names[0]], NullType())
        self.connection.execute(update(raw).where(is_it).values(values))

    def _order_entries(self, removals: Sequence[Removal], reversals: Sequence[Reversal]) -> Iterator[Entry]:
        for gone in removals:
            before, email = self.orders.whole_row(gone.order), self.orders.email(gone.order)
            yield Entry("order_delete", "order", gone.order_id, gone.order_id, before, None, self._reason, email)
        restored = [each for each in reversals if each.values]
        table_of_orders = self.store.tables.table("orders")
        snapshots = read_snapshots(self.connection, table_of_orders, [each.order_id for each in restored])
        for each in restored:
            require_restored(table_of_orders, each.values, snapshots.get(each.order_id, {}))
            was, now = self.orders.change(each.order, snapshots[each.order_id])
            email = self.orders.email(each.order)
            before, after = {"columns": was}, {"columns": now}
            yield Entry("order_update", "order", each.order_id, each.order_id, before, after, self._reason, email)

    def _item_entries(self, steps: Sequence[Removal | Reversal]) -> Iterator[Entry]:
        for step in steps:
            for item_id, snapshot in step.items.items():
                before, email = self.items.whole_row(snapshot), self.orders.email(step.order)
                yield Entry("order_delete", "order_item", item_id, step.order_id, before, None, self._reason, email)

    def _record_for_shop(self, entries: Sequence[Entry], reversals: Sequence[Reversal]) -> None:
        if self.store.tables.has("audit_logs"):
            rows = [
                build.audit_row(
                    self.stamp, e.action, e.resource, e.resource_id, _logged(e.before), _logged(e.after), e.reason
                )
                for e in entries
            ]
            insert_in_log(self.connection, self.store.tables.table("audit_logs"), rows)
        if self.store.tables.has("order_events"):
            message = f"Undone: run {self.target}."
            rows = [build.event_row(each.order_id, build.UNDONE, message, self.stamp) for each in reversals]
            insert_in_log(self.connection, self.store.tables.table("order_events"), rows)


def _logged(payload: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The columns of an entry's payload as `audit_logs` shows them: a hash as "(set)"."""
    if payload is None:
        return None
    return {
        name: value.get("parts", "(set)") if isinstance(value, dict) else value
        for name, value in payload["columns"].items()
    }
