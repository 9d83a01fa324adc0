"""`ordersync db`: our tables, the database's fitness, and grants."""

from typing import Annotated

import typer

from ordersync_dagster.cli.console import settings
from ordersync_dagster.core.errors import SettingsError

database = typer.Typer(no_args_is_help=True, help="Create our tables, or compare an existing database.")


@database.command("init")
def db_init(
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the SQL for an administrator; change nothing.")] = False,
) -> None:
    """Create all tables in an empty database, or only ordersync_* in an existing shop's. Repeatable."""
    from ordersync_dagster.app.wiring import initialisation_script, initialise_database

    chosen = settings()
    if as_sql:
        print(initialisation_script(chosen).strip() or "-- nothing to create")
        return
    target, created = initialise_database(chosen)
    print(f"{target}: created {', '.join(created)}" if created else f"{target}: nothing to create")


@database.command("grants")
def db_grants(
    role: Annotated[str | None, typer.Option(help="Whose grants.", show_default="ordersync_rw or _ro")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="For dry runs and the doctor.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Also for `ordersync undo`, which deletes rows.")] = False,
) -> None:
    """Print the GRANTs that a PostgreSQL role needs, and no more; change nothing."""
    from ordersync_dagster.app.wiring import grant_script

    if read_only and undo:
        raise SettingsError("--read-only and --undo exclude each other: taking a run back writes")
    name = role or ("ordersync_ro" if read_only else "ordersync_rw")
    for grant in grant_script(settings(), name, is_writing=not read_only, is_undoing=undo):
        print(grant)


@database.command("check")
def db_check() -> None:
    """Say whether the database fits; changes nothing."""
    from ordersync_dagster.app.wiring import check_database

    shop = check_database(settings())
    print(f"{shop.target}: fits; {shop.store.order_count()} orders")
