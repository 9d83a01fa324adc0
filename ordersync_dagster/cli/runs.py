"""Commands that look back: `runs`, `undo`, `audit`, `purge` and `forget`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, DRY_RUN, FAILED, OK, settings

if TYPE_CHECKING:
    from ordersync_dagster.app.history import History

runs = typer.Typer(invoke_without_command=True, help="List our runs, or show what one of them changed and why.")
audit = typer.Typer(no_args_is_help=True, help="Look an order up in our record of written rows, or check that record.")


@runs.callback()
def list_runs(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """List our runs, newest first: when, where, what for, over which period, and the rows they wrote."""
    if context.invoked_subcommand is not None:
        return
    from ordersync_dagster.report.history import runs_json, runs_text

    found = _history().runs(limit)
    print(runs_json(found) if as_json else runs_text(found))


@runs.command("show")
def show_run(run_id: Annotated[str, typer.Argument(metavar="ID")], as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Show what one run changed, and why."""
    from ordersync_dagster.report.history import run_json, run_text

    found = _history().show(run_id)
    write = run_json if as_json else run_text
    print(write(found.run, found.entries, found.undone_by))


def undo(
    run_id: Annotated[str, typer.Argument(metavar="ID")],
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Take a run back, as far as nobody touched what it wrote."""
    from ordersync_dagster.report.history import undo_json, undo_text

    taken = _history().undo(run_id, dry_run=dry_run)
    write = undo_json if as_json else undo_text
    print(write(taken.target, taken.run_id, taken.undone))
    raise typer.Exit(FAILED if taken.undone.left else OK)


@audit.command("show")
def audit_show(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="An order's id, or its Checkout Session's.")],
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Show everything that runs wrote of one order, and why."""
    from ordersync_dagster.report.history import order_json, order_text

    found = _history().order(order)
    print((order_json if as_json else order_text)(found.order_id, found.entries))


@audit.command("verify")
def audit_verify(as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Check that no entry of our record was changed or is missing."""
    from ordersync_dagster.report.history import verification_json, verification_text

    found = _history().verify()
    print(verification_json(found) if as_json else verification_text(found))
    raise typer.Exit(FAILED if found.broken else OK)


def purge(
    older_than: Annotated[int, typer.Option(min=1, max=36_500, metavar="DAYS", help="Days; younger things stay.")],
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Let go of what our own tables keep from long ago; the shop's tables stay as they are."""
    from ordersync_dagster.report.history import let_go_json, let_go_text

    done = _history().purge(older_than, dry_run=dry_run)
    print((let_go_json if as_json else let_go_text)(done.kind, done.run_id, done.kept))


def forget(
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    dry_run: Annotated[bool, DRY_RUN] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Let go of what our own tables keep of one customer; the shop's tables stay as they are."""
    from ordersync_dagster.report.history import let_go_json, let_go_text

    done = _history().forget(email, dry_run=dry_run)
    print((let_go_json if as_json else let_go_text)(done.kind, done.run_id, done.kept))


def _history() -> "History":
    from ordersync_dagster.app.history import History

    return History(settings())
