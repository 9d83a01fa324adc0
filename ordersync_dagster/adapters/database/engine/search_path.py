"""The schemas that DATABASE_URL names, set in each transaction, so that it also works behind a transaction pooler."""

from typing import Any

from sqlalchemy import Connection, Engine, event

from ordersync_dagster.core.errors import SettingsError


def follow_search_path(engine: Engine, path: str) -> None:
    """Let every transaction of `engine` look in `path`, quoted names with commas between; empty for the role's own."""
    if not path:
        return
    engine.update_execution_options(has_search_path=True)

    @event.listens_for(engine, "connect")
    def learn_default_schema(connection: Any, _record: object) -> None:
        """SQLAlchemy has asked for the default schema already, without the path."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL search_path TO {path}")
            cursor.execute("SELECT current_schema()")
            (schema,) = cursor.fetchone()
        connection.rollback()
        if schema is None:
            raise SettingsError(f"the database has no schema {path}, or this role may not use it: correct DATABASE_URL")
        engine.dialect.default_schema_name = schema

    @event.listens_for(engine, "begin")
    def set_path(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL search_path TO {path}")
