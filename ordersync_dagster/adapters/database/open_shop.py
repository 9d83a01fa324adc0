"""DATABASE_URL → an open database: for reading only, or for writing, with missing tables created."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.engine.errors import READ_ONLY, STANDBY, is_read_only, translated
from ordersync_dagster.adapters.database.engine.write_guard import refuse_shop_writes
from ordersync_dagster.adapters.database.schema import create, fitted, grants
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.adapters.database.schema.seed import insert_rows
from ordersync_dagster.adapters.database.schema.shop_mapping import Layout
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.errors import DatabaseAccessError, SchemaError, SettingsError


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """A shop's database that fits; `notes` are sentences that the run shows first."""

    store: DatabaseStore
    engine: Engine
    target: str  # never with user or password
    notes: tuple[str, ...] = ()


def open_for_reading(url: URL, clock: Callable[[], datetime], layout: Layout = Layout()) -> OpenDatabase:
    """Read-only; creates nothing. If the database has no tables, an empty one in memory takes its place."""
    path = connection.sqlite_path(url)
    if path is None or connection.is_there(path):
        engine = _engine(url, layout, is_reading=True)
        with reading_from(engine) as reading:
            has_shop = layout.mapping.expects_tables or not create.is_empty(reading)
        if has_shop:
            return _open(engine, url, clock, layout)
        engine.dispose()
    memory = connection.open_in_memory()
    create.create_missing_tables(memory)
    note = f"{connection.shown(url)} holds no tables yet; a real run would create them."
    return _open(memory, url, clock, layout, note)


def open_for_writing(url: URL, clock: Callable[[], datetime], layout: Layout = Layout()) -> OpenDatabase:
    """For a run that writes; creates the tables that are missing and names them in `notes`.

    Raises SchemaError if the database does not fit or the role lacks a grant, and DatabaseAccessError if it takes no
    writes, before anything is created.
    """
    path = connection.sqlite_path(url)
    if path is None or connection.is_there(path):
        _require_writable(path)
        engine = _engine(url, layout)
        with reading_from(engine) as reading:
            if layout.mapping.expects_tables or not create.is_empty(reading):
                found = fitted.read_fitted_tables(reading, layout.mapping)
                _require_grants(reading, found, is_writing=True)
                _require_writes(reading)
                if create.is_current(reading):
                    return _opened(engine, found, url, clock)
        engine.dispose()
    engine, created = initialise(url, layout)
    return _open(engine, url, clock, layout, f"Created in {connection.shown(url)}: {', '.join(created)}.")


def open_for_shadow(
    url: URL, clock: Callable[[], datetime], layout: Layout, make_store: type[DatabaseStore]
) -> OpenDatabase:
    """For a run in shadow mode, which writes `ordersync_*` alone: whatever else would be written is refused.

    Our own tables are created where they are missing, the shop's never. Raises as `open_for_writing`.
    """
    path = connection.sqlite_path(url)
    if path and not connection.is_there(path):
        raise SchemaError(f"there is no database {path}, and a run with ORDERSYNC_SHADOW makes none")
    _require_writable(path)
    engine, notes = _engine(url, layout), tuple[str, ...]()
    with reading_from(engine) as reading:
        if create.is_empty(reading) and not layout.mapping.expects_tables:
            raise SchemaError(f"{connection.shown(url)} holds no shop, and a run with ORDERSYNC_SHADOW makes none")
        found = fitted.read_fitted_tables(reading, layout.mapping)
        _require_grants(reading, found, is_writing=True, is_shadow=True)
        _require_writes(reading)
        is_current = create.is_current(reading)
    if not is_current:
        engine.dispose()
        engine, created = initialise(url, layout)
        notes = (f"Created in {connection.shown(url)}: {', '.join(created)}.",)
    refuse_shop_writes(engine)
    return _open(engine, url, clock, layout, *notes, make_store=make_store)


def open_existing(url: URL, clock: Callable[[], datetime], layout: Layout = Layout()) -> OpenDatabase:
    """Read-only; raises SchemaError if there is no shop, it does not fit, or one of our own tables is gone."""
    path = connection.sqlite_path(url)
    if path and not connection.is_there(path):
        raise SchemaError(f"there is no database {path}: `ordersync db init` makes one")
    return _open(_engine(url, layout, is_reading=True), url, clock, layout)


def initialise(url: URL, layout: Layout = Layout()) -> tuple[Engine, list[str]]:
    """Create the SQLite file and the tables that are missing; returns the engine and the new tables' names."""
    path = connection.sqlite_path(url)
    if path and not connection.is_there(path):
        if layout.mapping.expects_tables:
            raise SchemaError(
                f"there is no database {path}, but ordersync.toml names its tables: correct DATABASE_URL or that file"
            )
        create.use_wal(path)
    _require_writable(path)
    engine = _engine(url, layout)
    try:
        return engine, create.create_missing_tables(engine, has_shop=layout.mapping.expects_tables)
    except DBAPIError as error:
        if is_read_only(error):
            with reading_from(engine) as reading:
                _require_writes(reading)
        raise translated(error) from None
    finally:
        engine.dispose()  # closes its connections; the engine can still be used and connects again


