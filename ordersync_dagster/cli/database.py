"""`ordersync db`: create our tables, check a database, print grants."""

from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.console import settings, show
from ordersync_dagster.cli.shop_option import in_each_shop, in_one_shop
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.text import counted

if TYPE_CHECKING:
    from ordersync_dagster.app.schema import ShopSchema

database = typer.Typer(no_args_is_help=True, help="Create our tables, or compare an existing database.")


@database.command("init", short_help="Create our tables; you can repeat it.")
@in_each_shop
def db_init(
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the SQL for an administrator; change nothing.")] = False,
) -> None:
    """Create all tables in an empty database, or only ordersync_* in an existing shop's. Repeatable."""
    schema = _schema()
    if as_sql:
        show(schema.create_sql() or "-- nothing to create")
        return
    created = schema.create()
    show(f"{schema.target}: created {', '.join(created)}" if created else f"{schema.target}: nothing to create")


@database.command("grants", short_help="Print the GRANTs that a PostgreSQL role needs.")
@in_one_shop
def db_grants(
    role: Annotated[str | None, typer.Option(help="Whose grants.", show_default="ordersync_rw or _ro")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="For dry runs and the doctor.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Also for `ordersync undo`, which deletes rows.")] = False,
    shadow: Annotated[bool, typer.Option("--shadow", help="For runs with ORDERSYNC_SHADOW.")] = False,
) -> None:
    """Print the GRANTs that a PostgreSQL role needs, and no more; change nothing."""
    if read_only + undo + shadow > 1:
        raise SettingsError("--read-only, --shadow and --undo exclude each other")
    name = role or ("ordersync_ro" if read_only else "ordersync_rw")
    for grant in _schema().grants(name, is_writing=not read_only, is_undoing=undo, is_shadow=shadow):
        show(grant)


@database.command("check")
@in_each_shop
def db_check() -> None:
    """Say whether the database fits; changes nothing."""
    schema = _schema()
    count = schema.check()
    show(f"{schema.target}: fits; {counted(count, 'order')}")


def _schema() -> "ShopSchema":
    from ordersync_dagster.app.schema import ShopSchema

    return ShopSchema(settings())
