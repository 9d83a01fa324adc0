"""How well the shop's webhook worked: from settings to the result. Reads Stripe and the database, writes nothing."""

from collections.abc import Collection
from functools import partial

from ordersync_dagster.adapters.database.journal.made_orders import has_orders_of_its_own, read_made_orders
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.watch import open_watch
from ordersync_dagster.app.wiring import Tools
from ordersync_dagster.core.paid_sessions import Made, MadeOrder
from ordersync_dagster.core.webhook_health import WebhookHealth, webhook_health
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.webhook_record import WebhookRecord


def look_at_webhooks(settings: Settings, window: Window, tools: Tools = Tools()) -> WebhookHealth:
    """Delays, losses and outages of the payments in `window`; needs no Printful key.

    Costs one request for each 100 payments of the last 30 days, and about as many again for each 100 before that.
    Raises UsageError where the settings do not allow it, and the errors of Stripe and the database.
    """
    watch = open_watch(settings, tools)

    def made_orders(column: str, values: Collection[str]) -> list[MadeOrder]:
        return watch.store.read(partial(read_made_orders, tables=watch.store.tables, column=column, values=values))

    record = WebhookRecord(watch.stripe, watch.store, made_orders, watch.rules)
    sessions = list(record.read(window, tools.clock()))
    has_worked = any(each.made is Made.BY_SHOP for each in sessions) or watch.store.read(
        partial(has_orders_of_its_own, tables=watch.store.tables)
    )
    return webhook_health(sessions, window, record.notes, has_worked=has_worked)
