"""A rate budget that all processes of a deployment share: a ring of tokens in a table.

Each token remembers when it may be used next. Taking one reserves the oldest: its new time is `period` after its
old one, so that no span of `period` seconds ever holds more than `limit` attempts, whoever makes them.
"""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from sqlalchemy import (
    Double,
    Engine,
    Executable,
    bindparam,
    cast,
    create_engine,
    event,
    extract,
    func,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ordersync_dagster.adapters.database.connection import BUSY_SECONDS
from ordersync_dagster.adapters.database.tables import own_tables
from ordersync_dagster.core.errors import DatabaseAwayError

RATE = own_tables().tables["ordersync_rate"]
WAKING = 0.05  # seconds that a process may wake late; without it two late ones and one in time make too many


def _taking() -> Executable:
    """PostgreSQL's whole step: `tokens` of `ring` move on by `period`; how long until each may be used."""
    now = cast(extract("epoch", func.statement_timestamp()), Double)
    mine = select(RATE.c.slot, RATE.c.at).where(RATE.c.name == bindparam("ring")).order_by(RATE.c.at, RATE.c.slot)
    oldest = mine.limit(bindparam("tokens")).with_for_update(skip_locked=True).cte("oldest")
    taken = update(RATE).where(RATE.c.name == bindparam("ring"), RATE.c.slot == oldest.c.slot)
    return taken.values(at=func.greatest(now, oldest.c.at + bindparam("period"))).returning(RATE.c.at - now)


TAKE = _taking()


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
        """One at a time in this process; other processes wait in the database."""
        try:
            with self._lock:
                if ring not in self._ready:
                    self._make(ring)
                    self._ready.add(ring)
                is_postgres = self._engine.dialect.name == "postgresql"
                return (self._in_one_statement if is_postgres else self._under_the_lock)(ring, tokens)
        except DBAPIError as error:
            raise DatabaseAwayError(f"the rate budget cannot be kept ({type(error.orig).__name__})") from None

    def _in_one_statement(self, ring: str, tokens: int) -> float:
        """A token that somebody takes at this moment is passed over; it was the oldest, and is no more."""
        values = {"ring": ring, "tokens": tokens, "period": self._period}
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not (waits := connection.execute(TAKE, values).scalars().all()):
                time.sleep(0.001)
        return max(map(float, waits))

    def _under_the_lock(self, ring: str, tokens: int) -> float:
        oldest = select(RATE.c.slot, RATE.c.at).where(RATE.c.name == ring).order_by(RATE.c.at, RATE.c.slot)
        with self._engine.begin() as connection:  # BEGIN IMMEDIATE
            now = start = time.time()
            for slot, at in connection.execute(oldest.limit(tokens)).all():
                start = max(now, at + self._period)
                connection.execute(update(RATE).where(RATE.c.name == ring, RATE.c.slot == slot).values(at=start))
            return start - now

    def _make(self, ring: str) -> None:
        """As many tokens as the limit says now."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"ordersync {ring}", 0))))
            connection.execute(RATE.delete().where(RATE.c.name == ring, RATE.c.slot >= self._limit))
            count = connection.execute(select(func.count()).select_from(RATE).where(RATE.c.name == ring)).scalar_one()
            fresh = [{"name": ring, "slot": slot, "at": 0.0} for slot in range(count, self._limit)]
            if fresh:
                connection.execute(RATE.insert(), fresh)


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
