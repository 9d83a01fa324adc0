"""The `ordersync` command: reads options, prints results, and turns errors into exit codes. Nothing else prints."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ordersync_dagster import cli_history
from ordersync_dagster.core.errors import BusyError, OrderSyncError, SettingsError, UsageError
from ordersync_dagster.core.window import Window, WindowError

if TYPE_CHECKING:
    from ordersync_dagster.core.plan import Plan
    from ordersync_dagster.launch import Launch
    from ordersync_dagster.sync import Approval
    from ordersync_dagster.wiring import Shop

OK, FAILED, USAGE, BUSY = 0, 1, 2, 75
OF_CLICK = 130  # what click makes of a KeyboardInterrupt; not in our contract
ASKED_FROM = 101  # orders that a first run adds before a person at a terminal is asked

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Finds paid Stripe sessions without an order and Printful orders that moved on, and repairs your database.",
)
database = typer.Typer(no_args_is_help=True, help="Create our tables, or compare an existing database.")
app.add_typer(database, name="db")


class Scope(StrEnum):
    """Which orders are looked up at Printful."""

    ALL = "all"
    OPEN = "open"
    NONE = "none"


def main() -> NoReturn:
    """Run the command; errors become one sentence on stderr and an exit code of the contract."""
    signal.signal(signal.SIGTERM, _interrupt)
    gc.set_threshold(100_000, 20, 50)  # in a short process: the default looks for cycles for a fifth of a large run
    try:
        status = app(standalone_mode=False)
    except OrderSyncError as error:
        _say(f"ordersync: {error}")
        sys.exit(exit_code(error))
    except WindowError as error:
        _say(f"ordersync: {error}")
        sys.exit(USAGE)
    except (KeyboardInterrupt, typer.Abort):
        _interrupted()
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001  # the last stop: nothing of its text may be shown
        if not hasattr(error, "format_message"):  # what typer raises for wrong options
            _unforeseen(error)
        error.show()  # type: ignore[attr-defined]  # click's exceptions have it
        sys.exit(USAGE)
    if status == OF_CLICK:
        _interrupted()
    sys.exit(status if isinstance(status, int) else OK)


def _interrupted() -> NoReturn:
    _say("ordersync: interrupted; what was committed stays, the next run takes up the rest")
    sys.exit(FAILED)


def _unforeseen(error: Exception) -> NoReturn:
    """Where it happened and what kind it is: the text of an error that is not ours may hold anything."""
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__))
    _say(f"{frames}ordersync: an error that nobody foresaw ({type(error).__name__}); please report the lines above")
    sys.exit(FAILED)


def exit_code(error: OrderSyncError) -> int:
    """2 where a retry cannot help, 75 where it is only too early, else 1."""
    if isinstance(error, UsageError):
        return USAGE
    return BUSY if isinstance(error, BusyError) else FAILED


@app.command(short_help="Add missing orders; update status, tracking and items.")
def sync(
    days: Annotated[
        int | None, typer.Option(min=1, max=3660, help="Whole UTC days back, and today.", show_default="30")
    ] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day.")] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day, inclusive.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    printful: Annotated[Scope, typer.Option(help="Which orders to look up at Printful.")] = Scope.ALL,
    max_changes: Annotated[int | None, typer.Option(min=0, help="Write nothing if more rows would change.")] = None,
) -> None:
    """Add missing orders, then bring status, tracking and items up to date."""
    window_at = _window(days, first, last)
    from ordersync_dagster.launch import launch
    from ordersync_dagster.settings import read_settings
    from ordersync_dagster.sync import PrintfulScope

    run = launch(
        read_settings(_env_file()),
        window_at,
        PrintfulScope[printful.value],
        dry_run=dry_run,
        approve=lambda shop: _approval(shop, max_changes),
        keeps_changes=as_json,
    )
    _say(run.shop.headline)
    for note in run.shop.notes:
        _say(note)
    error = _carry_out(run)
    _print_result(run, as_json, error)
    if os.environ.get("DAGSTER_HOME") and not dry_run:
        _tell_dagster(run, looked_at_printful=error is None and printful is not Scope.NONE)
    if error is not None:
        raise error
    raise typer.Exit(FAILED if run.outcome.summary.errors else OK)


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
            for part in run.parts:
                if part.plan.day is not None:
                    advance(f"Stripe, {part.plan.day}", 1)
                else:
                    advance(f"Printful, {run.outcome.summary.printful_orders_checked} orders", 0)
        except OrderSyncError as error:
            return error
    return None


def _print_result(run: "Launch", as_json: bool, error: OrderSyncError | None) -> None:
    from ordersync_dagster.report.document import json_document
    from ordersync_dagster.report.text import summary_text

    warnings = [*run.shop.warnings, *run.outcome.warnings, *([_not_done(run)] if error else [])]
    for warning in warnings[len(run.shop.notes) :]:
        _say(f"Warning: {warning}")
    if as_json:
        print(json_document(run.outcome, run.traffic, warnings, str(error) if error else None))
    elif error is None or not isinstance(error, UsageError):
        print(summary_text(run.outcome))
    if error is not None and not as_json:
        _say("The run stopped early; the figures above are those of the part that was done.")


def _not_done(run: "Launch") -> str:
    """Exactly what a run that stopped left to the next one."""
    left = [day for day in run.outcome.window.days if day not in run.outcome.days]
    days = f"the sessions of {left[0]} to {left[-1]} ({len(left)} days)" if left else "part of the Printful orders"
    return f"Not done: {days}{' and all Printful orders' if left else ''}. What was done before stays; run again."


def _tell_dagster(run: "Launch", *, looked_at_printful: bool) -> None:
    """The run's result stands whatever Dagster says."""
    try:
        from ordersync_dagster.orchestration.runless import report

        days = report(run.outcome, looked_at_printful=looked_at_printful)
        _say(f"Reported {days} days to the Dagster instance in DAGSTER_HOME.")
    except Exception as error:  # noqa: BLE001  # Dagster raises whatever its storage does
        _say(f"Warning: Dagster's instance was not told ({type(error).__name__}); the shop's database is right.")


