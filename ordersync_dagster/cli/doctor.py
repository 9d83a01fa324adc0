"""`ordersync doctor`."""

from typing import Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, settings


def doctor(as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Who am I, what may I read, does the database fit; changes nothing."""
    from ordersync_dagster.app.doctor import examine, findings_json, findings_text, worst

    findings = examine(settings())
    print(findings_json(findings) if as_json else findings_text(findings))
    raise typer.Exit(worst(findings))
