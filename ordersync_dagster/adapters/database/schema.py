"""Creating tables: all of them in an empty database, only `ordersync_*` in a shop's."""

import sqlite3
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, inspect, select
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database.shape import VERSION_TABLE, table_names
from ordersync_dagster.adapters.database.tables import shop_tables
from ordersync_dagster.core.errors import SchemaError

HEAD = "0001"  # the newest migration; a test holds it against migrations/versions


def use_wal(path: Path) -> None:
    """Make a new SQLite file that lets others read while a run writes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def is_empty(connection: Connection) -> bool:
    """Whether there is no table at all."""
    return not table_names(connection)


def is_current(connection: Connection) -> bool:
    """Whether our own tables are there in the newest version. Imports no alembic."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return False
    version = Table(VERSION_TABLE, MetaData(), Column("version_num", Text))
    return connection.execute(select(version.c.version_num)).scalar() == HEAD


def create_shop_tables(connection: Connection) -> None:
    """orders, order_items, order_events and audit_logs, as docs/database-schema.md describes them."""
    shop_tables().create_all(connection)


def initialise(engine: Engine) -> list[str]:
    """Create what is missing, in one transaction; returns the names of the new tables. Repeatable.

    Raises SchemaError where the role may not create tables.
    """
    try:
        with engine.begin() as connection:
            before = table_names(connection)
            if not before:
                create_shop_tables(connection)
            if not is_current(connection):
                _migrate(connection)
            return sorted(table_names(connection) - before)
    except DBAPIError as error:
        if "permission denied" not in str(error.orig) and "readonly" not in str(error.orig):
            raise
        raise SchemaError(
            "this database role may not create tables: let an administrator run `ordersync db init` once"
        ) from None


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
