"""The verdict on a shop, from its database alone, so it is there at once; only outages are asked of Stripe."""

from ordersync_dagster.adapters.database.engine.connection import shown
from ordersync_dagster.app.records import known_problems, links_of_runs, records_problems, run_health, unmapped_words
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.webhooks import look_at_webhooks
from ordersync_dagster.app.wiring import Tools, database_url, open_records
from ordersync_dagster.core.webhook_health import WebhookHealth
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.status import ShopStatus


def read_status(settings: Settings, tools: Tools = Tools(), *, outage_days: int | None = None) -> ShopStatus:
    """Reads only, so a role that may only read is enough; raises SchemaError where there is no shop.

    With `outage_days` Stripe's events of so many days are read, for the outages of the shop's webhook.
    """
    store = open_records(settings, tools, is_writing=False)
    health = run_health(store)
    return ShopStatus(
        target=shown(database_url(settings)),
        now=tools.clock(),
        health=health,
        expected_hours=settings.ordersync_silence_hours,
        problems=known_problems(store),
        webhook=_webhook(settings, tools, outage_days) if outage_days else None,
        links=links_of_runs(settings, store, health.run_ids),
        is_recorded=records_problems(store),
        unmapped=unmapped_words(store),
    )


def _webhook(settings: Settings, tools: Tools, days: int) -> WebhookHealth:
    return look_at_webhooks(settings, Window.last_days(days, tools.clock()), tools)
