"""One writing run at a time: a lock that dies with its holder."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine, text

from ordersync_dagster.core.errors import LockHeldError


@contextmanager
def held(engine: Engine, path: Path | None) -> Iterator[None]:
    """Hold the shop's lock; raises LockHeldError (without the holder's name) where somebody else does."""
    if path is not None:
        with _file_lock(path):
            yield
        return
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        schema = connection.execute(text("SELECT current_schema()")).scalar()
        key = int.from_bytes(hashlib.sha256(f"ordersync:{schema}".encode()).digest()[:8], signed=True)
        if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}).scalar():
            raise LockHeldError("another run is at work")
        yield


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
