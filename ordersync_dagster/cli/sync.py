"""`ordersync sync`: the job itself, from options to result."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, DRY_RUN, FAILED, OK, say, settings
from ordersync_dagster.core.errors import OrderSyncError, SettingsError, UsageError
from ordersync_dagster.core.window import Window

if TYPE_CHECKING:
    from ordersync_dagster.app.run import Launch
    from ordersync_dagster.core.plan import Plan

ASKED_FROM = 101  # orders that a first run adds before a person at a terminal is asked


class Scope(StrEnum):
    """Which orders are looked up at Printful."""

    ALL = "all"
    OPEN = "open"
    NONE = "none"


def sync(
    days: Annotated[
        int | None, typer.Option(min=1, max=3660, help="Whole UTC days back, and today.", show_default="30")
    ] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day.")] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day, inclusive.")
    ] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
    printful: Annotated[Scope, typer.Option(help="Which orders to look up at Printful.")] = Scope.ALL,
    max_changes: Annotated[int | None, typer.Option(min=0, help="Write nothing if more rows would change.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep the result: FILE.html or FILE.csv.")] = None,
) -> None:
    """Add missing orders, then bring status, tracking and items up to date."""
    window_at = _window(days, first, last)
    if report is not None:
        from ordersync_dagster.report.files import check_report

        check_report(report)
    from ordersync_dagster.app.run import launch
    from ordersync_dagster.sync.order_sync import PrintfulScope

    run = launch(
        settings(),
        window_at,
        PrintfulScope[printful.value],
        dry_run=dry_run,
        limit=max_changes,
        confirm=lambda shop: _ask_person if shop.is_first_run and sys.stdin.isatty() and sys.stderr.isatty() else None,
        keeps_changes=as_json or report is not None,
    )
    say(run.shop.headline)
    for note in run.shop.notes:
        say(note)
    error = _carry_out(run)
    _print_result(run, as_json, error)
    is_kept = report is None or _keep(run, report, error)
    if os.environ.get("DAGSTER_HOME") and not dry_run:
        _tell_dagster(run, looked_at_printful=error is None and printful is not Scope.NONE)
    if error is not None:
        raise error
    raise typer.Exit(OK if is_kept and not run.outcome.summary.errors else FAILED)


def _window(days: int | None, first: datetime | None, last: datetime | None) -> Callable[[datetime], Window]:
    if (first is None) != (last is None):
        raise SettingsError("--from and --to go together, each a day such as 2026-01-31")
    if first is None or last is None:
        return lambda now: Window.last_days(30 if days is None else days, now)
    if days is not None:
        raise SettingsError("give either --days or --from and --to, not both")
    period = first.date(), last.date()
    return lambda now: Window.between(*period, now)


def _carry_out(run: "Launch") -> OrderSyncError | None:
    with _progress(run) as advance:
        try:
            for day in map(attrgetter("plan.day"), run.parts):  # no name holds a large part while the next is made
                if day is not None:
                    advance(f"Stripe, {day}", 1)
                else:
                    advance(f"Printful, {run.outcome.summary.printful_orders_checked} orders", 0)
        except OrderSyncError as error:
            return error
    return None


def _print_result(run: "Launch", as_json: bool, error: OrderSyncError | None) -> None:
    from ordersync_dagster.report.document import json_document
    from ordersync_dagster.report.text import summary_text

    warnings = _warnings(run, error)
    for warning in warnings[len(run.shop.notes) :]:
        say(f"Warning: {warning}")
    if as_json:
        print(json_document(run.outcome, run.traffic, warnings, str(error) if error else None))
    elif error is None or not isinstance(error, UsageError):
        print(summary_text(run.outcome))
    if error is not None and not as_json:
        say("The run stopped early; the figures above are those of the part that was done.")


def _keep(run: "Launch", path: Path, error: OrderSyncError | None) -> bool:
    """The result as a file; the run stands whatever becomes of it."""
    from ordersync_dagster.report.files import write_report

    try:
        write_report(path, run.outcome, run.shop.headline, [*_warnings(run, error), *([str(error)] if error else [])])
    except OSError as refused:
        say(f"ordersync: the run is done, but {path} could not be written: {refused.strerror}")
        return False
    return True


def _warnings(run: "Launch", error: OrderSyncError | None) -> list[str]:
    return [*run.shop.warnings, *run.outcome.warnings, *([_not_done(run)] if error else [])]


def _not_done(run: "Launch") -> str:
    """Exactly what a run that stopped left to the next one."""
    left = [day for day in run.outcome.window.days if day not in run.outcome.days]
    what = [f"the sessions of {left[0]} to {left[-1]} ({len(left)} days)"] if left else []
    if run.shop.printful is not None:
        what.append("all Printful orders" if left else "part of the Printful orders")
    return f"Not done: {' and '.join(what) or 'the record of the run'}. What was done before stays; run again."


def _tell_dagster(run: "Launch", *, looked_at_printful: bool) -> None:
    """The run's result stands whatever Dagster says."""
    try:
        from ordersync_dagster.orchestration.run_events import report

        days = report(run.outcome, looked_at_printful=looked_at_printful)
        say(f"Reported {days} days to the Dagster instance in DAGSTER_HOME.")
    except Exception as error:  # noqa: BLE001  # Dagster raises whatever its storage does
        say(f"Warning: Dagster's instance was not told ({type(error).__name__}); the shop's database is right.")


def _ask_person(plans: "Sequence[Plan]") -> None:
    added = sum(len(plan.inserts) for plan in plans)
    if added >= ASKED_FROM:
        typer.confirm(f"This first run adds {added} orders. Go on?", default=False, abort=True, err=True)


@contextmanager
def _progress(run: "Launch") -> Iterator[Callable[[str, int], None]]:
    """A bar on stderr where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda label, days: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Stripe", total=len(run.outcome.window.days))
        yield lambda label, days: progress.update(task, description=label, advance=days)
