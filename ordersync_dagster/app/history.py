"""The record of our runs, from settings to result: list, show, undo, verify and erase."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from ordersync_dagster.adapters.database.journal import erase, forget, run_history, verify
from ordersync_dagster.adapters.database.journal.recorded_run import RecordedRun
from ordersync_dagster.adapters.database.journal.runs import Purpose
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.database.undo.undo import Undo
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, new_run_id, open_records
from ordersync_dagster.core.errors import UsageError
from ordersync_dagster.core.history import (
    AuditRecord,
    ErasureCounts,
    ErasureResult,
    PastRun,
    RunDetails,
    UndoResult,
    Verification,
)
from ordersync_dagster.core.orders import UNNUMBERED
from ordersync_dagster.core.text import EMPTY
from ordersync_dagster.core.window import Window

_Count = Callable[[Connection, DatabaseStore], ErasureCounts]
_Erase = Callable[[Connection, DatabaseStore, Stamp], ErasureCounts]


class History:
    """The record of our runs in one shop's database."""

    def __init__(self, settings: Settings, tools: Tools = Tools()) -> None:
        self._settings, self._tools = settings, tools

    def runs(self, limit: int) -> list[PastRun]:
        """The last `limit` runs, newest first."""
        store = self._reading()
        return store.read(partial(run_history.read_runs, limit=limit)) if store.tables.has_own_tables else []

    def show(self, run_id: str) -> RunDetails:
        """One run with the rows that it wrote; raises UsageError if there is no such run."""
        store = self._reading()
        run, undone_by = _find(store, run_id), store.read(partial(run_history.read_undos, run_id=run_id))
        return RunDetails(run, _records(store, run_id), undone_by)

    def order(self, name: str) -> Sequence[AuditRecord]:
        """The records of an order, by its id or its Checkout Session's; raises UsageError if there are none."""
        store = self._reading()
        session_id = name.removeprefix(UNNUMBERED)  # a plan names an order so that had no number yet
        order_ids = [name, *(order.id for order in store.orders_of_sessions([session_id]))]
        for order_id in order_ids if store.tables.has_own_tables else ():
            if records := store.read(partial(run_history.read_order_records, order_id=order_id)):
                return records
        raise UsageError(f"no run wrote anything of {name or EMPTY}: give the id of an order or its Checkout Session")

    def undo(self, run_id: str, *, dry_run: bool) -> UndoResult:
        """Undo a run, or with `dry_run` preview the undo; raises UsageError for a run that cannot be undone."""
        store = self._reading()
        run = _find(store, run_id)
        if self._settings.ordersync_shadow and not dry_run:
            raise UsageError("ORDERSYNC_SHADOW is set, and an undo writes the shop's tables: unset it first")
        if run.kind != "sync":
            raise UsageError(_no_undo(run))
        before = store.read(partial(run_history.read_undos, run_id=run_id))
        if dry_run:
            return replace(Undo(store, run_id).preview(), undone_by=before)
        with self._run(Purpose("undo", run_id), run.window) as (store, own_id, own):
            result = Undo(store, run_id).carry_out(own_id)
            own.end(result.counts)
        return replace(result, undone_by=before)

    def verify(self) -> Verification:
        """Check that `ordersync_audit` is complete and unchanged."""
        store = self._reading()
        return store.read(verify.verify) if store.tables.has_own_tables else Verification(0, 0)

    def purge(self, days: int, *, dry_run: bool) -> ErasureResult:
        """Erase data older than `days` days from our own tables, or count it."""
        before = self._tools.clock() - timedelta(days=days)
        return self._erase(
            "purge",
            dry_run,
            lambda connection, _: erase.count_old(connection, before),
            lambda connection, store, stamp: erase.erase_old(connection, before, stamp, store.keyed()),
        )

    def forget(self, email: str, *, dry_run: bool) -> ErasureResult:
        """Erase the data of the customer with this address from our own tables, or count it."""
        return self._erase(
            "forget",
            dry_run,
            lambda connection, store: forget.count_customer(
                connection, _customer(connection, store, email), store.keyed()
            ),
            lambda connection, store, stamp: forget.erase_customer(
                connection, _customer(connection, store, email), stamp, store.keyed()
            ),
        )

    def _erase(self, kind: str, dry_run: bool, count: _Count, write: _Erase) -> ErasureResult:
        store = self._reading()
        if dry_run:
            is_there = store.tables.has_own_tables
            counts = store.read(lambda connection: count(connection, store)) if is_there else ErasureCounts(0)
            return ErasureResult(kind, None, counts)
        with self._run(Purpose(kind), None) as (writing, own_id, own):
            with writing.transaction() as connection:
                counts = write(connection, writing, writing.stamp(own_id))
            own.end(counts.by_name)
        return ErasureResult(kind, own_id, counts)

    @contextmanager
    def _run(self, purpose: Purpose, window: Window | None) -> Iterator[tuple[DatabaseStore, str, RecordedRun]]:
        store = open_records(self._settings, self._tools, is_writing=True)
        own_id = new_run_id(self._tools.clock())
        with store.run(own_id, window, purpose) as run:
            yield store, own_id, run

    def _reading(self) -> DatabaseStore:
        return open_records(self._settings, self._tools, is_writing=False)


def _records(store: DatabaseStore, run_id: str) -> Iterator[AuditRecord]:
    """Some at a time, so that no more than these are in memory."""
    last = 0
    while records := store.read(partial(run_history.read_next_records, run_id=run_id, after=last)):
        yield from records
        last = records[-1].seq


def _find(store: DatabaseStore, run_id: str) -> PastRun:
    found = store.read(partial(run_history.find_run, run_id=run_id)) if store.tables.has_own_tables else None
    if found is None:
        raise UsageError(f"there is no run {run_id or EMPTY}: `ordersync runs` lists them")
    return found


def _customer(connection: Connection, store: DatabaseStore, email: str) -> forget.Customer:
    return forget.find_customer(connection, store.tables, email, store.keyed())


def _no_undo(run: PastRun) -> str:
    if run.kind == "undo":
        return (
            f"run {run.id} is an undo of run {run.undoes} and cannot be undone: "
            "`ordersync sync` makes the same repairs again"
        )
    if run.kind == "shadow":
        return f"run {run.id} ran in shadow mode: it changed no orders, so there is nothing to undo"
    return f"run {run.id} is a {run.kind}: it changed no orders, and the data that it erased cannot be restored"