def init_sql(url: URL, layout: Layout) -> str:
    """The SQL of the tables that `initialise` would create; changes nothing."""
    path = connection.sqlite_path(url)
    engine = (
        _engine(url, layout, is_reading=True)
        if path is None or connection.is_there(path)
        else connection.open_in_memory()
    )
    with reading_from(engine, is_last=True) as reading:
        return create.ddl(reading, has_shop=layout.mapping.expects_tables)


def grant_sql(
    url: URL, layout: Layout, role: str, *, is_writing: bool, is_undoing: bool, is_shadow: bool = False
) -> list[str]:
    """The GRANT statements that `role` needs for this shop; changes nothing."""
    if connection.sqlite_path(url):
        raise SettingsError("SQLite has no roles, so it needs no grants: whoever may write the file may do everything")
    with reading_from(_engine(url, layout, is_reading=True), is_last=True) as reading:
        found = fitted.read_fitted_tables(reading, layout.mapping)
        wanted = (
            grants.needed_in_shadow(reading, found)
            if is_shadow
            else grants.needed(reading, found, is_writing=is_writing, is_undoing=is_undoing)
        )
        return grants.statements(reading, wanted, role)


def seed(url: URL, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    """Create a database and insert `rows` by table name."""
    engine, _ = initialise(url)
    insert_rows(engine, rows)


@contextmanager
def reading_from(engine: Engine, *, is_last: bool = False) -> Iterator[Connection]:
    """A connection for reading; closes the engine's connections after an error, or always if `is_last`.

    Raises DatabaseAccessError, DatabaseAwayError or DatabaseRefusedError.
    """
    is_done = False
    try:
        with engine.connect().execution_options(is_reading=True) as reading:
            yield reading
        is_done = True
    except DBAPIError as error:
        raise translated(error) from None
    finally:
        if is_last or not is_done:
            engine.dispose()


def _engine(url: URL, layout: Layout, *, is_reading: bool = False) -> Engine:
    path = connection.sqlite_path(url)
    if layout.own_schema and path:
        raise SettingsError("ORDERSYNC_SCHEMA is for PostgreSQL; SQLite has no schemas: unset it")
    make = connection.open_read_only if is_reading else connection.open_read_write
    return make(url, own_schema=layout.own_schema)


def no_writes(reading: Connection, path: Path | None) -> str:
    """Why the database takes no writes; empty if it does."""
    if path is not None:
        return connection.unwritable(path)
    query = text("SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on'")
    is_standby, is_read_only = reading.execute(query).one()
    return STANDBY if is_standby else READ_ONLY if is_read_only else ""


def _require_writable(path: Path | None) -> None:
    if path and (reason := connection.unwritable(path)):
        raise SchemaError(reason)


def _require_writes(reading: Connection) -> None:
    if reading.dialect.name == "postgresql" and (reason := no_writes(reading, None)):
        raise DatabaseAccessError(reason)


def _require_grants(reading: Connection, found: FittedTables, *, is_writing: bool, is_shadow: bool = False) -> None:
    if reading.dialect.name != "postgresql":
        return
    wanted = (
        grants.needed_in_shadow(reading, found) if is_shadow else grants.needed(reading, found, is_writing=is_writing)
    )
    lacking = grants.missing(reading, wanted)
    if lacking:
        kind = " --shadow" if is_shadow else "" if is_writing else " --read-only"
        raise SchemaError(
            f"this database role lacks {'; '.join(grant.shown for grant in lacking)}: let an administrator run the "
            f"output of `ordersync db grants{kind}` (docs/grants.md)"
        )


def _open(
    engine: Engine,
    url: URL,
    clock: Callable[[], datetime],
    layout: Layout,
    *notes: str,
    make_store: type[DatabaseStore] = DatabaseStore,
) -> OpenDatabase:
    with reading_from(engine) as reading:
        found = fitted.read_fitted_tables(reading, layout.mapping)
        _require_grants(reading, found, is_writing=False)
        create.require_whole(reading)
    return _opened(engine, found, url, clock, *notes, make_store=make_store)


def _opened(
    engine: Engine,
    found: FittedTables,
    url: URL,
    clock: Callable[[], datetime],
    *notes: str,
    make_store: type[DatabaseStore] = DatabaseStore,
) -> OpenDatabase:
    store = make_store(engine, found, connection.sqlite_path(url), clock)
    return OpenDatabase(store, engine, connection.shown(url), found.notes + notes)
