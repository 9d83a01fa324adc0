"""DATABASE_URL → an open shop: for looking only, or for writing, with the tables that were missing."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.engine.errors import translated
from ordersync_dagster.adapters.database.schema import create, fitted, grants
from ordersync_dagster.adapters.database.schema.fitted import Shape
from ordersync_dagster.adapters.database.schema.seed import seed as insert_rows
from ordersync_dagster.adapters.database.schema.shop_mapping import Layout
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.errors import SchemaError, SettingsError

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A store, where it is, and what happened on the way in."""

    store: DatabaseStore
    engine: Engine
    target: str  # never with user or password
    shape: Shape
    notes: tuple[str, ...] = ()


def open_for_preview(url: URL, clock: Clock, layout: Layout = Layout()) -> OpenShop:
    """A shop that can only be read. Nothing is created; where there are no tables, it is an empty one in memory."""
    path = connection.sqlite_path(url)
    engine = _engine(url, layout, is_reading=True) if path is None or path.exists() else None
    if engine is not None and (layout.mapping.is_shaped or not _is_empty(engine)):
        return _opened_shop(engine, url, clock, layout)
    if engine is not None:
        engine.dispose()
    memory = connection.open_in_memory()
    create.initialise(memory)
    note = f"{connection.shown(url)} holds no tables yet; a real run would create them."
    return _opened_shop(memory, url, clock, layout, note)


def open_for_repair(url: URL, clock: Clock, layout: Layout = Layout()) -> OpenShop:
    """A shop that can be written; creates the tables that are missing and says so in `notes`.

    Raises SchemaError where it does not fit or the role may not write it, before anything is created.
    """
    path = connection.sqlite_path(url)
    if path is None or path.exists():
        _require_writable(path)
        engine = _engine(url, layout)
        with _disposed_where_it_fails(engine), look(engine) as reading:
            if layout.mapping.is_shaped or not create.is_empty(reading):
                _require_grants(reading, fitted.read_shape(reading, layout.mapping), is_writing=True)
                if create.is_current(reading):
                    return _opened_shop(engine, url, clock, layout)
        engine.dispose()
    engine, created = initialise(url, layout)
    return _opened_shop(engine, url, clock, layout, f"Created in {connection.shown(url)}: {', '.join(created)}.")


def open_for_check(url: URL, clock: Clock, layout: Layout = Layout()) -> OpenShop:
    """A shop as it is; raises SchemaError where there is none or it does not fit."""
    path = connection.sqlite_path(url)
    if path and not path.exists():
        raise SchemaError(f"there is no database {path}: `ordersync db init` makes one")
    return _opened_shop(_engine(url, layout, is_reading=True), url, clock, layout)


def initialise(url: URL, layout: Layout = Layout()) -> tuple[Engine, list[str]]:
    """Create what is missing; the engine, and the names of the new tables."""
    path = connection.sqlite_path(url)
    if path and not path.exists():
        if layout.mapping.is_shaped:
            raise SchemaError(
                f"there is no database {path}, but ordersync.toml speaks of its tables: correct one of them"
            )
        create.use_wal(path)
    engine = _engine(url, layout)
    try:
        return engine, create.initialise(engine, has_shop=layout.mapping.is_shaped)
    except DBAPIError as error:
        raise translated(error) from None
    finally:
        engine.dispose()  # of its connections; whoever goes on with it connects anew


def initialisation_script(url: URL, layout: Layout) -> str:
    """The SQL of what `initialise` would create; changes nothing."""
    path = connection.sqlite_path(url)
    engine = _engine(url, layout, is_reading=True) if path is None or path.exists() else connection.open_in_memory()
    with _for_a_look(engine) as reading:
        return create.ddl(reading, has_shop=layout.mapping.is_shaped)


def grant_script(url: URL, layout: Layout, role: str, *, is_writing: bool, is_undoing: bool) -> list[str]:
    """The GRANTs that `role` needs on this shop; changes nothing."""
    if connection.sqlite_path(url):
        raise SettingsError("SQLite knows no roles: who may write the file may do everything; grants are PostgreSQL's")
    engine = _engine(url, layout, is_reading=True)
    with _for_a_look(engine) as reading:
        found = fitted.read_shape(reading, layout.mapping)
        wanted = grants.needed(reading, found, is_writing=is_writing, is_undoing=is_undoing)
        return grants.statements(reading, wanted, role)


def seed(url: URL, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    """Create a database and fill it with `rows` by table name."""
    engine, _ = initialise(url)
    insert_rows(engine, rows)


@contextmanager
def look(engine: Engine) -> Iterator[Connection]:
    """A connection for reading; a database that is away is said in one sentence."""
    try:
        with engine.connect().execution_options(is_reading=True) as reading:
            yield reading
    except DBAPIError as error:
        raise translated(error) from None


@contextmanager
def _for_a_look(engine: Engine) -> Iterator[Connection]:
    try:
        with look(engine) as reading:
            yield reading
    finally:
        engine.dispose()


@contextmanager
def _disposed_where_it_fails(engine: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def _engine(url: URL, layout: Layout, *, is_reading: bool = False) -> Engine:
    path = connection.sqlite_path(url)
    if layout.own_schema and path:
        raise SettingsError("ORDERSYNC_SCHEMA is for PostgreSQL; SQLite has no schemas: unset it")
    make = connection.open_read_only if is_reading else connection.open_read_write
    return make(url, own_schema=layout.own_schema)


def _require_writable(path: Path | None) -> None:
    for place in (path, path.absolute().parent) if path else ():
        if not os.access(place, os.W_OK):
            raise SchemaError(
                f"{place} may not be written by this user, and SQLite writes the file and beside it: "
                "change the permissions, or make a dry run"
            )


def _require_grants(reading: Connection, found: Shape, *, is_writing: bool) -> None:
    if reading.dialect.name != "postgresql":
        return
    lacking = grants.missing(reading, grants.needed(reading, found, is_writing=is_writing))
    if lacking:
        kind = "" if is_writing else " --read-only"
        raise SchemaError(
            f"this database role lacks {'; '.join(grant.shown for grant in lacking)}: let an administrator run what "
            f"`ordersync db grants{kind}` prints (docs/grants.md)"
        )


def _opened_shop(engine: Engine, url: URL, clock: Clock, layout: Layout, *notes: str) -> OpenShop:
    with _disposed_where_it_fails(engine), look(engine) as reading:
        found = fitted.read_shape(reading, layout.mapping)
        _require_grants(reading, found, is_writing=False)
    store = DatabaseStore(engine, found, connection.sqlite_path(url), clock)
    return OpenShop(store, engine, connection.shown(url), found, found.notes + notes)


def _is_empty(engine: Engine) -> bool:
    with _disposed_where_it_fails(engine), look(engine) as reading:
        return create.is_empty(reading)
