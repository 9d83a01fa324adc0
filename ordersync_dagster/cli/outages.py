"""`ordersync outages`: when webhooks were down, what was lost, and the command that adds it."""

from datetime import datetime
from typing import Annotated

from ordersync_dagster.cli.asked import DAYS, FIRST_DAY, LAST_DAY, chosen_window
from ordersync_dagster.cli.console import AS_JSON, settings, show


def outages(
    days: Annotated[int | None, DAYS] = None,
    first: Annotated[datetime | None, FIRST_DAY] = None,
    last: Annotated[datetime | None, LAST_DAY] = None,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Find when the shop's webhook was down, from Stripe's events and the orders; change nothing."""
    from ordersync_dagster.app.webhooks import look_at_webhooks
    from ordersync_dagster.app.wiring import utc_now
    from ordersync_dagster.report.webhooks import webhooks_json, webhooks_text

    health = look_at_webhooks(settings(), chosen_window(days, first, last, utc_now()))
    show(webhooks_json(health) if as_json else webhooks_text(health))
