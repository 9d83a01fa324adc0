"""The two schedules. Both are off until somebody switches them on."""

from datetime import timedelta

import dagster as dg

from ordersync_dagster.orchestration.jobs import daily_order_sync, order_sync
from ordersync_dagster.orchestration.partitions import daily

# Bank debits and vouchers settle up to two weeks after the session was created; one more day shows the orders whose
# sessions stayed unpaid (ORDERSYNC_UNPAID_DAYS).
RESYNC_DAYS = 15
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@dg.schedule(
    name="daily_resync",
    job=daily_order_sync,
    cron_schedule="20 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description=f"Every night: the last {RESYNC_DAYS} days in one run, and all of Printful.",
)
def daily_resync(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run over the last days that are over; a restarted daemon does not start it twice."""
    at = context.scheduled_execution_time
    keys = daily.get_partition_keys(current_time=at)
    first = str(at.date() - timedelta(days=RESYNC_DAYS))
    days = [key for key in keys if key >= first]
    if not days:
        return dg.SkipReason("The shop's first day (ORDERSYNC_START_DATE) is not over yet.")
    return dg.RunRequest(
        run_key=f"daily_resync-{at:%Y-%m-%d}",
        tags={RANGE_START: days[0], RANGE_END: days[-1]},
        run_config={"ops": {"order_sync_assets": {"config": {"printful": "all"}}}},
    )


@dg.schedule(
    name="hourly_open_orders",
    job=order_sync,
    cron_schedule="50 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every hour: Printful's open orders, and the sessions of yesterday and today.",
)
def hourly_open_orders(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Few requests: one page of sessions, and the orders that can still move."""
    return dg.RunRequest(
        run_key=f"hourly_open_orders-{context.scheduled_execution_time:%Y-%m-%dT%H}",
        run_config={"days": 1, "printful": "open"},
    )
