"""`ordersync alerts`, and the alerts after a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, say, settings, show
from ordersync_dagster.cli.shop_option import in_each_shop
from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.exit_codes import FAILED, OK

if TYPE_CHECKING:
    from ordersync_dagster.app.settings import Settings
    from ordersync_dagster.report.deliveries import Delivery

alerts = typer.Typer(invoke_without_command=True, help="Tell people, once, what needs one of them and when it is over.")
NO_SENDING = typer.Option("--dry-run", help="Show the messages; send nothing.")


@alerts.callback()
@in_each_shop
def send_alerts(
    context: typer.Context,
    dry_run: Annotated[bool, NO_SENDING] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Send each sink of ORDERSYNC_ALERT_URLS what it was not told yet. Needs no run: for a schedule of its own."""
    if context.invoked_subcommand is not None:
        return
    from ordersync_dagster.app.alerts import Alerts

    source = Alerts(settings())
    _show(source.preview() if dry_run else source.tell(), as_json=as_json, dry_run=dry_run)


@alerts.command("test")
@in_each_shop
def try_sinks(as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Send a test message to each sink."""
    from ordersync_dagster.app.alerts import Alerts

    _show(Alerts(settings()).test(), as_json=as_json, dry_run=False)


def tell_after_run(chosen: "Settings", run_id: str, error: OrderSyncError | None) -> None:
    """Send what is new after a run that wrote, or tried to; whatever fails is a warning, and the next try sends it."""
    if not chosen.alert_urls:
        return
    from ordersync_dagster.app.alerts import Alerts

    try:
        deliveries = Alerts(chosen).tell({run_id: str(error)} if error else {})
    except OrderSyncError as refused:
        say(f"Warning: no alert was sent: {refused}")
        return
    _warn(deliveries)


def _show(deliveries: "Sequence[Delivery]", *, as_json: bool, dry_run: bool) -> None:
    from ordersync_dagster.report.deliveries import deliveries_json, deliveries_text

    if not dry_run:
        _warn(deliveries)
    show((deliveries_json if as_json else deliveries_text)(deliveries, dry_run=dry_run))
    is_refused = not dry_run and any(each.is_refused for each in deliveries)
    raise typer.Exit(FAILED if is_refused else OK)


def _warn(deliveries: "Sequence[Delivery]") -> None:
    for each in deliveries:
        if each.warning:
            say(f"Warning: {each.warning}")
