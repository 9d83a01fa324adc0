"""Of several shops: whether another one works on the same database, by whatever name."""

from contextlib import suppress

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.engine.identity import identity
from ordersync_dagster.adapters.database.journal import runs
from ordersync_dagster.adapters.database.open_shop import OpenDatabase, reading_from
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.errors import BusyError, DatabaseAccessError, DatabaseRefusedError, SettingsError

SECONDS = 3  # the other shop's database may be away, which stops this one no longer


def refuse_other_shop(settings: Settings, opened: OpenDatabase) -> None:
    """Raise SettingsError if the last run here was that of another shop, whose database it still is.

    Two settings that name one database alike are refused before (`refuse_mixed_shops`); here the database itself tells.
    """
    last = _last_shop(opened) if settings.shop else ""
    other = settings.other_shop(last)
    if other is None:
        return
    with suppress(DatabaseAccessError, BusyError, DatabaseRefusedError, OSError):
        if other.database and _identity(other) == _identity(settings):
            raise SettingsError(
                f"{last} and {settings.shop} have the same database and schema ({opened.target}), by different names; "
                f"the last run there was one of {last}. A run of one would end the other's problems and take its "
                "orders for its own. Give each shop a database of its own, or in PostgreSQL a schema of its own in "
                "the URL (?schema=NAME); docs/shops.md"
            )


def _last_shop(opened: OpenDatabase) -> str:
    """The shop whose run began last; "" where none has a name, or our tables are older than this release."""
    return (runs.SHOPS.name in opened.store.tables.own and opened.store.read(runs.last_shop)) or ""


def _identity(settings: Settings) -> tuple[str, ...]:
    url = connection.parse_url(settings.database)
    path = connection.sqlite_path(url)
    if path is None and "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(SECONDS)})
    engine = connection.open_read_only(url)
    with reading_from(engine, is_last=True) as reading:
        return identity(reading, path, settings.ordersync_schema)
