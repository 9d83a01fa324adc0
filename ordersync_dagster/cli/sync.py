"""`ordersync sync`: from options to result."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.alerts import tell_after_run
from ordersync_dagster.cli.console import AS_JSON, DRY_RUN, FAILED, OK, say, settings
from ordersync_dagster.core.errors import OrderSyncError, SettingsError, UsageError
from ordersync_dagster.core.window import DEFAULT_DAYS, MAX_DAYS, Window
from ordersync_dagster.sync.order_sync import STRIPE_STOPS, PrintfulScope

if TYPE_CHECKING:
    from ordersync_dagster.app.run import Run
    from ordersync_dagster.core.plan import Plan

CONFIRM_FROM = 101  # new orders of a first run that a person has to confirm
DAYS = typer.Option(min=1, max=MAX_DAYS, help="Whole UTC days back, and today.", show_default=str(DEFAULT_DAYS))
FIRST_DAY = typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day.")
LAST_DAY = typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day, inclusive.")


def sync(
    days: Annotated[int | None, DAYS] = None,
    first: Annotated[datetime | None, FIRST_DAY] = None,
    last: Annotated[datetime | None, LAST_DAY] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
    printful: Annotated[PrintfulScope, typer.Option(help="Which orders to look up at Printful.")] = PrintfulScope.all,
    max_changes: Annotated[int | None, typer.Option(min=0, help="Write nothing if more rows would change.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep the result: FILE.html or FILE.csv.")] = None,
) -> None:
    """Add missing orders, then bring status, tracking and items up to date."""
    from ordersync_dagster.app.run import start_run
    from ordersync_dagster.app.wiring import open_run, utc_now

    window = chosen_window(days, first, last, utc_now())
    if report is not None:
        from ordersync_dagster.report.files import check_report

        check_report(report)
    chosen = settings()
    ready = open_run(chosen, printful, dry_run=dry_run)
    is_asked = ready.is_first_run and not ready.is_shadow
    confirm = _ask_person if is_asked and sys.stdin.isatty() and sys.stderr.isatty() else None
    keeps_changes = as_json or report is not None
    run = start_run(ready, window, limit=max_changes, confirm=confirm, keeps_changes=keeps_changes)
    for line in (ready.headline, *ready.notes):
        say(line)
    error = _carry_out(run)
    _print_result(run, as_json, error)
    is_kept = report is None or _keep(run, report, error)
    if os.environ.get("DAGSTER_HOME") and not dry_run:
        _tell_dagster(run, looked_at_printful=error is None and printful is not PrintfulScope.none)
    if not dry_run:
        tell_after_run(chosen, ready.sync.run_id, error)
    if error is not None:
        raise error
    raise typer.Exit(OK if is_kept and not run.outcome.summary.errors else FAILED)


def chosen_window(days: int | None, first: datetime | None, last: datetime | None, now: datetime) -> Window:
    """The period that the options name; raises SettingsError where they contradict each other."""
    if (first is None) != (last is None):
        raise SettingsError("--from and --to go together, each a day such as 2026-01-31")
    if first is None or last is None:
        return Window.last_days(DEFAULT_DAYS if days is None else days, now)
    if days is not None:
        raise SettingsError("give either --days or --from and --to, not both")
    return Window.between(first.date(), last.date(), now)


def _carry_out(run: "Run") -> OrderSyncError | None:
    with _progress(run) as advance:
        try:
            # No name may hold a large part while the next one is made.
            for day in map(attrgetter("plan.day"), run.parts):
                if day is not None:
                    advance(f"Stripe, {day}", 1)
                else:
                    advance(f"Printful, {run.outcome.summary.printful_orders_checked} orders", 0)
        except OrderSyncError as error:
            return error
    return None


def _print_result(run: "Run", as_json: bool, error: OrderSyncError | None) -> None:
    from ordersync_dagster.report.document import json_document
    from ordersync_dagster.report.text import summary_text

    warnings = _warnings(run, error)
    for warning in warnings[len(run.ready.notes) :]:
        say(f"Warning: {warning}")
    if as_json:
        print(json_document(run.outcome, run.traffic, warnings, str(error) if error else None))
    elif error is None or isinstance(error, STRIPE_STOPS) or not isinstance(error, UsageError):
        print(summary_text(run.outcome))
    if error is not None and not as_json:
        say("The run stopped early; the figures above are those of the part that was done.")


def _keep(run: "Run", path: Path, error: OrderSyncError | None) -> bool:
    """Write the report file; if that fails, the run is done all the same."""
    from ordersync_dagster.report.files import write_report

    try:
        write_report(path, run.outcome, run.ready.headline, [*_warnings(run, error), *([str(error)] if error else [])])
    except OSError as refused:
        say(f"ordersync: the run is done, but {path} could not be written: {refused.strerror}")
        return False
    return True


def _warnings(run: "Run", error: OrderSyncError | None) -> list[str]:
    return [*run.ready.warnings, *run.outcome.warnings, *([_not_done(run, error)] if error else [])]


def _not_done(run: "Run", error: OrderSyncError) -> str:
    """The days and orders that a stopped run left to the next one."""
    days = [day for day in run.outcome.window.days if day not in run.outcome.days]
    left = [f"the sessions of {days[0]} to {days[-1]} ({len(days)} days)"] if days else []
    if run.ready.sync.printful is not None and not isinstance(error, STRIPE_STOPS):
        left.append("all Printful orders" if days else "part of the Printful orders")
    return f"Not done: {' and '.join(left) or 'the record of the run'}. What was done before stays; run again."


def _tell_dagster(run: "Run", *, looked_at_printful: bool) -> None:
    """Report the run to Dagster; if that fails, the run is done all the same."""
    try:
        from ordersync_dagster.orchestration.run_events import report_runless

        days = report_runless(run.outcome, looked_at_printful=looked_at_printful)
        say(f"Reported {days} days to the Dagster instance in DAGSTER_HOME.")
    except Exception as error:  # noqa: BLE001  # Dagster raises whatever its storage does
        say(f"Warning: Dagster's instance was not told ({type(error).__name__}); the shop's database is right.")


def _ask_person(plans: "Sequence[Plan]") -> None:
    added = sum(len(plan.inserts) for plan in plans)
    if added >= CONFIRM_FROM:
        typer.confirm(f"This first run adds {added} orders. Go on?", default=False, abort=True, err=True)


@contextmanager
def _progress(run: "Run") -> Iterator[Callable[[str, int], None]]:
    """A bar on stderr where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda label, days: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Stripe", total=len(run.outcome.window.days))
        yield lambda label, days: progress.update(task, description=label, advance=days)
