"""When webhooks were down, for the summary of a run that found orders missing."""

import dagster as dg

from ordersync_dagster.app.webhooks import look_at_webhooks
from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.outages import partition_selection
from ordersync_dagster.core.window import DEFAULT_DAYS, Window
from ordersync_dagster.orchestration.metadata import Metadata
from ordersync_dagster.orchestration.resources import NamedShop
from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.report.webhooks import blocks_of_outages


def outage_facts(outcome: Outcome, shop: NamedShop) -> tuple[Metadata, str | None]:
    """The outages of the last days, and the partitions that lack orders; or a sentence why nobody knows.

    A run that found nothing missing asks Stripe for nothing more.
    """
    if not outcome.summary.stripe_sessions_added:
        return {}, None
    try:
        window = Window.last_days(DEFAULT_DAYS, shop.tools.clock())
        health = look_at_webhooks(shop.settings(), window, shop.tools)
    except OrderSyncError as error:
        return {}, shop.in_words(f"When webhooks were down is not known: {error}")
    if not (blocks := blocks_of_outages(health)):
        return {}, None
    text = shop.in_words("\n".join(f"- {'<br>'.join(lines)}" for lines in blocks))
    outages = [health.never_worked] if health.never_worked else health.outages
    missing = {day for each in outages for day in each.missing_days}
    return {
        "outages": dg.MetadataValue.md(text),
        **({"outage_backfill": partition_selection(missing)} if missing else {}),
    }, None
