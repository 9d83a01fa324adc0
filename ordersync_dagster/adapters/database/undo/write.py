"""Carries out what `reversal` decided, with its audit, in the caller's transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, column, delete, table, update
from sqlalchemy.types import NullType

from ordersync_dagster.adapters.database.journal import audit
from ordersync_dagster.adapters.database.journal.audit import Entry
from ordersync_dagster.adapters.database.journal.redaction import Ledger
from ordersync_dagster.adapters.database.journal.row_snapshots import read_images
from ordersync_dagster.adapters.database.rows import build
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.adapters.database.rows.bulk_insert import insert_new
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.database.undo.decide import Removal, Reversal, Step


@dataclass(frozen=True, slots=True)
class Hand:
    """Writes decided steps with their audit."""

    store: DatabaseStore
    connection: Connection
    stamp: Stamp
    why: str
    orders: Ledger
    items: Ledger

    def carry_out(self, steps: Sequence[Step]) -> None:
        removals = [step for step in steps if isinstance(step, Removal)]
        reversals = [step for step in steps if isinstance(step, Reversal)]
        both: list[Removal | Reversal] = [*removals, *reversals]
        self._delete("order_events", [event_id for each in removals for event_id in each.event_ids])
        self._delete("order_items", [item_id for each in both for item_id in each.items])
        self._delete("orders", [each.order_id for each in removals])
        for each in reversals:
            if each.values:
                self._set(each)
        entries = [*self._order_entries(removals, reversals), *self._item_entries(both)]
        self._tell_the_shop(entries, reversals)
        audit.append(self.connection, self.stamp, entries, self.store.keyed())

    def _delete(self, name: str, ids: Sequence[str]) -> None:
        if ids:
            gone: Table = self.store.tables.table(name)
            for chunk in chunks(ids):
                self.connection.execute(delete(gone).where(is_one_of(gone.c.id, chunk, self.connection)))

    def _set(self, step: Reversal) -> None:
        """The former values as they were read, in the shop's own columns and words."""
        orders = self.store.tables.table("orders")
        names = [orders.c["id"].name, *step.values]
        raw = table(orders.name, *(column(name) for name in names), schema=orders.schema)
        values = {name: bindparam(None, value, NullType()) for name, value in step.values.items()}
        is_it = raw.c[names[0]] == bindparam(None, step.order[names[0]], NullType())
        self.connection.execute(update(raw).where(is_it).values(values))

    def _order_entries(self, removals: Sequence[Removal], reversals: Sequence[Reversal]) -> Iterator[Entry]:
        for gone in removals:
            before, email = self.orders.whole(gone.order), self.orders.email(gone.order)
            yield Entry("order_delete", "order", gone.order_id, gone.order_id, before, None, self.why, email)
        changed = [each for each in reversals if each.values]
        images = read_images(self.connection, self.store.tables.table("orders"), [each.order_id for each in changed])
        for each in changed:
            was, now = self.orders.change(each.order, images[each.order_id])
            email = self.orders.email(each.order)
            before, after = {"columns": was}, {"columns": now}
            yield Entry("order_update", "order", each.order_id, each.order_id, before, after, self.why, email)

    def _item_entries(self, steps: Sequence[Removal | Reversal]) -> Iterator[Entry]:
        for step in steps:
            for item_id, image in step.items.items():
                before, email = self.items.whole(image), self.orders.email(step.order)
                yield Entry("order_delete", "order_item", item_id, step.order_id, before, None, self.why, email)

    def _tell_the_shop(self, entries: Sequence[Entry], reversals: Sequence[Reversal]) -> None:
        if self.store.tables.has("audit_logs"):
            rows = [
                build.audit_row(
                    self.stamp, e.action, e.resource, e.resource_id, _shown(e.before), _shown(e.after), e.reason
                )
                for e in entries
            ]
            insert_new(self.connection, self.store.tables.table("audit_logs"), rows, "id")
        if self.store.tables.has("order_events"):
            message = f"Taken back: {self.why}."
            rows = [build.event_row(each.order_id, build.UNDONE, message, self.stamp) for each in reversals]
            insert_new(self.connection, self.store.tables.table("order_events"), rows, "id")


def _shown(kept: Any) -> dict[str, Any] | None:
    """What the audit keeps of a row, as the shop's own log shows it."""
    if kept is None:
        return None
    return {name: _plain(value) for name, value in kept["columns"].items()}


def _plain(value: Any) -> Any:
    return value.get("parts", "(set)") if isinstance(value, dict) else value
