"""The one Definitions object."""

import dagster as dg

from ordersync_dagster.orchestration.alert_sensor import alert_people
from ordersync_dagster.orchestration.assets import order_sync_assets
from ordersync_dagster.orchestration.drift_report import daily_drift_report, drift_report, drift_report_job
from ordersync_dagster.orchestration.jobs import daily_order_sync, order_sync
from ordersync_dagster.orchestration.resources import ShopResource
from ordersync_dagster.orchestration.schedules import daily_resync, hourly_open_orders
from ordersync_dagster.orchestration.sensors import abandoned_runs, missed_webhooks

defs = dg.Definitions(
    assets=dg.with_source_code_references([order_sync_assets, drift_report]),
    jobs=[order_sync, daily_order_sync, drift_report_job],
    schedules=[daily_resync, hourly_open_orders, daily_drift_report],
    sensors=[missed_webhooks, abandoned_runs, alert_people],
    resources={"shop": ShopResource()},
    # 0.5 s instead of 15 s: the default executor imports everything again for each step.
    executor=dg.in_process_executor,
)
