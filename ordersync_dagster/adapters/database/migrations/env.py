"""Alembic's entry: migrates `ordersync_*` over the connection that `schema.initialise` hands in."""

from alembic import context

from ordersync_dagster.adapters.database.shape import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
