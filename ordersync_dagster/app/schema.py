"""The shop's database before its first run: create our tables, compare it, print grants."""

from collections.abc import Sequence
from dataclasses import dataclass

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import shown
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import database_url, utc_now


@dataclass(frozen=True, slots=True)
class ShopSchema:
    """One shop's database; `target` names it without its password. Raises SettingsError without a DATABASE_URL."""

    settings: Settings

    @property
    def target(self) -> str:
        return shown(database_url(self.settings))

    def create(self) -> Sequence[str]:
        """Create the tables that are missing, and name them; repeatable."""
        _, created = open_shop.initialise(database_url(self.settings), self.settings.layout)
        return created

    def create_sql(self) -> str:
        """The SQL of `create` for an administrator; empty where no table is missing."""
        return open_shop.init_sql(database_url(self.settings), self.settings.layout).strip()

    def grants(self, role: str, *, is_writing: bool, is_undoing: bool, is_shadow: bool = False) -> Sequence[str]:
        """The GRANT statements for a PostgreSQL role."""
        url, layout = database_url(self.settings), self.settings.layout
        return open_shop.grant_sql(url, layout, role, is_writing=is_writing, is_undoing=is_undoing, is_shadow=is_shadow)

    def check(self) -> int:
        """The number of orders; raises SchemaError that names every reason why the database does not fit."""
        url, layout = database_url(self.settings), self.settings.layout
        return open_shop.open_existing(url, utc_now, layout).store.order_count()
