"""Decides for each order whether the changes of one run can be undone, from rows and audit records read before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ordersync_dagster.adapters.database.journal.redaction import AuditColumns
from ordersync_dagster.core.history import AuditRecord, Kept, Removal, Reversal, RowSnapshot, UndoStep
from ordersync_dagster.core.text import counted

NO_RIGHT = "this role may not delete (`ordersync db grants --undo`)"


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """An order that the run wrote: its audit records, oldest first, and its rows as they are now."""

    order_id: str
    records: Sequence[AuditRecord]
    order: RowSnapshot | None
    items: Mapping[str, RowSnapshot]
    event_ids: frozenset[str] = frozenset()
    own_event_ids: frozenset[str] = frozenset()  # those whose content says that we wrote them
    # (our name of a table, row id) → other tables that refer to that row
    referring: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)


class _ChangedError(Exception):
    """Somebody else changed the order."""


@dataclass(frozen=True, slots=True)
class UndoDecider:
    """Decides the steps for orders that the run `target` wrote."""

    target: str
    orders: AuditColumns
    items: AuditColumns
    may_delete: bool

    def decide(self, history: OrderHistory) -> list[UndoStep]:
        """The steps for one order; none if everything is as it was before the run."""
        if history.order is None:
            return []
        mine = [record for record in history.records if record.run_id == self.target]
        try:
            if any(record.is_blanked for record in mine):
                raise _ChangedError("purge or forget blanked its audit entry, so its old values are not known")
            created = next((record for record in mine if record.has("order", "order_create")), None)
            if created:
                return list(self._removal(history, history.order, created))
            return list(self._reversal(history, history.order, mine))
        except _ChangedError as reason:
            return [Kept(history.order_id, f"Order {history.order_id} was left as it is: {reason}.")]

    def _removal(self, history: OrderHistory, order: RowSnapshot, created: AuditRecord) -> Iterator[UndoStep]:
        later = [record for record in history.records if record.seq > created.seq]
        if any(record.has("order", "order_delete") for record in later):
            return
        self._check_order(order, created, later)
        added = _added_items(later)
        self._check_items(added, history.items)
        removed = added.keys() - history.items.keys()
        if removed:
            raise _ChangedError(f"somebody removed its item {min(removed)}")
        if history.event_ids - history.own_event_ids:
            raise _ChangedError("its timeline has entries that others wrote")
        _check_referring(history, ("orders", history.order_id), *(("order_items", each) for each in history.items))
        if self.may_delete:
            yield Removal(history.order_id, order, history.items, history.event_ids)
        else:
            yield Kept(history.order_id, f"Order {history.order_id} was inserted by this run and stays: {NO_RIGHT}.")

    def _reversal(self, history: OrderHistory, order: RowSnapshot, mine: Sequence[AuditRecord]) -> Iterator[UndoStep]:
        updates = [record for record in mine if record.has("order", "order_update")]
        last = max(record.seq for record in mine)
        later = [record for record in history.records if record.seq > last]
        removed = {record.resource_id for record in later if record.has("order_item", "order_delete")}
        added = {item_id: record for item_id, record in _added_items(mine).items() if item_id not in removed}
        items = {item_id: snapshot for item_id, snapshot in history.items.items() if item_id in added}
        self._check_items(added, items)
        _check_referring(history, *(("order_items", each) for each in items))
        former = order if self._is_restored(order, updates) else self._former(order, updates, later)
        values = {name: value for name, value in former.items() if value != order[name]}
        removable = items if self.may_delete else {}
        if values or removable:
            yield Reversal(history.order_id, order, values, removable)
        if items and not self.may_delete:
            stay = f"{counted(len(items), 'item')} of order {history.order_id} {'stays' if len(items) == 1 else 'stay'}"
            yield Kept(history.order_id, f"{stay}: {NO_RIGHT}.")

    def _check_order(self, order: RowSnapshot, created: AuditRecord, later: Sequence[AuditRecord]) -> None:
        """Without our own later changes, the row must be the one that we inserted."""
        inserted: RowSnapshot | None = order
        for record in reversed([record for record in later if record.has("order", "order_update")]):
            if record.is_blanked:
                raise _ChangedError("purge or forget blanked a later audit entry of it")
            if self.orders.differing(inserted or {}, record.after["columns"]):
                raise _ChangedError("somebody changed it since")
            inserted = self.orders.restored(inserted or {}, record.before["columns"])
        if inserted is None or not self.orders.is_same_row(inserted, created.after):
            raise _ChangedError("somebody changed it since")

    def _check_items(self, added: Mapping[str, AuditRecord], items: Mapping[str, RowSnapshot]) -> None:
        for item_id, snapshot in items.items():
            if item_id not in added:
                raise _ChangedError(f"it has item {item_id}, which somebody else wrote")
            if added[item_id].is_blanked or not self.items.is_same_row(snapshot, added[item_id].after):
                raise _ChangedError(f"somebody changed its item {item_id} since")

    def _is_restored(self, order: RowSnapshot, updates: Sequence[AuditRecord]) -> bool:
        """Whether every column is as it was before the first of `updates`, whoever restored it."""
        before: dict[str, object] = {}
        for record in updates:
            before = {**record.before["columns"], **before}
        return not set(self.orders.differing(order, before)) - {self.orders.updated_at}

    def _former(self, order: RowSnapshot, updates: Sequence[AuditRecord], later: Sequence[AuditRecord]) -> RowSnapshot:
        for record in reversed(updates):
            changed = self.orders.differing(order, record.after["columns"])
            if changed:
                raise _ChangedError(f"{', '.join(sorted(changed))} changed since{_by_run(later, self.target)}")
            former = self.orders.restored(order, record.before["columns"])
            if former is None:
                raise _ChangedError("one of its old values was kept only as a hash")
            order = former
        return order


def _check_referring(history: OrderHistory, *rows: tuple[str, str]) -> None:
    tables = sorted({table for row in rows for table in history.referring.get(row, ())})
    if tables:
        raise _ChangedError(f"rows of other tables refer to it: {', '.join(tables)}")


def _added_items(records: Sequence[AuditRecord]) -> dict[str, AuditRecord]:
    """By item id, the records of the items that were added and not deleted since."""
    found: dict[str, AuditRecord] = {}
    for record in records:
        if record.has("order_item", "order_create"):
            found[str(record.resource_id)] = record
        elif record.has("order_item", "order_delete"):
            found.pop(str(record.resource_id), None)
    return found


def _by_run(later: Sequence[AuditRecord], target: str) -> str:
    runs = {record.run_id for record in later if record.has("order", "order_update")} - {target}
    return f" (also by run {max(runs)}: undo that one first)" if runs else ""
