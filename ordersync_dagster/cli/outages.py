"""`ordersync outages`: when webhooks were down, what was lost, and the command that adds it."""

from typing import Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, settings
from ordersync_dagster.core.window import DEFAULT_DAYS, MAX_DAYS, Window


def outages(
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="Whole UTC days back, and today.")] = DEFAULT_DAYS,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Find when the shop's webhook was down, from Stripe's events and the orders; change nothing."""
    from ordersync_dagster.app.webhooks import look_at_webhooks
    from ordersync_dagster.app.wiring import utc_now
    from ordersync_dagster.report.webhooks import webhooks_json, webhooks_text

    health = look_at_webhooks(settings(), Window.last_days(days, utc_now()))
    print(webhooks_json(health) if as_json else webhooks_text(health))
