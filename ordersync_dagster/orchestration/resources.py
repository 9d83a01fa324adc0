"""The shop as a Dagster resource. It has no fields, so that no key can end up in a run's config."""

from collections.abc import Callable
from datetime import datetime

import dagster as dg

from ordersync_dagster.app.run import Launch, launch
from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.app.wiring import Tools, Watch, is_relative_sqlite, open_watch
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration.config import NO_LIMIT, DailyConfig, OrderSyncConfig
from ordersync_dagster.sync.order_sync import PrintfulScope

LOCK_RETRIES = 5
LOCK_WAIT = 60  # seconds between them


class ShopResource(dg.ConfigurableResource[None]):
    """Opens the shop that the environment names."""

    @property
    def tools(self) -> Tools:
        """What tests replace."""
        return Tools()

    @property
    def lock_wait(self) -> float:
        """Seconds until a run that met the lock tries again."""
        return LOCK_WAIT

    def settings(self) -> Settings:
        """The environment's settings; raises SettingsError."""
        settings = read_settings()
        if settings.database and is_relative_sqlite(settings.database):
            raise SettingsError(
                "DATABASE_URL is a relative SQLite path, which every Dagster process sees elsewhere: make it absolute"
            )
        return settings

    def watch(self) -> Watch:
        """Events and orders, for the sensor."""
        return open_watch(self.settings(), self.tools)

    def launch(
        self,
        window_at: Callable[[datetime], Window],
        config: DailyConfig | OrderSyncConfig,
        *,
        reads_stripe: bool = True,
        asks_printful: bool = True,
    ) -> Launch:
        """A run that is ready to go. Raises what `launch` raises."""
        limit = None if config.max_changes == NO_LIMIT else config.max_changes
        return launch(
            self.settings(),
            window_at,
            config.printful if asks_printful else PrintfulScope.none,
            reads_stripe=reads_stripe,
            dry_run=config.dry_run,
            limit=limit,
            tools=self.tools,
        )
