"""Creating tables: all of them in an empty database, only `ordersync_*` in a shop's."""

import io
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from ordersync_dagster import __version__
from ordersync_dagster.adapters.database.schema.own_tables import OWN_TABLES, VERSION_TABLE
from ordersync_dagster.adapters.database.schema.reflection import own_schema, table_names
from ordersync_dagster.adapters.database.schema.tables import shop_tables
from ordersync_dagster.core.errors import DatabaseAccessError, SchemaError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0009"  # the newest migration; a test compares it with migrations/versions


def use_wal(path: Path) -> None:
    """Create an SQLite file in WAL mode, so that others can read while a run writes.

    Raises DatabaseAccessError where there can be no such file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except (OSError, sqlite3.Error) as error:
        raise DatabaseAccessError(
            f"the database {path} cannot be made: {getattr(error, 'strerror', None) or error}. Correct DATABASE_URL, "
            "or the permissions of the folder"
        ) from None


def is_empty(connection: Connection) -> bool:
    """Whether the default schema has no table and no view."""
    return not table_names(connection)


def is_current(connection: Connection) -> bool:
    """Whether our own tables exist in the newest version. Does not import alembic, which is slow.

    Raises SchemaError if a newer release made them, because an older one would write records that the newer one cannot
    trust, and where one of them is gone.
    """
    version = _version(connection)
    if version and version > HEAD:
        raise SchemaError(
            f"a newer ordersync has opened this database: its own tables are at {version}, and release {__version__} "
            f"knows them up to {HEAD}. Install the newer release again"
        )
    if version == HEAD:
        _refuse_lost_tables(connection)
    return version == HEAD


def require_whole(connection: Connection) -> None:
    """Raise SchemaError that names those of our own tables that were there, and are gone."""
    if _version(connection) == HEAD:
        _refuse_lost_tables(connection)


def _refuse_lost_tables(connection: Connection) -> None:
    lost = sorted(set(OWN_TABLES) - table_names(connection, own_schema(connection)))
    if lost:
        raise SchemaError(f"the database has no {' and no '.join(lost)} any more: restore what is gone from a backup")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE, schema=own_schema(connection)):
        return None
    version = Table(VERSION_TABLE, MetaData(), Column("version_num", Text))
    return connection.execute(select(version.c.version_num)).scalar()


def create_shop_tables(connection: Connection) -> None:
    """orders, order_items, order_events and audit_logs, as docs/database-schema.md describes them."""
    options = connection.get_execution_options()
    connection.execution_options(schema_translate_map={})  # else they would be created in our own schema
    shop_tables().create_all(connection)
    connection.execution_options(schema_translate_map=options.get("schema_translate_map", {}))


def create_missing_tables(engine: Engine, *, has_shop: bool = False) -> list[str]:
    """In one transaction, repeatable; returns the names of the new tables.

    `has_shop`: the shop's tables have other names or another schema, so that only `ordersync_*` is created.
    Raises SchemaError if the role may not create tables.
    """
    try:
        with engine.begin() as connection:
            before = _all_table_names(connection)
            if is_empty(connection) and not has_shop:
                create_shop_tables(connection)
            if not is_current(connection):
                _enter_own_schema(connection)
                _migrate(connection)
            return sorted(_all_table_names(connection) - before)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":  # insufficient_privilege
            raise
        raise SchemaError(
            "this database role may not create tables: let an administrator run `ordersync db init` once, "
            "or the output of `ordersync db init --sql`"
        ) from None


def ddl(connection: Connection, *, has_shop: bool = False) -> str:
    """The SQL of `create_missing_tables`, for an administrator; empty if no table is missing."""
    script = ""
    if is_empty(connection) and not has_shop:
        for table in shop_tables().sorted_tables:
            parts: list[ExecutableDDLElement] = [CreateTable(table)]
            parts += [CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
            script += "".join(f"{str(part.compile(dialect=connection.dialect)).strip()};\n\n" for part in parts)
    if is_current(connection):
        return script and _named_path(connection) + script
    script = _named_path(connection) + script
    if own_schema(connection):
        script += f"CREATE SCHEMA IF NOT EXISTS {_quoted_own_schema(connection)};\n{_search_path(connection)};\n\n"
    return script + _migration_script(connection)


def _all_table_names(connection: Connection) -> frozenset[str]:
    schema = own_schema(connection)
    own = {f"{schema}.{name}" for name in table_names(connection, schema)} if schema else frozenset[str]()
    return table_names(connection) | own


def _enter_own_schema(connection: Connection) -> None:
    """Create our own schema and put it first in the search path, for the plain SQL of the migrations."""
    schema = own_schema(connection)
    if schema is None:
        return
    if schema not in inspect(connection).get_schema_names():  # IF NOT EXISTS needs CREATE in any case
        connection.exec_driver_sql(f"CREATE SCHEMA {_quoted_own_schema(connection)}")
    connection.exec_driver_sql(_search_path(connection).replace("SET", "SET LOCAL", 1))


def _search_path(connection: Connection) -> str:
    quote = connection.dialect.identifier_preparer.quote
    return f"SET search_path TO {_quoted_own_schema(connection)}, {quote(str(inspect(connection).default_schema_name))}"


def _named_path(connection: Connection) -> str:
    """The schema that DATABASE_URL names, because the administrator's own search path may be another."""
    if not connection.get_execution_options().get("has_search_path"):
        return ""
    quote = connection.dialect.identifier_preparer.quote
    return f"SET search_path TO {quote(str(inspect(connection).default_schema_name))};\n\n"


def _quoted_own_schema(connection: Connection) -> str:
    return connection.dialect.identifier_preparer.quote(str(own_schema(connection)))


def _migrate(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _migration_script(connection: Connection) -> str:
    from alembic import command

    script = io.StringIO()
    config = _config(script)
    config.attributes["dialect"] = connection.dialect.name
    command.upgrade(config, f"{_version(connection) or 'base'}:head", sql=True)
    return script.getvalue()


def _config(output: io.StringIO | None = None) -> "Config":
    from alembic.config import Config

    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