def _approval(shop: "Shop", max_changes: int | None) -> "Approval | None":
    """What has to agree before anything is written: the limit, and on a terminal the person at it."""
    from ordersync_dagster.sync import at_most

    checks: list[Approval] = [at_most(max_changes)] if max_changes is not None else []
    if shop.is_first_run and sys.stdin.isatty() and sys.stderr.isatty():
        checks.append(_ask_person)

    def approve(plans: "Sequence[Plan]") -> None:
        for check in checks:
            check(plans)

    return approve if checks else None


def _ask_person(plans: "Sequence[Plan]") -> None:
    added = sum(len(plan.inserts) for plan in plans)
    if added >= ASKED_FROM:
        typer.confirm(f"This first run adds {added} orders. Go on?", default=False, abort=True, err=True)


@database.command("init")
def db_init(
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the SQL for an administrator; change nothing.")] = False,
) -> None:
    """Create all tables in an empty database, or only ordersync_* in an existing shop's. Repeatable."""
    from ordersync_dagster.settings import read_settings
    from ordersync_dagster.wiring import initialisation_script, initialise_database

    settings = read_settings(_env_file())
    if as_sql:
        print(initialisation_script(settings).strip() or "-- nothing to create")
        return
    target, created = initialise_database(settings)
    print(f"{target}: created {', '.join(created)}" if created else f"{target}: nothing to create")


@database.command("grants")
def db_grants(
    role: Annotated[str | None, typer.Option(help="Whose grants.", show_default="ordersync_rw or _ro")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="For dry runs and the doctor.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Also for `ordersync undo`, which deletes rows.")] = False,
) -> None:
    """Print the GRANTs that a PostgreSQL role needs, and no more; change nothing."""
    from ordersync_dagster.settings import read_settings
    from ordersync_dagster.wiring import grant_script

    if read_only and undo:
        raise SettingsError("--read-only and --undo exclude each other: taking a run back writes")
    name = role or ("ordersync_ro" if read_only else "ordersync_rw")
    for grant in grant_script(read_settings(_env_file()), name, is_writing=not read_only, is_undoing=undo):
        print(grant)


@database.command("check")
def db_check() -> None:
    """Say whether the database fits; changes nothing."""
    from ordersync_dagster.settings import read_settings
    from ordersync_dagster.wiring import check_database

    shop = check_database(read_settings(_env_file()))
    print(f"{shop.target}: fits; {shop.store.order_count()} orders")


@app.command(short_help="Keys, permissions, database: what fits and what to do.")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Who am I, what may I read, does the database fit; changes nothing."""
    from ordersync_dagster.doctor import examine, findings_json, findings_text, worst
    from ordersync_dagster.settings import read_settings

    findings = examine(read_settings(_env_file()))
    print(findings_json(findings) if as_json else findings_text(findings))
    raise typer.Exit(worst(findings))


@app.command(
    short_help="Serve the pretend shop, or run a command against it.",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def sandbox(
    context: typer.Context,
    scenario: Annotated[str, typer.Option(help="outage, quiet or large.")] = "outage",
    size: Annotated[int, typer.Option(help="Sessions of `large`.")] = 20_000,
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    latency: Annotated[float, typer.Option(help="Seconds that each answer takes.")] = 0.0,
    folder: Annotated[Path | None, typer.Option(help="Keep the shop's database here.")] = None,
) -> None:
    """Run the pretend shop; a command after `--` is run against it, else it serves until Ctrl-C."""
    from ordersync_dagster.demo import pretend_shop

    with pretend_shop(scenario, size=size, port=port, latency=latency, folder=folder) as environment:
        if context.args:
            import subprocess  # the person's own command

            with subprocess.Popen(context.args, env=os.environ | environment) as child:  # noqa: S603
                signal.signal(signal.SIGTERM, lambda number, _frame: child.send_signal(number))
                sys.exit(child.wait())
        print("\n".join(f"export {name}={value}" for name, value in environment.items()), flush=True)
        _say("Serving the pretend shop; Ctrl-C stops it.")
        signal.pause()


@app.command(short_help="Watch the whole job on the pretend shop; needs no keys.")
def demo() -> None:
    """Sandbox, SQLite, a dry run, the run, and a second run that finds nothing; needs no keys."""
    from ordersync_dagster.demo import demonstrate

    for line in demonstrate():
        print(line, flush=True)


cli_history.register(app)


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


def _env_file() -> Path | None:
    path = Path(".env")
    return path if path.is_file() else None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
