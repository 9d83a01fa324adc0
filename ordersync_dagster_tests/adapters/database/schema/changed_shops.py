"""The usual shop with a column of its own making, on each database, and what does not fit there."""

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.adapters.database.schema.fitted import read_fitted_tables
from ordersync_dagster.core.errors import SchemaError
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shop_schemas import USUAL

ON_SQLITE = {"gen_random_uuid()": "('x')", "now()": "CURRENT_TIMESTAMP"}


def shop(url: str, was: str, becomes: str, more: str = "") -> Database:
    """The usual shop with one column made otherwise."""
    database = Database(url)
    script = USUAL.replace(was, becomes)
    if not database.is_postgres:
        for theirs, ours in ON_SQLITE.items():
            script = script.replace(theirs, ours)
        script = script.replace("numeric(10,2)", "text")
    database.script(script + more)
    open_shop.initialise(parse_url(url))  # our own tables beside the shop's
    return database


def problems(database: Database) -> str:
    """What does not fit; empty where all does."""
    try:
        with database.engine.connect() as connection:
            read_fitted_tables(connection)
    except SchemaError as error:
        return str(error)
    return ""
