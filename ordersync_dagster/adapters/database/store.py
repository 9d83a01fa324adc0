"""The shop's database: loads orders, and applies plans in short transactions."""

import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database import apply
from ordersync_dagster.adapters.database.engine import lock
from ordersync_dagster.adapters.database.engine.errors import is_transient, translated
from ordersync_dagster.adapters.database.journal import audit, runs
from ordersync_dagster.adapters.database.journal.erased import Erasures, read_erasures
from ordersync_dagster.adapters.database.journal.given_values import read_once_refunded, read_values_given
from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash, read_keyed_hash
from ordersync_dagster.adapters.database.journal.problem_records import IS_OPEN, read_problems, record_sightings
from ordersync_dagster.adapters.database.journal.recorded_run import RecordedRun
from ordersync_dagster.adapters.database.journal.recovered import with_recovered
from ordersync_dagster.adapters.database.journal.runs import Purpose
from ordersync_dagster.adapters.database.rows import read
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.adapters.database.transactions import write_in_pieces
from ordersync_dagster.core.errors import BusyError, DatabaseAccessError, DatabaseRefusedError, LockHeldError
from ordersync_dagster.core.known_problems import Sightings
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.core.part import Applied
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.window import Window

ATTEMPTS = 3
Result = TypeVar("Result")


