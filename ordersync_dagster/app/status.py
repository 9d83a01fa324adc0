"""The verdict on a shop, from its database alone: no vendor is asked, so it is there at once."""

from ordersync_dagster.adapters.database.engine.connection import shown
from ordersync_dagster.adapters.database.journal import run_history
from ordersync_dagster.app.problems import known_problems
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, database_url, open_records
from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.report.status import ShopStatus


def read_status(settings: Settings, tools: Tools = Tools()) -> ShopStatus:
    """Reads only, so a role that may only read is enough; raises SchemaError where there is no shop."""
    store = open_records(settings, tools, is_writing=False)
    return ShopStatus(
        target=shown(database_url(settings)),
        now=tools.clock(),
        health=store.read(run_history.read_health) if store.tables.has_own_tables else RunHealth(),
        expected_hours=settings.ordersync_silence_hours,
        problems=known_problems(store),
    )
