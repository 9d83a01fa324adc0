"""`ordersync doctor`."""

from typing import Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, settings, show


def doctor(as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Check keys, permissions, database and rate limits; change nothing."""
    from ordersync_dagster.app.doctor import examine, worst
    from ordersync_dagster.report.findings import findings_json, findings_text

    findings = examine(settings())
    show(findings_json(findings) if as_json else findings_text(findings))
    raise typer.Exit(worst(findings))
