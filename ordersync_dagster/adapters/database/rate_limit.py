"""A rate limit that all processes of a deployment share: a ring of tokens in a table.

Each token has the time when it may be used next. Taking one reserves the oldest: its new time is `period` after its
old one, so that `period` seconds never hold more than `limit` attempts of all processes together. Where attempts are
to be even, it is also `period / limit` after the latest: a burst would start many pages that nobody waits for yet.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Double,
    Engine,
    Executable,
    Select,
    bindparam,
    case,
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

from ordersync_dagster.adapters.database.engine.connection import BUSY_SECONDS, open_read_write, sqlite_path
from ordersync_dagster.adapters.database.engine.errors import translated
from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.core.errors import DatabaseAccessError, DatabaseAwayError

RATE = own_tables().tables["ordersync_rate"]
MAX_WAITING_ATTEMPTS = 64  # for tokens at the same time: 4 processes of 16 threads
MAX_429_PERIODS = 4  # that answers of 429 may add to the wait
# A process may wake up this late. Without the margin, two late attempts and one in time are too many for a period.
LATE_WAKE_SECONDS = 0.05


def _known(now: ColumnElement[float]) -> ColumnElement[float]:
    """A token's time. One later than `horizon` is free: it was set by a clock that was put back since."""
    return case((RATE.c.at > now + bindparam("horizon"), 0.0), else_=RATE.c.at)


def _oldest(now: ColumnElement[float]) -> Select[int, float]:
    """The next `tokens` of `ring`."""
    at = _known(now).label("at")
    mine = select(RATE.c.slot, at).where(RATE.c.name == bindparam("ring"))
    return mine.order_by(at, RATE.c.slot).limit(bindparam("tokens"))


def _latest(now: ColumnElement[float]) -> Select[float]:
    return select(func.max(_known(now))).where(RATE.c.name == bindparam("ring"))


def _taking() -> Executable:
    """PostgreSQL: moves `tokens` of `ring` on by `period`; returns the seconds until each may be used."""
    now = cast(extract("epoch", func.statement_timestamp()), Double)
    oldest = _oldest(now).with_for_update(skip_locked=True).cte("oldest")
    taken = update(RATE).where(RATE.c.name == bindparam("ring"), RATE.c.slot == oldest.c.slot)
    evenly = _latest(now).scalar_subquery() + bindparam("spacing")
    return taken.values(at=func.greatest(now, oldest.c.at + bindparam("period"), evenly)).returning(RATE.c.at - now)


TAKE = _taking()
OLDEST, LATEST = _oldest(bindparam("now", type_=Double)), _latest(bindparam("now", type_=Double))


class SharedRateLimit:
    """At most `limit` attempts in any `period` seconds by all users of one table, or as many for each endpoint."""

    def __init__(
        self,
        engine: Engine,
        vendor: str,
        limit: int,
        period: int,
        *,
        per_endpoint: bool = False,
        is_even: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine, self._vendor, self._limit, self._period = engine, vendor, limit, period + LATE_WAKE_SECONDS
        self._spacing = self._period / limit if is_even else 0.0
        # seconds; no token is ever reserved for a later time
        self._horizon = 30 + self._period * (MAX_429_PERIODS + MAX_WAITING_ATTEMPTS / limit)
        self._per_endpoint, self._sleep = per_endpoint, sleep
        self._ready: set[str] = set()
        self._lock = Lock()

    def take(self, name: str) -> None:
        """Reserve a token of the endpoint `name` and wait until it may be used."""
        self._sleep(self._reserve(self._ring(name), 1))

    def slow_down(self, name: str) -> None:
        """After a 429: reserve a quarter of the tokens and do not use them; they become free again by themselves."""
        self._reserve(self._ring(name), max(1, self._limit // 4))

    def check(self) -> None:
        """Raise DBAPIError where the table cannot be written."""
        with self._engine.begin() as connection:
            connection.execute(RATE.delete().where(RATE.c.name == f"{self._vendor} (check)"))

    def _ring(self, name: str) -> str:
        return f"{self._vendor} {name}" if self._per_endpoint else self._vendor

    def _reserve(self, ring: str, tokens: int) -> float:
        """Seconds to wait. Threads of this process take turns here; other processes wait in the database."""
        try:
            with self._lock:
                if ring not in self._ready:
                    self._make(ring)
                    self._ready.add(ring)
                is_postgres = self._engine.dialect.name == "postgresql"
                take = self._in_one_statement if is_postgres else self._under_the_lock
                return take({"ring": ring, "tokens": tokens, "horizon": self._horizon})
        except DBAPIError as error:
            if isinstance(refusal := translated(error), DatabaseAccessError):
                raise refusal from None
            raise DatabaseAwayError(f"the shared rate limit cannot be written ({type(error.orig).__name__})") from None

    def _in_one_statement(self, wanted: dict[str, Any]) -> float:
        """A token that another process takes at this moment is skipped: it is not the oldest any more."""
        values = wanted | {"period": self._period, "spacing": self._spacing}
        with self._statement() as connection:
            while not (waits := connection.execute(TAKE, values).scalars().all()):
                time.sleep(0.001)
        return max(map(float, waits))

    def _statement(self) -> AbstractContextManager[Connection]:
        """Without a transaction of its own, except where that sets the search path."""
        if self._engine.get_execution_options().get("has_search_path"):
            return self._engine.begin()
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _under_the_lock(self, wanted: dict[str, Any]) -> float:
        with self._engine.begin() as connection:  # BEGIN IMMEDIATE
            now = start = time.time()
            latest = connection.execute(LATEST, wanted | {"now": now}).scalar() or 0.0
            for slot, at in connection.execute(OLDEST, wanted | {"now": now}).all():
                start = max(now, at + self._period, latest + self._spacing)
                mine = (RATE.c.name == wanted["ring"], RATE.c.slot == slot)
                connection.execute(update(RATE).where(*mine).values(at=start))
            return start - now

    def _make(self, ring: str) -> None:
        """Make the ring as large as `limit`, which may have changed since the last run."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"ordersync {ring}", 0))))
            connection.execute(RATE.delete().where(RATE.c.name == ring, RATE.c.slot >= self._limit))
            count = connection.execute(select(func.count()).select_from(RATE).where(RATE.c.name == ring)).scalar_one()
            fresh = [{"name": ring, "slot": slot, "at": 0.0} for slot in range(count, self._limit)]
            if fresh:
                connection.execute(RATE.insert(), fresh)


def open_rate_file(folder: Path, account: str = "") -> Engine:
    """The rate limits of one machine, in `folder`; raises OSError and DBAPIError where it cannot be written.

    With `account`, only those of one account: SQLite lets one writer in at a time, and accounts must not wait.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return _open_file(folder / (f"rates-{account.replace(' ', '-')}.db" if account else "rates.db"))


def open_rate_database(url: URL) -> Engine:
    """The rate limits of several machines, in a database of their own; raises OSError and DBAPIError where it is away.

    The table is made if it is missing.
    """
    if path := sqlite_path(url):
        return _open_file(path)
    engine = open_read_write(url)
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("ordersync_rate", 0))))
        RATE.create(connection, checkfirst=True)
    return engine


def _open_file(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path.absolute()}", poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    RATE.create(engine, checkfirst=True)
    return engine


def _prepare(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # an sqlite3 connection
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]  # a lost token costs nothing
