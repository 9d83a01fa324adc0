"""DATABASE_URL → an open shop: for looking only, or for writing, with the tables that were missing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database import connection, schema, seeding, shape
from ordersync_dagster.adapters.database.store import DatabaseStore, translated
from ordersync_dagster.core.errors import SchemaError

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A store, where it is, and what happened on the way in."""

    store: DatabaseStore
    engine: Engine
    target: str  # never with user or password
    notes: tuple[str, ...] = ()


def open_for_preview(url: URL, clock: Clock) -> OpenShop:
    """A shop that can only be read. Nothing is created; where there are no tables, it is an empty one in memory."""
    path = connection.sqlite_path(url)
    engine = connection.open_read_only(url) if path is None or path.exists() else None
    if engine is not None and not _is_empty(engine):
        return _opened_shop(engine, url, clock)
    if engine is not None:
        engine.dispose()
    memory = connection.open_in_memory()
    schema.initialise(memory)
    note = f"{connection.shown(url)} holds no tables yet; a real run would create them."
    return _opened_shop(memory, url, clock, note)


def open_for_repair(url: URL, clock: Clock) -> OpenShop:
    """A shop that can be written; creates the tables that are missing and says so in `notes`."""
    path = connection.sqlite_path(url)
    if path is None or path.exists():
        engine = connection.open_database(url)
        with look(engine) as reading:
            if schema.is_current(reading):
                return _opened_shop(engine, url, clock)
            if not schema.is_empty(reading):
                shape.read_shape(reading)  # raises where it does not fit, before anything is created
        engine.dispose()
    engine, created = initialise(url)
    return _opened_shop(engine, url, clock, f"Created in {connection.shown(url)}: {', '.join(created)}.")


def open_for_check(url: URL, clock: Clock) -> OpenShop:
    """A shop as it is; raises SchemaError where there is none or it does not fit."""
    path = connection.sqlite_path(url)
    if path and not path.exists():
        raise SchemaError(f"there is no database {path}: `ordersync db init` makes one")
    return _opened_shop(connection.open_read_only(url), url, clock)


def initialise(url: URL) -> tuple[Engine, list[str]]:
    """Create what is missing; the engine, and the names of the new tables."""
    path = connection.sqlite_path(url)
    if path and not path.exists():
        schema.use_wal(path)
    engine = connection.open_database(url)
    try:
        return engine, schema.initialise(engine)
    except DBAPIError as error:
        raise translated(error) from None
    finally:
        engine.dispose()  # of its connections; whoever goes on with it connects anew


def seed(url: URL, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    """Create a database and fill it with `rows` by table name."""
    engine, _ = initialise(url)
    seeding.seed(engine, rows)


@contextmanager
def look(engine: Engine) -> Iterator[Connection]:
    """A connection for reading; a database that is away is said in one sentence."""
    try:
        with engine.connect().execution_options(is_reading=True) as reading:
            yield reading
    except DBAPIError as error:
        raise translated(error) from None


def _opened_shop(engine: Engine, url: URL, clock: Clock, *notes: str) -> OpenShop:
    with look(engine) as reading:
        found = shape.read_shape(reading)
    store = DatabaseStore(engine, found, connection.sqlite_path(url), clock)
    return OpenShop(store, engine, connection.shown(url), notes)


def _is_empty(engine: Engine) -> bool:
    with look(engine) as reading:
        return schema.is_empty(reading)
