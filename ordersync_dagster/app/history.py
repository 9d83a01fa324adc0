"""Looking back, from settings to result: which runs there were, taking one back, and letting go of what is kept."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from ordersync_dagster.adapters.database.journal import erase, run_history, verify
from ordersync_dagster.adapters.database.journal.audit import Record
from ordersync_dagster.adapters.database.journal.erase import Kept
from ordersync_dagster.adapters.database.journal.run_history import PastRun
from ordersync_dagster.adapters.database.journal.runs import Purpose
from ordersync_dagster.adapters.database.journal.verify import Verification
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.adapters.database.store import DatabaseStore, RecordedRun
from ordersync_dagster.adapters.database.undo.undo import Undo, Undone
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, new_run_id, open_records
from ordersync_dagster.core.errors import UsageError
from ordersync_dagster.core.window import Window


@dataclass(frozen=True, slots=True)
class Shown:
    """One run with what it wrote."""

    run: PastRun
    entries: Sequence[Record]
    undone_by: Sequence[str]


@dataclass(frozen=True, slots=True)
class OrderPast:
    """One order of the shop with everything that runs wrote of it."""

    order_id: str
    entries: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Taken:
    """An undo of the run `target`; `run_id` is its own, None where it was only looked at."""

    target: str
    run_id: str | None
    undone: Undone


@dataclass(frozen=True, slots=True)
class LetGo:
    """What a purge or a forget came to; `run_id` is its own, None where it was only looked at."""

    kind: str
    run_id: str | None
    kept: Kept


_Count = Callable[[Connection, DatabaseStore], Kept]
_Write = Callable[[Connection, DatabaseStore, Stamp], Kept]


class History:
    """What a shop's database remembers of our runs."""

    def __init__(self, settings: Settings, tools: Tools = Tools()) -> None:
        self._settings, self._tools = settings, tools

    def runs(self, limit: int) -> list[PastRun]:
        """The last `limit` runs, newest first."""
        store = self._reading()
        return store.read(partial(run_history.read_runs, limit=limit)) if store.tables.has_own_tables else []

    def show(self, run_id: str) -> Shown:
        """One run with what it wrote; raises UsageError where there is none of this id."""
        store = self._reading()
        run = self._find(store, run_id)
        entries = store.read(partial(run_history.read_entries, run_id=run_id))
        return Shown(run, entries, store.read(partial(run_history.undone_by, run_id=run_id)))

    def order(self, name: str) -> OrderPast:
        """What runs wrote of an order, by its id or its Checkout Session's; raises UsageError where that is nothing."""
        store = self._reading()
        order_ids = [name, *(order.id for order in store.orders_of_sessions([name]))]
        for order_id in order_ids if store.tables.has_own_tables else ():
            if entries := store.read(partial(run_history.read_order_entries, order_id=order_id)):
                return OrderPast(order_id, entries)
        raise UsageError(f"no run wrote anything of {name}: give the id of an order or of its Checkout Session")

    def undo(self, run_id: str, *, dry_run: bool) -> Taken:
        """Take the run back, or see what that would do; raises UsageError for a run that cannot be taken back."""
        store = self._reading()
        run = self._find(store, run_id)
        if run.kind != "sync":
            raise UsageError(_no_undo(run))
        if dry_run:
            return Taken(run_id, None, Undo(store, run_id).preview())
        with self._run(Purpose("undo", run_id), run.window) as (store, own_id, own):
            undone = Undo(store, run_id).carry_out(own_id)
            own.end(undone.counts)
        return Taken(run_id, own_id, undone)

    def verify(self) -> Verification:
        """Whether `ordersync_audit` is whole."""
        store = self._reading()
        return store.read(verify.verify) if store.tables.has_own_tables else Verification(0, 0)

    def purge(self, days: int, *, dry_run: bool) -> LetGo:
        """Let go of what our own tables keep from before `days` days ago, or count it."""
        before = erase.cutoff(self._tools.clock(), days)
        return self._let_go(
            "purge",
            dry_run,
            lambda connection, _: erase.old(connection, before),
            lambda connection, store, stamp: erase.purge(connection, before, stamp, store.keyed()),
        )

    def forget(self, email: str, *, dry_run: bool) -> LetGo:
        """Let go of what our own tables keep of the customer with this address, or count it."""
        return self._let_go(
            "forget",
            dry_run,
            lambda connection, store: erase.of_customer(connection, email, store.keyed()),
            lambda connection, store, stamp: erase.forget(connection, email, stamp, store.keyed()),
        )

    def _let_go(self, kind: str, dry_run: bool, count: _Count, write: _Write) -> LetGo:
        store = self._reading()
        if dry_run:
            seen = store.read(lambda connection: count(connection, store)) if store.tables.has_own_tables else Kept(0)
            return LetGo(kind, None, seen)
        with self._run(Purpose(kind), None) as (writing, own_id, own):
            with writing.transaction() as connection:
                kept = write(connection, writing, writing.stamp(own_id))
            own.end(kept.counts)
        return LetGo(kind, own_id, kept)

    @contextmanager
    def _run(self, purpose: Purpose, window: Window | None) -> Iterator[tuple[DatabaseStore, str, RecordedRun]]:
        store = open_records(self._settings, self._tools, is_writing=True)
        own_id = new_run_id(self._tools.clock())
        with store.run(own_id, window, purpose) as run:
            yield store, own_id, run

    def _reading(self) -> DatabaseStore:
        return open_records(self._settings, self._tools, is_writing=False)

    def _find(self, store: DatabaseStore, run_id: str) -> PastRun:
        found = store.read(partial(run_history.find_run, run_id=run_id)) if store.tables.has_own_tables else None
        if found is None:
            raise UsageError(f"there is no run {run_id}: `ordersync runs` lists them")
        return found


def _no_undo(run: PastRun) -> str:
    if run.kind == "undo":
        what = f"is itself an undo of run {run.undoes} and cannot be taken back"
        return f"run {run.id} {what}: `ordersync sync` repairs the same again"
    return f"run {run.id} is a {run.kind}: it wrote no orders, and what it blanked is gone"