class DatabaseStore:
    """Reads and writes one shop. `path` is the SQLite file, None on PostgreSQL."""

    def __init__(self, engine: Engine, tables: FittedTables, path: Path | None, clock: Callable[[], datetime]) -> None:
        self._engine, self._tables, self._path, self._clock = engine, tables, path, clock
        self.hash_key = ""  # ORDERSYNC_HASH_KEY, where a person gave one
        self.dagster_run = self.shop = ""  # the id in Dagster, where it starts the runs; the name of one of several
        self._keyed: KeyedHash | None = None
        self._erasures: Erasures | None = None
        weakref.finalize(self, engine.dispose)  # a process that serves many runs must not keep their connections

    @property
    def limits(self) -> Limits:
        return self._tables.limits

    @property
    def tables(self) -> FittedTables:
        return self._tables

    def stamp(self, run_id: str) -> Stamp:
        """The run and the time, for the rows that it writes now."""
        return Stamp(run_id, self._clock())

    def order_count(self) -> int:
        """How many orders the shop has."""
        orders = self._tables.table("orders")
        return self.read(lambda connection: connection.execute(select(func.count()).select_from(orders)).scalar_one())

    def newest_sessions(self, window: Window, kind: str, at_most: int) -> list[str]:
        """The sessions whose id begins with `kind`, of the newest orders that were created in `window`."""
        created, session = (self._tables.table("orders").c[name] for name in ("created_at", "stripe_session_id"))
        wanted = (created >= window.start, created < window.end, session.startswith(kind, autoescape=True))
        query = select(session).where(*wanted).order_by(created.desc()).limit(at_most)
        return list(self.read(lambda connection: connection.execute(query).scalars().all()))

    def has_live_orders(self) -> bool:
        """Whether any order is of a Checkout Session in live mode: its id says so."""
        session = self._tables.table("orders").c.stripe_session_id
        query = select(session).where(session.startswith("cs_live_", autoescape=True)).limit(1)
        return self.read(lambda connection: connection.execute(query).first() is not None)

    def statuses(self) -> frozenset[str]:
        """The status words in use."""
        query = select(self._tables.table("orders").c.status).distinct()
        return frozenset(self.read(lambda connection: connection.execute(query).scalars().all()))

    def has_runs(self) -> bool:
        """Whether this shop was ever repaired before."""
        return self._tables.has_own_tables and self.read(runs.has_any)

    def orders_of_sessions(self, session_ids: Collection[str]) -> tuple[StoredOrder, ...]:
        """The orders that name these sessions."""
        return self._orders("stripe_session_id", session_ids)

    def order_ids_of_payments(self, payments: Collection[str]) -> frozenset[str]:
        """The ids of the orders that name these payments, whatever their session."""
        found = partial(read.read_ids_of_payments, tables=self._tables, payments=payments)
        return self.read(found) if payments else frozenset()

    def orders_of_customers(self, emails: Collection[str], start: datetime, end: datetime) -> tuple[StoredOrder, ...]:
        """The orders of these addresses (in lower case) that were created in `[start, end)`."""
        ids = self.read(lambda connection: read.read_ids_of_customers(connection, self._tables, emails, start, end))
        return self.orders(ids)

    def orders(self, order_ids: Collection[str]) -> tuple[StoredOrder, ...]:
        """The orders with these ids; a text that cannot be an id is the id of none."""
        return self._orders("id", order_ids)

    def _orders(self, column: str, values: Collection[str]) -> tuple[StoredOrder, ...]:
        def query(connection: Connection) -> tuple[StoredOrder, ...]:
            found = read.read_orders(connection, self._tables, column, values)
            asks_audit = self.limits.numbers_orders and self._tables.has_own_tables
            return with_recovered(connection, found) if asks_audit else tuple(found)

        return self.read(query) if values else ()

    def erased(self, session_ids: Collection[str], orders: Collection[Order] = ()) -> frozenset[str]:
        """Those of `session_ids` whose customer was erased after the session was created; see `Erasures.find`."""
        find = partial(self.erasures.find, session_ids=session_ids, orders=orders)
        return self.read(find) if session_ids and self.erasures.keyed else frozenset()

    @property
    def erasures(self) -> Erasures:
        """The erased customers that this process can recognise; read once."""
        if self._erasures is None:
            has_any = "ordersync_erased" in self._tables.own
            self._erasures = self.read(partial(read_erasures, given=self.hash_key)) if has_any else Erasures()
        return self._erasures

    def printful_ids(self) -> list[tuple[str, str, str]]:
        """(order id, Printful id, status) of every order that names a Printful order."""
        return self.read(lambda connection: read.read_printful_ids(connection, self._tables))

    def printful_ids_given(self, order_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        """By order id: the Printful ids that runs of ours have set, as far as the audit still says so."""
        if not self._tables.has_own_tables:
            return {}
        column = self._tables.table("orders").c["printful_order_id"].name
        return self.read(lambda connection: read_values_given(connection, order_ids, column))

    def once_refunded(self, order_ids: Collection[str]) -> frozenset[str]:
        """The orders that runs of ours have set to refunded, as far as the audit still says so."""
        if not self._tables.has_own_tables:
            return frozenset()
        column = self._tables.table("orders").c["status"]
        return self.read(lambda connection: read_once_refunded(connection, order_ids, column))

    def known_missing(self, since: datetime) -> frozenset[str]:
        """Printful ids that need not be asked again yet."""
        if not self._tables.has_own_tables:
            return frozenset()
        return self.read(lambda connection: runs.known_missing(connection, since))

    def remember_missing(self, printful_ids: Collection[str]) -> None:
        """Remember new 404s for `known_missing`."""
        with self.transaction() as connection:
            runs.remember(connection, printful_ids, self._clock())

    def forget_missing(self, printful_ids: Collection[str]) -> None:
        """Forget ids that Printful lists again."""
        with self.transaction() as connection:
            runs.remember(connection, printful_ids, runs.LONG_AGO)

    @contextmanager
    def run(self, run_id: str, window: Window | None, purpose: Purpose = Purpose()) -> Iterator[RecordedRun]:
        """Hold the shop's lock for one run; raises LockHeldError with the holder's run id.

        The run is recorded as succeeded when the block calls `end` or is left without an error.
        """
        try:
            with lock.held(self._engine, self._path, self._tables.table("orders")):
                yield from self._recorded(run_id, window, purpose)
        except LockHeldError:
            holder = self.read(runs.running) if self._tables.has_own_tables else None
            raise LockHeldError(f"another run{f' ({holder})' if holder else ''} is at work; try again later") from None
        except DBAPIError as error:
            raise translated(error) from None

    def _recorded(self, run_id: str, window: Window | None, purpose: Purpose) -> Iterator[RecordedRun]:
        purpose = replace(purpose, dagster_run=self.dagster_run, shop=self.shop)
        with self.transaction() as connection:
            runs.begin(connection, run_id, window, self._clock(), purpose)
            known = {each.id: each for each in read_problems(connection, IS_OPEN)}
        run = RecordedRun(partial(self._end_run, run_id, sightings := Sightings(known)), sightings)
        try:
            yield run
        except BaseException as error:
            is_interrupted = isinstance(error, GeneratorExit | KeyboardInterrupt)
            with suppress(DatabaseAccessError, BusyError, DatabaseRefusedError):  # the first error counts
                self._end_run(run_id, sightings, "interrupted" if is_interrupted else "failed", {})
            raise
        if not run.is_ended:
            run.end({})

    def _end_run(self, run_id: str, sightings: Sightings, state: str, summary: Mapping[str, int]) -> None:
        now = self._clock()
        with self.transaction() as connection:
            runs.end(connection, run_id, state, summary, now)
            record_sightings(connection, sightings, run_id, now)

    def apply(self, plan: Plan, run_id: str) -> Applied:
        """Carry out `plan` in transactions of some hundred orders, so that the shop's own programs never wait long.

        Raises DatabaseAwayError when the database is gone, and RowLockedError when another program keeps a lock; what
        was committed before stays.
        """
        return write_in_pieces(plan, partial(self._write, run_id=run_id))

    def _write(self, plan: Plan, *, run_id: str, is_last_attempt: bool = False) -> Applied:
        stamp, keyed = Stamp(run_id, self._clock()), self.keyed()
        for attempt in range(ATTEMPTS):
            applied, first_audit_id = Applied(), None
            try:
                with self._engine.begin() as connection:
                    runs.require_running(connection, run_id)
                    applied, first_audit_id = apply.write(connection, self._tables, plan, stamp, keyed)
                return applied
            except DBAPIError as error:
                if first_audit_id is not None and self._was_committed(first_audit_id):
                    return applied
                if is_last_attempt or attempt + 1 == ATTEMPTS or not is_transient(error):
                    raise translated(error) from None
        raise AssertionError("unreachable")  # pragma: no cover - the last attempt returns or raises

    def _was_committed(self, first_audit_id: str) -> bool:
        """Whether a COMMIT without an answer took place: then its audit rows are there."""
        return self.read(lambda connection: audit.has(connection, first_audit_id))

    def keyed(self) -> KeyedHash:
        """The hashes of this shop."""
        self._keyed = self._keyed or self.read(lambda connection: read_keyed_hash(connection, self.hash_key))
        return self._keyed

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """The result of `query`; raises what `translated` makes of an error."""
        try:
            with self._engine.connect().execution_options(is_reading=True) as connection:
                return query(connection)
        except DBAPIError as error:
            raise translated(error) from None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction; raises what `translated` makes of an error."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise translated(error) from None
