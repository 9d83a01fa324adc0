"""The `ordersync` command: its commands in one list, and errors turned into exit codes."""

import gc
import signal
import sys
from typing import Annotated, NoReturn

import typer

from ordersync_dagster import __version__
from ordersync_dagster.cli.alerts import alerts
from ordersync_dagster.cli.database import database
from ordersync_dagster.cli.doctor import doctor
from ordersync_dagster.cli.endings import ended
from ordersync_dagster.cli.explain import explain
from ordersync_dagster.cli.outages import outages
from ordersync_dagster.cli.problems import problems
from ordersync_dagster.cli.prove import prove
from ordersync_dagster.cli.report import report
from ordersync_dagster.cli.runs import audit, forget, purge, runs, undo
from ordersync_dagster.cli.sandbox import demo, sandbox
from ordersync_dagster.cli.shadow import shadow
from ordersync_dagster.cli.shop_option import in_each_shop, in_one_shop
from ordersync_dagster.cli.status import status
from ordersync_dagster.cli.streams import prepare_streams
from ordersync_dagster.cli.sync import sync

ANY_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}  # after `--`

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Finds paid Stripe sessions without an order and Printful orders that moved on, and repairs your database.",
)
app.command(short_help="Add missing orders; update status, tracking and items.")(in_each_shop(sync))
app.command(short_help="Compare Stripe, the shop and Printful; write a report.")(in_each_shop(report))
app.command(short_help="Whether anything needs a person; exit 1 if so.")(in_each_shop(status))
app.command(short_help="Keys, permissions, database: what fits and what to do.")(in_each_shop(doctor))
app.command(short_help="One order in all three systems, and why a run does what it does.")(in_each_shop(explain))
app.command(short_help="When webhooks were down, what was lost, and how to add it.")(in_each_shop(outages))
app.command(short_help="What shadow mode would have changed, and what the shop did later.")(in_each_shop(shadow))
app.command(short_help="Prove that every paid session of a day has its order.")(in_each_shop(prove))
app.command(short_help="Serve the pretend shop, or run a command against it.", context_settings=ANY_ARGUMENTS)(sandbox)
app.command(short_help="Watch the whole job on the pretend shop; needs no keys.")(demo)
app.command(short_help="Take a run back as far as nobody touched its rows.")(in_one_shop(undo))
app.command(short_help="Blank old data in our own tables.")(in_each_shop(purge))
app.command(short_help="Blank one customer's data in our own tables.")(in_each_shop(forget))
app.add_typer(database, name="db")
app.add_typer(problems, name="problems")
app.add_typer(runs, name="runs")
app.add_typer(alerts, name="alerts")
app.add_typer(audit, name="audit", short_help="Show what runs changed in an order, or check the whole audit.")


def _version(is_asked: bool) -> None:
    if is_asked:
        print(f"ordersync {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options that stand before the command's name."""


def main() -> NoReturn:
    """Run the command; errors become one sentence on stderr and an exit code of the contract."""
    prepare_streams()
    signal.signal(signal.SIGTERM, _interrupt)
    # The process is short, and with the default a fifth of a large run goes into the search for cycles.
    gc.set_threshold(100_000, 20, 50)
    sys.exit(ended(lambda: app(standalone_mode=False)))


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
