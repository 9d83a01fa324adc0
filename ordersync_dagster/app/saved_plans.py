"""Saved plans: the file that a dry run leaves, and whether it may be applied here."""

from datetime import datetime, timedelta
from pathlib import Path

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.app.run import Run
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import database_url
from ordersync_dagster.core.errors import SavedFileError
from ordersync_dagster.report.files import write_whole
from ordersync_dagster.report.plan_file import SavedPlan, mode_name, plan_text, read_plan
from ordersync_dagster.sync.order_sync import PrintfulScope

OLD_AFTER = timedelta(hours=24)  # of a plan: then much of it may have moved


def open_plan(path: Path, settings: Settings) -> SavedPlan:
    """Raises SavedFileError where the file cannot be used, or is of another database or mode than `settings` name."""
    plan = read_plan(path)
    printful = () if _scope(path, plan) is PrintfulScope.none else ("PRINTFUL_API_KEY",)
    here = connection.place(database_url(settings, "STRIPE_SECRET_KEY", *printful))
    if plan.database != here:
        raise SavedFileError(
            f"{path} is a plan for the database {plan.database}, and DATABASE_URL is {here}. Set DATABASE_URL to the "
            "plan's database, or make a new dry run."
        )
    if plan.is_live != settings.is_live:
        mode = mode_name(is_live=settings.is_live)
        raise SavedFileError(
            f"{path} is a plan of Stripe's {plan.mode} mode, and STRIPE_SECRET_KEY is a key of {mode} mode. Use the "
            "key of the plan's mode, or make a new dry run."
        )
    return plan


def _scope(path: Path, plan: SavedPlan) -> PrintfulScope:
    try:
        return PrintfulScope(plan.printful)
    except ValueError:
        raise SavedFileError(f"{path} is damaged: nobody knows its printful. Make a new dry run.") from None


def remarks_on(plan: SavedPlan, now: datetime) -> tuple[str, ...]:
    """A sentence where the plan is old."""
    hours = int((now - plan.made_at) / timedelta(hours=1))
    if now - plan.made_at < OLD_AFTER:
        return ()
    return (f"The plan was made {hours} hours ago: what moved since is left alone and named. A new dry run is safer.",)


def save_plan(path: Path, run: Run, settings: Settings, now: datetime) -> None:
    """Write the plan of a dry run that came to its end; raises OSError."""
    here = connection.place(database_url(settings))
    text = plan_text(run.outcome, now, here, run.ready.scope.value, is_live=run.ready.is_live)
    write_whole(path, text)
