"""`ordersync report`: does the money agree, what is wrong, who waits."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.asked import DAYS, FIRST_DAY, LAST_DAY, SCOPE, chosen_window
from ordersync_dagster.cli.console import in_words, say, settings, show
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.exit_codes import FAILED, OK
from ordersync_dagster.report.drift.forms import ReportForm
from ordersync_dagster.sync.order_sync import PrintfulScope

if TYPE_CHECKING:
    from ordersync_dagster.report.drift.report import DriftReport


def report(
    days: Annotated[int | None, DAYS] = None,
    first: Annotated[datetime | None, FIRST_DAY] = None,
    last: Annotated[datetime | None, LAST_DAY] = None,
    form: Annotated[
        ReportForm | None,
        typer.Option("--format", help="html, json, csv or md.", show_default="by FILE's name, else md"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to this file.")
    ] = None,
    printful: Annotated[PrintfulScope, SCOPE] = PrintfulScope.all,
) -> None:
    """Compare Stripe, the shop and Printful, and write what does not agree; reads as a dry run does."""
    from ordersync_dagster.app.drift import open_reading
    from ordersync_dagster.app.wiring import utc_now

    chosen = _form(form, output)
    reading = open_reading(settings(), chosen_window(days, first, last, utc_now()), printful)
    say(reading.ready.headline)
    error = reading.read()
    made = reading.report(error)
    for warning in made.warnings:
        say(f"Warning: {warning}")
    is_written = _write(made, chosen, output)
    if error is not None:
        raise error
    raise typer.Exit(OK if is_written else FAILED)


def _form(form: ReportForm | None, output: Path | None) -> ReportForm:
    """As asked for, else as the file is named; raises SettingsError where no such file can be written."""
    if output is None:
        return form or ReportForm.md
    from ordersync_dagster.report.files import check_place

    check_place("-o", output)
    named = {f".{each.value}": each for each in ReportForm}.get(output.suffix)
    if form is None and named is None:
        endings = ", ".join(f".{each.value}" for each in ReportForm)
        raise SettingsError(f"-o {output}: give --format, or a name that ends in {endings}")
    return form or named or ReportForm.md


def _write(made: "DriftReport", form: ReportForm, output: Path | None) -> bool:
    from ordersync_dagster.report.drift.forms import written_as
    from ordersync_dagster.report.drift.verdict import verdict_of
    from ordersync_dagster.report.files import write_whole

    text = in_words(written_as(made, form))
    if output is None:
        sys.stdout.write(text)
        return True
    try:
        write_whole(output, text)
    except OSError as refused:
        say(f"ordersync: {output} could not be written: {refused.strerror}")
        return False
    show(f"{verdict_of(made).sentence} The report is in {output}.")
    return True
