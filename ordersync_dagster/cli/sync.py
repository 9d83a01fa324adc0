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
from ordersync_dagster.cli.asked import DAYS, FIRST_DAY, LAST_DAY, SCOPE, Asked, chosen_window, of_plan
from ordersync_dagster.cli.console import AS_JSON, DRY_RUN, is_terminal, is_watched, say, settings, show
from ordersync_dagster.cli.kept_files import check_files, keep_plan, keep_report
from ordersync_dagster.core.errors import OrderSyncError, PlanMovedError, TooManyChangesError, UsageError
from ordersync_dagster.core.exit_codes import FAILED, OK
from ordersync_dagster.core.text import counted
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster.sync.whole_plan import STRIPE_STOPS

if TYPE_CHECKING:
    from ordersync_dagster.app.run import Run
    from ordersync_dagster.app.settings import Settings
    from ordersync_dagster.core.plan import Plan

NOTHING_DONE = (TooManyChangesError, PlanMovedError)  # they say so themselves
CONFIRM_FROM = 101  # new orders of a first run that a person has to confirm


def sync(
    days: Annotated[int | None, DAYS] = None,
    first: Annotated[datetime | None, FIRST_DAY] = None,
    last: Annotated[datetime | None, LAST_DAY] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
    printful: Annotated[PrintfulScope | None, SCOPE] = None,
    max_changes: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Write nothing if more rows than N would change.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep the result: FILE.html or FILE.csv.")] = None,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="With --dry-run: keep the plan for --plan.")] = None,
    plan: Annotated[Path | None, typer.Option(metavar="FILE", help="Apply a kept plan, and nothing else.")] = None,
) -> None:
    """Add missing orders, then bring status, tracking and items up to date."""
    from ordersync_dagster.app.run import start_run
    from ordersync_dagster.app.wiring import open_run

    asked = _asked(days, first, last, printful, save, plan)
    check_files(report, save, is_dry_run=dry_run)
    chosen = settings()
    ready = open_run(chosen, asked.printful, dry_run=dry_run, remarks=asked.remarks)
    is_asked = ready.is_first_run and not ready.is_shadow
    run = start_run(
        ready,
        asked.window,
        limit=max_changes,
        confirm=_question() if is_asked else None,
        keeps_changes=as_json or report is not None,
        keeps_plan=save is not None,
        planned=asked.planned,
    )
    error = _carry_out(run)
    _print_result(run, as_json, error)
    is_kept = _keep_files(run, report, save, error)
    if not dry_run:
        _tell_others(run, chosen, error)
    if error is not None:
        raise error
    raise typer.Exit(OK if is_kept and not run.outcome.summary.errors else FAILED)


def _asked(
    days: int | None,
    first: datetime | None,
    last: datetime | None,
    printful: PrintfulScope | None,
    save: Path | None,
    plan: Path | None,
) -> Asked:
    """The period and the part of Printful: those of the kept plan, which allows no others."""
    from ordersync_dagster.app.wiring import utc_now

    if plan is None:
        return Asked(chosen_window(days, first, last, utc_now()), printful or PrintfulScope.all)
    others = {"--days": days, "--from": first, "--to": last, "--printful": printful, "--save": save}
    return of_plan(plan, others, utc_now())


def _carry_out(run: "Run") -> OrderSyncError | None:
    for line in (run.ready.headline, *run.ready.notes):
        say(line)
    with _progress(run) as advance:
        try:
            # No name may hold a large part while the next one is made.
            for day in map(attrgetter("plan.day"), run.parts):
                if day is not None:
                    advance(f"Stripe, {day}", 1)
                else:
                    advance(f"Printful, {counted(run.outcome.summary.printful_orders_checked, 'order')}", 0)
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
        show(json_document(run.outcome, run.traffic, warnings, str(error) if error else None))
    elif error is None or isinstance(error, STRIPE_STOPS) or not isinstance(error, UsageError):
        show(summary_text(run.outcome))
        if error is not None:
            say("The run stopped early; the figures above are those of the part that was done.")


def _keep_files(run: "Run", report: Path | None, save: Path | None, error: OrderSyncError | None) -> bool:
    """Whether each file that was asked for could be written."""
    kept = [keep_report(run, report, _warnings(run, error), error)] if report is not None else []
    kept += [keep_plan(run, save, error)] if save is not None else []
    return all(kept)


def _warnings(run: "Run", error: OrderSyncError | None) -> list[str]:
    return [
        *run.ready.warnings,
        *run.outcome.warnings,
        *([_not_done(run, error)] if error and not isinstance(error, NOTHING_DONE) else []),
    ]


def _not_done(run: "Run", error: OrderSyncError) -> str:
    """The days and orders that a stopped run left to the next one."""
    days = [day for day in run.outcome.window.days if day not in run.outcome.days]
    left = [f"the sessions of {days[0]} to {days[-1]} ({counted(len(days), 'day')})"] if days else []
    if run.ready.sync.printful is not None and not isinstance(error, STRIPE_STOPS):
        left.append("all Printful orders" if days else "part of the Printful orders")
    remedy = "correct the cause, and run again" if isinstance(error, UsageError) else "run again"
    return f"Not done: {' and '.join(left) or 'the record of the run'}. What was done before stays; {remedy}."


def _tell_others(run: "Run", chosen: "Settings", error: OrderSyncError | None) -> None:
    """Report a writing run to Dagster where there is an instance, and to those who want its alerts."""
    if os.environ.get("DAGSTER_HOME"):
        looked = error is None and run.ready.scope is not PrintfulScope.none
        _tell_dagster(run, chosen.ordersync_shop, looked_at_printful=looked)
    tell_after_run(chosen, run.ready.sync.run_id, error)


def _tell_dagster(run: "Run", shop: str, *, looked_at_printful: bool) -> None:
    """Report the run to Dagster; if that fails, the run is done all the same."""
    try:
        from ordersync_dagster.orchestration.run_events import report_runless

        days = report_runless(run.outcome, looked_at_printful=looked_at_printful, shop=shop)
        say(f"Reported {counted(days, 'day')} to the Dagster instance in DAGSTER_HOME.")
    except Exception as error:  # noqa: BLE001  # Dagster raises whatever its storage does
        say(f"Warning: Dagster's instance was not told ({type(error).__name__}); the shop's database is right.")


def _question() -> "Callable[[Sequence[Plan]], None] | None":
    """What to do before a first run: ask the person, refuse where one looks on and cannot be asked, else nothing."""
    if is_terminal():
        return _ask_person
    return _refuse_unasked if is_watched() else None


def _refuse_unasked(plans: "Sequence[Plan]") -> None:
    added = sum(len(plan.inserts) for plan in plans)
    if added >= CONFIRM_FROM:
        raise UsageError(
            f"this first run adds {added} orders, which a person has to confirm, and with --shop all nobody is asked; "
            "nothing was written. Run `ordersync sync` with the same period for this shop alone"
        )


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
