"""The request of a command: a period and its Printful orders, or a saved plan that names both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from ordersync_dagster.cli.console import settings
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.planned import PlannedChange
from ordersync_dagster.core.window import DEFAULT_DAYS, MAX_DAYS, Window
from ordersync_dagster.sync.order_sync import PrintfulScope

DAYS = typer.Option(
    metavar="N", min=1, max=MAX_DAYS, help="The last N whole UTC days, and today.", show_default=str(DEFAULT_DAYS)
)
FIRST_DAY = typer.Option("--from", metavar="DATE", formats=["%Y-%m-%d"], help="First UTC day; give --to too.")
LAST_DAY = typer.Option("--to", metavar="DATE", formats=["%Y-%m-%d"], help="Last UTC day; it is included.")
SCOPE = typer.Option(
    help="Orders to look up at Printful: all with a Printful id, open (those that can still change), or none.",
    show_default=PrintfulScope.all.value,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """`planned` is None unless a saved plan is carried out; `remarks` are sentences about it."""

    window: Window
    printful: PrintfulScope
    planned: Sequence[PlannedChange] | None = None
    remarks: tuple[str, ...] = ()


def chosen_window(days: int | None, first: datetime | None, last: datetime | None, now: datetime) -> Window:
    """The period that the options name; raises SettingsError where they contradict each other."""
    if (first is None) != (last is None):
        raise SettingsError("--from and --to go together, each a day such as 2026-01-31")
    if first is None or last is None:
        return Window.last_days(DEFAULT_DAYS if days is None else days, now)
    if days is not None:
        raise SettingsError("give either --days or --from and --to, not both")
    return Window.between(first.date(), last.date(), now)


def of_plan(path: Path, others: Mapping[str, object], now: datetime) -> Asked:
    """The request of the plan in `path`; raises SettingsError where one of the `others` is given too."""
    from ordersync_dagster.app.saved_plans import open_plan, remarks_on

    given = [name for name, value in others.items() if value is not None]
    if given:
        raise SettingsError(f"--plan brings its own period and scope: leave out {', '.join(given)}")
    plan = open_plan(path, settings())
    return Asked(plan.window, PrintfulScope(plan.printful), plan.changes, remarks_on(plan, now))
