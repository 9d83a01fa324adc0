"""The options of a run in Dagster's Launchpad. No secrets: those come from the environment alone."""

import dagster as dg
from pydantic import Field

from ordersync_dagster.core.window import DEFAULT_DAYS
from ordersync_dagster.sync.order_sync import PrintfulScope

LAUNCHPAD_MAX_DAYS = 365  # the default range of the partitions; `ordersync sync` goes further
NO_LIMIT = -1  # the Launchpad prefills numbers only, not null
PRINTFUL = "Orders to look up at Printful: all, open (those that can still move, and new ones), or none."


class DailyConfig(dg.Config):
    """A run over chosen days, and the options that every run has."""

    dry_run: bool = Field(default=False, description="Show what would change and write nothing; no day turns green.")
    printful: PrintfulScope = Field(default=PrintfulScope.open, description=PRINTFUL)
    max_changes: int | None = Field(
        default=NO_LIMIT, description="Write nothing at all if more rows than this would change; -1 for no limit."
    )

    @property
    def limit(self) -> int | None:
        """`max_changes`, or None for no limit."""
        return None if self.max_changes == NO_LIMIT else self.max_changes

    @property
    def problem(self) -> str | None:
        """One sentence where a value is out of range; Dagster itself does not check ranges."""
        if self.limit is None or self.limit >= 0:
            return None
        limits = f"0 or more, or {NO_LIMIT} for no limit"
        return f"max_changes must be {limits}, not {self.limit}; nothing was asked or written."


class OrderSyncConfig(DailyConfig):
    """A run over the last days."""

    days: int = Field(default=DEFAULT_DAYS, description=f"Whole UTC days back, and today: 1 to {LAUNCHPAD_MAX_DAYS}.")
    printful: PrintfulScope = Field(default=PrintfulScope.all, description=PRINTFUL)

    @property
    def problem(self) -> str | None:
        if 1 <= self.days <= LAUNCHPAD_MAX_DAYS:
            return super().problem
        limits = f"a whole number from 1 to {LAUNCHPAD_MAX_DAYS}"
        return f"days must be {limits}, not {self.days}; nothing was asked or written."
