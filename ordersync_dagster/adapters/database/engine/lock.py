"""One writing run at a time: a lock that dies with its holder."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.core.errors import LockHeldError

UNLIMITED = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
"""


@contextmanager
def held(engine: Engine, path: Path | None) -> Iterator[None]:
    """Hold the shop's lock; raises LockHeldError (without the holder's name) where somebody else does.

    PostgreSQL's lock is lost with its connection; `runs.require_running` tells the writer, should another run follow.
    """
    if path is not None:
        with _file_lock(path.resolve()):
            yield
        return
    with engine.connect() as connection:
        try:
            _take_lock(connection)
            yield
        finally:
            with suppress(DBAPIError):  # a connection that broke has let go already
                connection.rollback()


def _take_lock(connection: Connection) -> None:
    connection.execute(text(UNLIMITED))
    schema = connection.execute(text("SELECT current_schema()")).scalar()
    key = int.from_bytes(hashlib.sha256(f"ordersync:{schema}".encode()).digest()[:8], signed=True)
    if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}).scalar():
        raise LockHeldError("another run is at work")


@contextmanager
def _file_lock(database: Path) -> Iterator[None]:
    lock = FileLock(f"{database}.ordersync.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LockHeldError("another run is at work") from None
    try:
        yield
    finally:
        lock.release()
