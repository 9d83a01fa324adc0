"""The commands on the record of our runs: `runs`, `undo`, `audit`, `purge` and `forget`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, DRY_RUN, settings, show
from ordersync_dagster.cli.shop_option import in_each_shop, in_one_shop
from ordersync_dagster.core.exit_codes import FAILED, OK

if TYPE_CHECKING:
    from ordersync_dagster.app.history import History

RUN_ID = typer.Argument(metavar="ID", help="As `ordersync runs` shows it.", callback=lambda given: given.strip())
runs = typer.Typer(invoke_without_command=True, help="List our runs, or show what one of them changed and why.")
audit = typer.Typer(
    no_args_is_help=True, help="Show what runs changed in an order, or check the audit of all rows written."
)


@runs.callback()
@in_each_shop
def list_runs(
    context: typer.Context,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many, newest first.")] = 20,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """List our runs, newest first: time, host, kind, result, period, and the rows written."""
    if context.invoked_subcommand is not None:
        return
    from ordersync_dagster.report.history import runs_json, runs_text

    found = _history().runs(limit)
    show(runs_json(found) if as_json else runs_text(found))


@runs.command("show")
@in_one_shop
def show_run(run_id: Annotated[str, RUN_ID], as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Show what one run changed, and why."""
    from ordersync_dagster.report.history import run_json, run_text

    for piece in (run_json if as_json else run_text)(_history().show(run_id)):
        show(piece, end="")
    show("")


def undo(
    run_id: Annotated[str, RUN_ID],
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Undo a run; rows that somebody changed since are left and named."""
    from ordersync_dagster.report.history import undo_json, undo_text

    result = _history().undo(run_id, dry_run=dry_run)
    show((undo_json if as_json else undo_text)(result))
    raise typer.Exit(FAILED if result.kept else OK)


@audit.command("show")
@in_one_shop
def audit_show(
    order: Annotated[
        str,
        typer.Argument(
            metavar="ORDER", help="An order's id, or its Checkout Session's.", callback=lambda given: given.strip()
        ),
    ],
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Show each change that runs made to one order, and why."""
    from ordersync_dagster.report.history import order_json, order_text

    show((order_json if as_json else order_text)(_history().order(order)))


@audit.command("verify")
@in_each_shop
def audit_verify(as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Check that no entry of the audit was changed or is missing."""
    from ordersync_dagster.report.history import verification_json, verification_text

    found = _history().verify()
    show(verification_json(found) if as_json else verification_text(found))
    raise typer.Exit(FAILED if found.broken else OK)


def purge(
    older_than: Annotated[int, typer.Option(min=1, max=36_500, metavar="DAYS", help="Days; newer data stays.")],
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Erase old data from our own tables; the shop's tables stay as they are."""
    from ordersync_dagster.report.history import erasure_json, erasure_text

    result = _history().purge(older_than, dry_run=dry_run)
    show((erasure_json if as_json else erasure_text)(result))


def forget(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The customer's address.")],
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Erase one customer's data from our own tables; the shop's tables stay as they are."""
    from ordersync_dagster.core.privacy import require_address
    from ordersync_dagster.report.history import erasure_json, erasure_text

    result = _history().forget(require_address(email), dry_run=dry_run)
    show((erasure_json if as_json else erasure_text)(result))


def _history() -> "History":
    from ordersync_dagster.app.history import History

    return History(settings())
