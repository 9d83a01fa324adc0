"""What may be taken back of one run, order by order: decided here, from rows and records that were read before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ordersync_dagster.adapters.database.journal.audit import Record, is_blanked
from ordersync_dagster.adapters.database.journal.redaction import Ledger
from ordersync_dagster.adapters.database.journal.row_snapshots import Image
from ordersync_dagster.adapters.database.rows.build import RECOVERED, SYNCED, UNDONE, event_id

NO_RIGHT = "this role may not delete (`ordersync db grants --undo`)"


@dataclass(frozen=True, slots=True)
class Case:
    """One order that the run wrote: all records of it, oldest first, and what is there now."""

    order_id: str
    records: Sequence[Record]
    order: Image | None
    items: Mapping[str, Image]
    event_ids: frozenset[str] = frozenset()
    referring: Mapping[str, Sequence[str]] = field(default_factory=dict)  # other tables, by the row they refer to


@dataclass(frozen=True, slots=True)
class Removal:
    """An order that the run inserted and nobody touched goes, with its items and its timeline."""

    order_id: str
    order: Image
    items: Mapping[str, Image]
    event_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reversal:
    """An order gets its former `values` back, and the `items` that the run added go."""

    order_id: str
    order: Image
    values: Image
    items: Mapping[str, Image]


@dataclass(frozen=True, slots=True)
class Left:
    """Something that stays as it is, and why. The sentence holds no personal data."""

    order_id: str
    sentence: str


Step = Removal | Reversal | Left


class _TouchedError(Exception):
    """Somebody else has been at the order."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides what becomes of the orders that the run `target` wrote."""

    target: str
    orders: Ledger
    items: Ledger
    may_delete: bool

    def decide(self, case: Case) -> list[Step]:
        """The steps for one order; none where everything is as it was before the run."""
        mine = [record for record in case.records if record["run_id"] == self.target]
        try:
            if case.order is None:
                return []
            if any(is_blanked(record) for record in mine):
                raise _TouchedError("its record was blanked by purge or forget, so nobody knows what it was before")
            created = next((each for each in mine if _is(each, "order", "order_create")), None)
            return list(self._removal(case, created) if created else self._reversal(case, case.order, mine))
        except _TouchedError as reason:
            return [Left(case.order_id, f"Order {case.order_id} was left as it is: {reason}.")]

    def _removal(self, case: Case, created: Record) -> Iterator[Step]:
        later = [record for record in case.records if record["seq"] > created["seq"]]
        if case.order is None or any(_is(record, "order", "order_delete") for record in later):
            return
        self._check_order(case.order, created, later)
        added = {record["resource_id"]: record for record in _added(later)}
        self._check_items(case, added, case.items)
        lost = added.keys() - case.items.keys()
        if lost:
            raise _TouchedError(f"somebody removed its item {min(lost)}")
        if case.event_ids - _our_events(case):
            raise _TouchedError("its timeline has entries that others wrote")
        self._check_referring(case, (case.order_id, *case.items))
        if self.may_delete:
            yield Removal(case.order_id, case.order, case.items, case.event_ids)
        else:
            yield Left(case.order_id, f"Order {case.order_id} was inserted by this run and stays: {NO_RIGHT}.")

    def _reversal(self, case: Case, order: Image, mine: Sequence[Record]) -> Iterator[Step]:
        updates = [record for record in mine if _is(record, "order", "order_update")]
        last = max(record["seq"] for record in mine)
        later = [record for record in case.records if record["seq"] > last]
        removed = {record["resource_id"] for record in later if _is(record, "order_item", "order_delete")}
        added = {each["resource_id"]: each for each in _added(mine) if each["resource_id"] not in removed}
        items = {item_id: image for item_id, image in case.items.items() if item_id in added}
        self._check_items(case, added, items)
        self._check_referring(case, items)
        former = order if self._is_back(order, updates) else self._former(order, updates, later)
        values = {name: value for name, value in former.items() if value != order[name]}
        removable = items if self.may_delete else {}
        if values or removable:
            yield Reversal(case.order_id, order, values, removable)
        if items and not self.may_delete:
            yield Left(case.order_id, f"{len(items)} items of order {case.order_id} stay: {NO_RIGHT}.")

    def _check_order(self, order: Image, created: Record, later: Sequence[Record]) -> None:
        """Taking our own later changes away must leave the row that we inserted."""
        inserted: Image | None = order
        for record in reversed([each for each in later if _is(each, "order", "order_update")]):
            if is_blanked(record):
                raise _TouchedError("a later record of it was blanked by purge or forget")
            if self.orders.standing(inserted or {}, record["after"]["columns"]):
                raise _TouchedError("somebody changed it since")
            inserted = self.orders.restored(inserted or {}, record["before"]["columns"])
        if inserted is None or not self.orders.is_whole(inserted, created["after"]):
            raise _TouchedError("somebody changed it since")

    def _check_items(self, case: Case, added: Mapping[str, Record], items: Mapping[str, Image]) -> None:
        for item_id, image in items.items():
            if item_id not in added:
                raise _TouchedError(f"it has item {item_id}, which somebody else wrote")
            if is_blanked(added[item_id]) or not self.items.is_whole(image, added[item_id]["after"]):
                raise _TouchedError(f"somebody changed its item {item_id} since")

    def _check_referring(self, case: Case, row_ids: Sequence[str] | Mapping[str, Image]) -> None:
        tables = sorted({table for row_id in row_ids for table in case.referring.get(row_id, ())})
        if tables:
            raise _TouchedError(f"others refer to it from {', '.join(tables)}")

    def _is_back(self, order: Image, updates: Sequence[Record]) -> bool:
        """Whether every column is what it was before the first of `updates`, whoever saw to that."""
        before: dict[str, object] = {}
        for record in updates:
            before = {**record["before"]["columns"], **before}
        return not set(self.orders.standing(order, before)) - {self.orders.updated_at}

    def _former(self, order: Image, updates: Sequence[Record], later: Sequence[Record]) -> Image:
        for record in reversed(updates):
            changed = self.orders.standing(order, record["after"]["columns"])
            if changed:
                raise _TouchedError(f"{', '.join(sorted(changed))} changed since{_by_whom(later, self.target)}")
            former = self.orders.restored(order, record["before"]["columns"])
            if former is None:
                raise _TouchedError("a former value of it is not kept")
            order = former
        return order


def _is(record: Record, resource: str, action: str) -> bool:
    return bool(record["resource"] == resource and record["action"] == action)


def _added(records: Sequence[Record]) -> Iterator[Record]:
    """The records of the items that were added and not taken back since."""
    removed = {record["resource_id"]: record["seq"] for record in records if _is(record, "order_item", "order_delete")}
    for record in records:
        if _is(record, "order_item", "order_create") and record["seq"] > removed.get(record["resource_id"], 0):
            yield record


def _our_events(case: Case) -> frozenset[str]:
    runs = {record["run_id"] for record in case.records}
    return frozenset(event_id(run, case.order_id, kind) for run in runs for kind in (RECOVERED, SYNCED, UNDONE))


def _by_whom(later: Sequence[Record], target: str) -> str:
    runs = {record["run_id"] for record in later if _is(record, "order", "order_update")} - {target}
    return f" (also by run {max(runs)}: undo that one first)" if runs else ""
