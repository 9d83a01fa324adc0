"""Empty databases: a new SQLite file, or a new database of a PostgreSQL server that runs for the measurement."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ordersync_dagster_tests.support.databases import fresh_database, postgres_server

Fresh = Callable[[str], AbstractContextManager[str]]  # kind → the URL of an empty database
KINDS = ("postgresql", "sqlite")


@contextmanager
def databases() -> Iterator[Fresh]:
    """What makes databases of either kind while the context lasts."""
    with postgres_server() as server:

        @contextmanager
        def fresh(kind: str) -> Iterator[str]:
            if kind == "postgresql":
                with fresh_database(server) as url:
                    yield url
            else:
                with TemporaryDirectory(prefix="ordersync-bench-") as folder:
                    yield f"sqlite:///{Path(folder) / 'shop.db'}"

        yield fresh
