"""DATABASE_URL → an engine that is safe to write money with."""

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from ordersync_dagster.adapters.database.engine.database_url import read_url
from ordersync_dagster.adapters.database.engine.search_path import follow_search_path
from ordersync_dagster.adapters.database.engine.url_parameters import SEARCH_PATH
from ordersync_dagster.core.errors import DatabaseAccessError, SettingsError

POSTGRES_PORT = 5432  # where a URL names none
BUSY_SECONDS = 20  # SQLite waits so long for another writer
APPLICATION_NAME = "ordersync"  # of our connections in pg_stat_activity; a run adds its id
# A PostgreSQL server that vanished is noticed after a minute. Unix sockets ignore these options.
# https://www.postgresql.org/docs/current/libpq-connect.html
KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
LOCK_SECONDS = 3  # for a lock of another program; meanwhile our transaction keeps its own rows locked
IDLE_SECONDS = 60  # a process of ours that was stopped in a transaction keeps no row locked for longer
_BOUND_WAITS = (
    f"SELECT set_config('lock_timeout', '{LOCK_SECONDS}s', true), "
    f"set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS}s', true)"
)
# SQLite stores any bytes as text. Bytes that are not UTF-8 are read as \xe9, so that they do not stop a run.
_DECODE_TEXT = partial(str, encoding="utf-8", errors="backslashreplace")


def parse_url(text: str) -> URL:
    """Any usual form of a PostgreSQL or SQLite URL; raises SettingsError without the password in it."""
    return read_url(text).url


def url_remarks(text: str) -> tuple[str, ...]:
    """A remark for each parameter of the URL that is for another program."""
    return read_url(text).remarks


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite URL; None for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def shown(url: URL) -> str:
    """Host, database and the schemas that the URL names, or the path of an SQLite file; never user or password."""
    path = sqlite_path(url)
    if path:
        return str(path)
    host, name = _server(url), _name(url)
    schemas = str(url.query.get(SEARCH_PATH, "")).replace('"', "")
    return f"{host}{f'/{name}' if name else ''}{f' (schema {schemas})' if schemas else ''}"


def place(url: URL) -> str:
    """The name of one database, without user and password: host, port, name and schemas, or an SQLite file's path."""
    path = sqlite_path(url)
    if path:
        return str(path.resolve())
    schemas = url.query.get(SEARCH_PATH)
    return f"{_server(url)}:{url.port or POSTGRES_PORT}/{_name(url)}{f' ({schemas})' if schemas else ''}"


def _server(url: URL) -> str:
    service = _given(url, "service")
    named = url.host or ",".join(url.normalized_query.get("host", ())) or (f"service {service}" if service else "")
    return named or os.environ.get("PGHOST") or "localhost"


def _name(url: URL) -> str:
    """The database; where the URL names none, PostgreSQL takes that of the environment, else that named as the role."""
    named = _given(url, "dbname") or url.database
    if named or _given(url, "service"):
        return named or ""
    return os.environ.get("PGDATABASE") or _given(url, "user") or url.username or os.environ.get("PGUSER") or ""


def _given(url: URL, parameter: str) -> str:
    return next(reversed(url.normalized_query.get(parameter, ("",))))


def with_run_id(url: URL, run_id: str) -> URL:
    """The same database; its connections show the run's id in pg_stat_activity."""
    if sqlite_path(url):
        return url
    return url.update_query_dict({"application_name": f"{APPLICATION_NAME}/{run_id}"})


def open_read_write(url: URL, *, own_schema: str | None = None) -> Engine:
    """An engine for reading and writing; a table without a schema is one of `own_schema`, if that is given.

    PostgreSQL needs the extra `postgres`.
    """
    return _sqlite_engine(url) if sqlite_path(url) else _postgres_engine(url, own_schema)


def open_read_only(url: URL, *, own_schema: str | None = None) -> Engine:
    """An engine whose connections cannot write; it does not change one byte of an SQLite file."""
    path = sqlite_path(url)
    if path is None:
        engine = _postgres_engine(url, own_schema)
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
    """An empty database of this process; a dry run compares with it where the shop has no database yet."""
    return create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


def is_there(path: Path) -> bool:
    """Whether there is a file; raises DatabaseAccessError where its folder may not be entered."""
    try:
        path.stat()
    except (PermissionError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatabaseAccessError(
            f"the database {path} cannot be opened: {reason}. Correct DATABASE_URL, or the folder's permissions"
        ) from None
    except OSError:
        return False
    return True


def unwritable(path: Path) -> str:
    """Why this user may not write an SQLite database; empty if he may."""
    for place in (path, path.absolute().parent):
        if not os.access(place, os.W_OK):
            return (
                f"{place} may not be written by this user, and SQLite writes the file and beside it: change the "
                "permissions. A dry run (`ordersync sync --dry-run`) works all the same"
            )
    return ""


def is_wal(path: Path) -> bool:
    """Whether others can read an SQLite file while one program writes it; raises DatabaseAccessError for no file.

    The file is only opened where no connection uses it: closing it again would end the locks of all connections of
    this process. https://www.sqlite.org/howtocorrupt.html, 2.2
    """
    for ending, is_one in (("-wal", True), ("-journal", False)):
        if Path(f"{path}{ending}").exists():
            return is_one
    try:
        with path.open("rb") as file:
            header = file.read(20)
    except OSError as error:
        raise DatabaseAccessError(
            f"the database {path} cannot be opened: {error.strerror}. Correct DATABASE_URL, or the file's permissions"
        ) from None
    return header[18:20] == b"\x02\x02"  # https://www.sqlite.org/fileformat.html, file format versions


def _read_only_uri(path: Path) -> str:
    """A WAL database without a `-wal` file has no writer now; without `immutable` SQLite would create two files."""
    is_idle = is_wal(path) and not Path(f"{path}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if is_idle else "")


def _sqlite_engine(url: URL) -> Engine:
    # Connections are kept until the engine is disposed: where the last one is closed, SQLite copies its log and syncs.
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=2,
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _read_any_text)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _read_any_text(connection: sqlite3.Connection, _record: Any) -> None:
    connection.text_factory = _DECODE_TEXT


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin in `_begin_immediate`
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock first: a transaction that asks for it later fails at once if another writer has it."""
    is_reading = connection.get_execution_options().get("is_reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


def _begin_read_only(connection: Connection) -> None:
    """In each transaction, not at connect, so that it also works behind a transaction pooler."""
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _bound_waits(connection: Connection) -> None:
    """In each transaction, as above. A statement alone (AUTOCOMMIT) takes no lock that others keep."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(_BOUND_WAITS)


def _postgres_engine(url: URL, own_schema: str | None) -> Engine:
    defaults = {"application_name": APPLICATION_NAME, "connect_timeout": 10, **KEEPALIVES}
    try:
        engine = create_engine(
            url.difference_update_query([SEARCH_PATH]),
            hide_parameters=True,
            pool_size=2,
            pool_pre_ping=True,
            execution_options={"schema_translate_map": {None: own_schema}} if own_schema else {},
            connect_args={
                **{name: value for name, value in defaults.items() if name not in url.query},
                "prepare_threshold": None,  # prepared statements break behind transaction poolers
            },
        )
    except ModuleNotFoundError:
        raise SettingsError(
            "DATABASE_URL is PostgreSQL, whose driver is missing: pip install 'ordersync-dagster[postgres]'"
        ) from None
    if "_timeout" not in str(url.query.get("options", "")):
        event.listen(engine, "begin", _bound_waits)
    follow_search_path(engine, str(url.query.get(SEARCH_PATH, "")))
    return engine
