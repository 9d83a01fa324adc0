"""`ordersync db`: create our tables, check a database, print grants."""

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
    from ordersync_dagster.adapters.database import open_shop
    from ordersync_dagster.adapters.database.engine.connection import shown
    from ordersync_dagster.app.wiring import database_url

    chosen = settings()
    url = database_url(chosen)
    if as_sql:
        print(open_shop.init_sql(url, chosen.layout).strip() or "-- nothing to create")
        return
    _, created = open_shop.initialise(url, chosen.layout)
    print(f"{shown(url)}: created {', '.join(created)}" if created else f"{shown(url)}: nothing to create")


@database.command("grants")
def db_grants(
    role: Annotated[str | None, typer.Option(help="Whose grants.", show_default="ordersync_rw or _ro")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="For dry runs and the doctor.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Also for `ordersync undo`, which deletes rows.")] = False,
) -> None:
    """Print the GRANTs that a PostgreSQL role needs, and no more; change nothing."""
    from ordersync_dagster.adapters.database import open_shop
    from ordersync_dagster.app.wiring import database_url

    if read_only and undo:
        raise SettingsError("--read-only and --undo exclude each other: an undo writes")
    name = role or ("ordersync_ro" if read_only else "ordersync_rw")
    chosen = settings()
    url = database_url(chosen)
    for grant in open_shop.grant_sql(url, chosen.layout, name, is_writing=not read_only, is_undoing=undo):
        print(grant)


@database.command("check")
def db_check() -> None:
    """Say whether the database fits; changes nothing."""
    from ordersync_dagster.adapters.database.open_shop import open_existing
    from ordersync_dagster.app.wiring import database_url, utc_now

    chosen = settings()
    shop = open_existing(database_url(chosen), utc_now, chosen.layout)
    print(f"{shop.target}: fits; {shop.store.order_count()} orders")
