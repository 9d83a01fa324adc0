"""A rate budget that all processes of a deployment share: a ring of tokens in a table.

Each token remembers when it may be used next. Taking one reserves the oldest: its new time is `period` after its
old one, so that no span of `period` seconds ever holds more than `limit` attempts, whoever makes them.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ordersync_dagster.adapters.database.connection import BUSY_SECONDS
from ordersync_dagster.adapters.database.tables import own_tables
from ordersync_dagster.core.errors import DatabaseAwayError

RATE = own_tables().tables["ordersync_rate"]
WAKING = 0.05  # seconds that a process may wake late; without it two late ones and one in time make too many


class SharedBudget:
    """At most `limit` attempts in any `period` seconds over all that use the same table; per endpoint if asked."""

    def __init__(
        self,
        engine: Engine,
        vendor: str,
        limit: int,
        period: int,
        *,
        per_endpoint: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine, self._vendor, self._limit, self._period = engine, vendor, limit, period + WAKING
        self._per_endpoint, self._sleep = per_endpoint, sleep
        self._ready: set[str] = set()
        self._lock = Lock()

    def take(self, name: str) -> None:
        """Reserve a token of the endpoint `name` and wait until it may be used."""
        self._sleep(self._reserve(self._ring(name), 1))

    def slow_down(self, name: str) -> None:
        """After a 429: let a quarter of the budget pass unused; it comes back by itself."""
        self._reserve(self._ring(name), max(1, self._limit // 4))

    def check(self) -> None:
        """Raise DBAPIError where the table cannot be written."""
        with self._engine.begin() as connection:
            connection.execute(RATE.delete().where(RATE.c.name == f"{self._vendor} (check)"))

    def _ring(self, name: str) -> str:
        return f"{self._vendor} {name}" if self._per_endpoint else self._vendor

    def _reserve(self, ring: str, tokens: int) -> float:
        with self._lock, self._transaction() as connection:
            now = _now(connection, ring)
            if ring not in self._ready:
                self._make(connection, ring)
                self._ready.add(ring)
            mine = (
                select(RATE.c.slot, RATE.c.at).where(RATE.c.name == ring).order_by(RATE.c.at, RATE.c.slot).limit(tokens)
            )
            start = now
            for slot, at in connection.execute(mine).all():
                start = max(now, at + self._period)
                connection.execute(update(RATE).where(RATE.c.name == ring, RATE.c.slot == slot).values(at=start))
            return start - now

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """One at a time in this process; other processes wait in the database."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise DatabaseAwayError(f"the rate budget cannot be kept ({type(error.orig).__name__})") from None

    def _make(self, connection: Connection, ring: str) -> None:
        """As many tokens as the limit says now."""
        connection.execute(RATE.delete().where(RATE.c.name == ring, RATE.c.slot >= self._limit))
        count = connection.execute(select(func.count()).select_from(RATE).where(RATE.c.name == ring)).scalar_one()
        fresh = [{"name": ring, "slot": slot, "at": 0.0} for slot in range(count, self._limit)]
        if fresh:
            connection.execute(RATE.insert(), fresh)


def _now(connection: Connection, ring: str) -> float:
    """The shared clock, in Unix seconds, with the ring locked for this transaction."""
    if connection.dialect.name != "postgresql":
        return time.time()  # BEGIN IMMEDIATE holds the lock, and one machine has one clock
    key = int.from_bytes(hashlib.sha256(f"ordersync rate {ring}".encode()).digest()[:8], signed=True)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
    return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def open_rate_file(folder: Path) -> Engine:
    """The budgets of one machine, in `folder`; raises OSError and DBAPIError where it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{(folder / 'rates.db').absolute()}", poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS}
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    RATE.create(engine, checkfirst=True)
    return engine


def _prepare(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # an sqlite3 connection
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]  # a lost token costs nothing
