"""The two schedules of a shop. Both are off until somebody switches them on, or names a time for the shop."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from ordersync_dagster.orchestration.assets import daily_options
from ordersync_dagster.orchestration.names import ShopNames
from ordersync_dagster.orchestration.partitions import daily

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

# Bank debits and vouchers settle up to two weeks after the session was created; one more day shows the orders whose
# sessions stayed unpaid (ORDERSYNC_UNPAID_DAYS).
RESYNC_DAYS = 15
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
NIGHTLY = "20 3 * * *"


def daily_resync(
    names: ShopNames, job: "UnresolvedAssetJobDefinition", cron: str | None, fault: str | None = None
) -> dg.ScheduleDefinition:
    """The last days that are over in one run; on from the start where the shop names its time (`cron`).

    `fault` says what is wrong with the time that it names.
    """
    about = f"the last {RESYNC_DAYS} days in one run, and all of Printful."
    if fault:
        return _resync(names, job, NIGHTLY, dg.DefaultScheduleStatus.STOPPED, f"Off: {fault}; then reload.")
    if cron is None:
        return _resync(names, job, NIGHTLY, dg.DefaultScheduleStatus.STOPPED, f"Every night: {about}")
    return _resync(names, job, cron, dg.DefaultScheduleStatus.RUNNING, f"At the shop's time: {about}")


def _resync(
    names: ShopNames,
    job: "UnresolvedAssetJobDefinition",
    cron: str,
    status: dg.DefaultScheduleStatus,
    description: str,
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=names.of("daily_resync"),
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=status,
        description=description,
    )
    def of_shop(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        at = context.scheduled_execution_time
        days = [key for key in daily.get_partition_keys(current_time=at) if key >= _first(at)]
        if not days:
            return dg.SkipReason("The shop's first day (ORDERSYNC_START_DATE) is not over yet.")
        # A restarted daemon does not start it twice; a shop may want more than one run a day.
        moment = f"{at:%Y-%m-%d}" if cron == NIGHTLY else f"{at:%Y-%m-%dT%H:%M}"
        return dg.RunRequest(
            run_key=f"{names.of('daily_resync')}-{moment}",
            tags={RANGE_START: days[0], RANGE_END: days[-1]},
            run_config=daily_options(names, {"printful": "all"}),
        )

    return of_shop


def _first(at: datetime) -> str:
    return str(at.date() - timedelta(days=RESYNC_DAYS))


def hourly_open_orders(names: ShopNames, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Few requests: one page of sessions, and the orders that can still move."""

    @dg.schedule(
        name=names.of("hourly_open_orders"),
        job=job,
        cron_schedule="50 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Every hour: Printful's open orders, and the sessions of yesterday and today.",
    )
    def of_shop(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(
            run_key=f"{names.of('hourly_open_orders')}-{context.scheduled_execution_time:%Y-%m-%dT%H}",
            run_config={"days": 1, "printful": "open"},
        )

    return of_shop
