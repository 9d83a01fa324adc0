"""Alembic's entry point: migrates `ordersync_*` over the connection of `schema.create`, or writes the SQL."""

from alembic import context

from ordersync_dagster.adapters.database.schema.own_tables import VERSION_TABLE
from ordersync_dagster.adapters.database.schema.reflection import own_schema

given = context.config.attributes
if context.is_offline_mode():
    context.configure(dialect_name=given["dialect"], version_table=VERSION_TABLE, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    connection = given["connection"]
    context.configure(connection=connection, version_table=VERSION_TABLE, version_table_schema=own_schema(connection))
    context.run_migrations()
