"""`ordersync db` as functions: by settings instead of by options."""

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import database_url


def initialise_database(settings: Settings) -> list[str]:
    """The names of the tables that were created."""
    return open_shop.initialise(database_url(settings), settings.layout)[1]


def initialisation_script(settings: Settings) -> str:
    return open_shop.init_sql(database_url(settings), settings.layout)


def grant_script(settings: Settings, role: str, *, is_writing: bool, is_undoing: bool) -> list[str]:
    url = database_url(settings)
    return open_shop.grant_sql(url, settings.layout, role, is_writing=is_writing, is_undoing=is_undoing)
