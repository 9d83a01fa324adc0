"""DATABASE_URL → an engine that is safe to write money with."""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, StaticPool

from ordersync_dagster.core.errors import SettingsError

BUSY_SECONDS = 20  # how long SQLite waits for another writer
APPLICATION = "ordersync"  # what pg_stat_activity calls our connections; in a run with its id behind it
# A PostgreSQL that is gone without a word is noticed after a minute; Unix sockets know no such thing and pass over it.
# https://www.postgresql.org/docs/current/libpq-connect.html
KEPT_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
# SQLite keeps any bytes as text: what is no UTF-8 is read with its bytes spelled out (\xe9) and stops nothing.
_AS_TEXT = partial(str, encoding="utf-8", errors="backslashreplace")
_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg")


def parse_url(text: str) -> URL:
    """Any usual form of a PostgreSQL or SQLite URL; raises SettingsError that never repeats the password."""
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):  # the second for a port that is no number: it would repeat what stands there
        raise SettingsError(
            "DATABASE_URL is not a URL such as postgresql://user:…@host/shop or sqlite:///shop.db"
        ) from None
    if url.drivername in _POSTGRES:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:":
            raise SettingsError("DATABASE_URL names no SQLite file; use sqlite:////absolute/path/shop.db")
        return url.set(drivername="sqlite")
    raise SettingsError(f"DATABASE_URL starts with {url.drivername}://; only postgresql:// and sqlite:// are supported")


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite URL; None for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def shown(url: URL) -> str:
    """Where this URL leads, without user or password."""
    path = sqlite_path(url)
    if path:
        return str(path)
    query_host = url.query.get("host")
    host = url.host or (query_host if isinstance(query_host, str) else None) or "localhost"
    return f"{host}/{url.database or ''}"


def named(url: URL, run_id: str) -> URL:
    """The same database; its connections tell pg_stat_activity which run they belong to."""
    if sqlite_path(url):
        return url
    return url.update_query_dict({"application_name": f"{APPLICATION}/{run_id}"})


def open_database(url: URL, *, own_schema: str | None = None) -> Engine:
    """An engine for reading and writing; tables without a schema are those of `own_schema`, where there is one.

    PostgreSQL needs the extra `postgres`.
    """
    return _sqlite(url) if sqlite_path(url) else _postgres(url, own_schema)


def open_read_only(url: URL, *, own_schema: str | None = None) -> Engine:
    """An engine whose connections cannot write, and that leaves an SQLite file byte for byte as it is."""
    path = sqlite_path(url)
    if path is None:
        engine = _postgres(url, own_schema)
        event.listen(engine, "begin", _begin_read_only)
        return engine
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(_read_only_uri(path), uri=True, timeout=BUSY_SECONDS),
        poolclass=NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _read_any_text)
    return engine


def open_in_memory() -> Engine:
    """An empty database that goes away with the process: what a dry run compares with where there is none."""
    return create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


def is_wal(path: Path) -> bool:
    """Whether an SQLite file lets others read while one writes."""
    with path.open("rb") as file:
        return file.read(20)[18:20] == b"\x02\x02"  # https://www.sqlite.org/fileformat.html, file format versions


def _read_only_uri(path: Path) -> str:
    """A WAL database without a WAL beside it has no writer now; opened plainly it would get two new files."""
    is_idle = is_wal(path) and not Path(f"{path}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if is_idle else "")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _read_any_text)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _read_any_text(connection: sqlite3.Connection, _record: Any) -> None:
    connection.text_factory = _AS_TEXT


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_immediate(connection: Connection) -> None:
    """A deferred transaction that writes later fails at once where another writer was faster."""
    is_reading = connection.get_execution_options().get("is_reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


def _begin_read_only(connection: Connection) -> None:
    """In the transaction rather than at connect, so that it holds behind a transaction pooler too."""
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _postgres(url: URL, own_schema: str | None) -> Engine:
    usual = {"application_name": APPLICATION, "connect_timeout": 10, **KEPT_ALIVE}
    try:
        return create_engine(
            url,
            hide_parameters=True,
            pool_size=2,
            pool_pre_ping=True,
            execution_options={"schema_translate_map": {None: own_schema}} if own_schema else {},
            connect_args={
                **{name: value for name, value in usual.items() if name not in url.query},
                "prepare_threshold": None,  # prepared statements break behind transaction poolers
            },
        )
    except ModuleNotFoundError:
        raise SettingsError(
            "DATABASE_URL is PostgreSQL, whose driver is missing: pip install 'ordersync-dagster[postgres]'"
        ) from None
