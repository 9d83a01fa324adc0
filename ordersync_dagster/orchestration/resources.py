"""The shops as a Dagster resource. It has no fields, so that no key can end up in a run's config."""

from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from ordersync_dagster.app.drift import DriftReading, open_reading
from ordersync_dagster.app.run import Run, start_run
from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.app.shops import read_shops
from ordersync_dagster.app.watch import Watch, open_watch
from ordersync_dagster.app.wiring import Tools, open_run, sqlite_file
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration.config import DailyConfig
from ordersync_dagster.sync.order_sync import PrintfulScope

BUSY_RETRIES = 5
FIRST_WAIT = 10.0  # seconds; each further one is twice as long: five minutes in all


class ShopResource(dg.ConfigurableResource[None]):
    """Opens the shops that the environment names."""

    @property
    def tools(self) -> Tools:
        """The clock, and how long to wait for vendors. Tests override it."""
        return Tools()

    def busy_wait(self, retries: int) -> float:
        """Seconds until a run tries again that came too early, after so many retries. Tests override it."""
        return FIRST_WAIT * (1 << retries)

    def shop(self, name: str) -> "NamedShop":
        """One of the shops; "" is the only one."""
        return NamedShop(self, name)


@dataclass(frozen=True)
class NamedShop:
    """One shop. Its settings are read each time, so that a corrected one counts from the next run on."""

    _resource: ShopResource
    name: str

    @property
    def tools(self) -> Tools:
        """The clock, and how long to wait for vendors."""
        return self._resource.tools

    def busy_wait(self, retries: int) -> float:
        """Seconds until a run tries again that came too early, after so many retries."""
        return self._resource.busy_wait(retries)

    def settings(self) -> Settings:
        """Its settings."""
        settings = read_shops().named(self.name).settings if self.name else read_settings()
        path = sqlite_file(settings)
        if path and not path.is_absolute():
            settings.faults["DATABASE_URL"] = (
                "DATABASE_URL is a relative SQLite path, which every Dagster process sees elsewhere: make it absolute"
            )
        return settings

    def in_words(self, text: str) -> str:
        """`text` with the names and the commands of this one of several shops."""
        try:
            return self.settings().in_words_of_shop(text) if self.name else text
        except SettingsError:  # its entry is gone, or the file cannot be read
            return text

    def watch(self) -> Watch:
        """Events and orders, for the sensor."""
        return open_watch(self.settings(), self.tools)

    def read_drift(self, window: Window, printful: PrintfulScope) -> DriftReading:
        """A reading of `window` for the report; raises UsageError before any request."""
        return open_reading(self.settings(), window, printful, self.tools)

    def start(
        self,
        window: Window,
        config: DailyConfig,
        *,
        reads_stripe: bool = True,
        asks_printful: bool = True,
        is_writing: bool = True,
        dagster_run: str = "",
    ) -> Run:
        """A run of `window`, carried out by going through its parts; raises UsageError before any request.

        `dagster_run` is the id of the run of Dagster that it is.
        """
        scope = config.printful if asks_printful and config.printful else PrintfulScope.none
        is_dry_run, reference = bool(config.dry_run) or not is_writing, config.reference
        ready = open_run(self.settings(), scope, dry_run=is_dry_run, tools=self.tools, rules_at=window.made_at)
        ready.store.dagster_run = dagster_run
        return start_run(
            ready,
            window,
            reads_stripe=reads_stripe,
            limit=config.limit,
            keeps_plan=is_dry_run,
            expected=reference.digest if reference else None,
        )

    def moment(self, config: DailyConfig) -> datetime:
        """The moment until which a run looks: now, or that of the plan that it carries out."""
        reference = config.reference
        return reference.made_at if reference else self.tools.clock()
