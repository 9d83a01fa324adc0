"""Reports on a shop of the tests."""

from ordersync_dagster.app.drift import DriftReading, open_reading
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.drift.report import DriftReport
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop


def opened(shop: Shop, printful: PrintfulScope = PrintfulScope.all, days: int = 30) -> DriftReading:
    """The reading of the last days, not begun."""
    tools = shop.time.tools(3)
    window = Window.last_days(days, tools.clock())
    return open_reading(settings_for(shop.sandbox, shop.database.url), window, printful, tools)


def made(shop: Shop, printful: PrintfulScope = PrintfulScope.all) -> DriftReport:
    """A report, read to its end or as far as that goes."""
    reading = opened(shop, printful)
    return reading.report(reading.read())
