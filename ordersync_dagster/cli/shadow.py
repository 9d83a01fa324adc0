"""`ordersync shadow`: what runs in shadow mode would have changed."""

from typing import Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, settings, show

SINCE = typer.Option(
    metavar="N", min=1, max=36_500, help="Only changes first planned in so many days.", show_default="all"
)


def shadow(days: Annotated[int | None, SINCE] = None, as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Show what runs with ORDERSYNC_SHADOW would have changed, and what the shop did later; change nothing."""
    from ordersync_dagster.app.shadow import shadow_state
    from ordersync_dagster.report.shadow import shadow_json, shadow_text

    state = shadow_state(settings(), days=days)
    show((shadow_json if as_json else shadow_text)(state.records, has_looked=state.has_looked))
