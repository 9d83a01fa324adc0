"""What people can set when they launch a run. No secrets: those come from the environment alone."""

from collections.abc import Callable
from datetime import date, datetime

import dagster as dg
from pydantic import Field

from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.order_sync import PrintfulScope

MAX_DAYS = 365
NO_LIMIT = -1  # the Launchpad prefills numbers only, not null


class DailyConfig(dg.Config):
    """A run over chosen days."""

    dry_run: bool = Field(default=False, description="Show what would change and write nothing; no day turns green.")
    printful: PrintfulScope = Field(
        default=PrintfulScope.open,
        description="Orders to look up at Printful: all, open (those that can still move, and new ones), or none.",
    )
    max_changes: int | None = Field(
        default=NO_LIMIT, description="Write nothing at all if more rows than this would change; -1 for no limit."
    )


class OrderSyncConfig(dg.Config):
    """A run over the last days."""

    days: int = Field(default=30, description=f"Whole UTC days back, and today: 1 to {MAX_DAYS}.")
    dry_run: bool = Field(default=False, description="Show what would change and write nothing; no day turns green.")
    printful: PrintfulScope = Field(
        default=PrintfulScope.all,
        description="Orders to look up at Printful: all, open (those that can still move, and new ones), or none.",
    )
    max_changes: int | None = Field(
        default=NO_LIMIT, description="Write nothing at all if more rows than this would change; -1 for no limit."
    )


def problem_with(config: DailyConfig | OrderSyncConfig) -> str | None:
    """One sentence where a value is out of range; Dagster itself does not check ranges."""
    if isinstance(config, OrderSyncConfig) and not 1 <= config.days <= MAX_DAYS:
        return f"days must be a whole number from 1 to {MAX_DAYS}, not {config.days}; nothing was asked or written."
    if config.max_changes is not None and config.max_changes < NO_LIMIT:
        return (
            f"max_changes must be 0 or more, or {NO_LIMIT} for no limit, not {config.max_changes}; "
            "nothing was asked or written."
        )
    return None


def last_days(days: int) -> Callable[[datetime], Window]:
    """The window of `days` whole UTC days and today."""
    return lambda now: Window.last_days(days, now)


def between(first: date, last: date) -> Callable[[datetime], Window]:
    """The window of the days `first` to `last`, both inclusive."""
    return lambda now: Window.between(first, last, now)
