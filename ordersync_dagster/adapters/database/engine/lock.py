"""One writing run at a time: a lock that ends with the process that holds it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.core.errors import LockHeldError

_WITHOUT_TIMEOUTS = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
"""


@contextmanager
def held(engine: Engine, path: Path | None, orders: Table) -> Iterator[None]:
    """Hold the lock of the shop with the table `orders`; raises LockHeldError (without the other run's id).

    PostgreSQL releases the lock when its connection breaks; `runs.require_running` then stops the writer.
    """
    if path is not None:
        with _file_lock(path.resolve()):
            yield
        return
    with engine.connect() as connection:
        try:
            _take_lock(connection, orders)
            yield
        finally:
            with suppress(DBAPIError):  # a broken connection has released the lock already
                connection.rollback()


def _take_lock(connection: Connection, orders: Table) -> None:
    connection.execute(text(_WITHOUT_TIMEOUTS))
    schema = orders.schema or connection.execute(text("SELECT current_schema()")).scalar()
    other = "" if orders.name == "orders" else f".{orders.name}"  # two shops of one database do not wait for each other
    key = int.from_bytes(hashlib.sha256(f"ordersync:{schema}{other}".encode()).digest()[:8], signed=True)
    if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}).scalar():
        raise LockHeldError("another run is at work")


@contextmanager
def _file_lock(database: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout  # slow to import, and PostgreSQL needs none

    lock = FileLock(f"{database}.ordersync.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LockHeldError("another run is at work") from None
    try:
        yield
    finally:
        lock.release()
