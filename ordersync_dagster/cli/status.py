"""`ordersync status`."""

import sys
from typing import Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, in_words, settings, show
from ordersync_dagster.core.exit_codes import FAILED, OK


def status(
    outage_days: Annotated[
        int | None,
        typer.Option("--outages", min=1, max=30, metavar="DAYS", help="Ask Stripe for outages too."),
    ] = None,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Say whether anything needs a person: exit 0 if nothing does, 1 if something does.

    Reads the database alone; with --outages also Stripe's events.
    """
    from ordersync_dagster.app.status import read_status
    from ordersync_dagster.report.status import status_json, status_line

    found = read_status(settings(), outage_days=outage_days)
    if as_json:
        show(status_json(found))
    elif sys.stdout.isatty():
        from rich.console import Console

        from ordersync_dagster.report.status_screen import status_screen

        console = Console()
        console.print(status_screen(found, console.width, in_words), highlight=False)
    else:
        show(status_line(found))
    raise typer.Exit(FAILED if found.needs_person else OK)
