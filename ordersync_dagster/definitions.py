"""The one Definitions object."""

import dagster as dg

from ordersync_dagster.orchestration.assets import order_sync_assets
from ordersync_dagster.orchestration.jobs import daily_order_sync, order_sync
from ordersync_dagster.orchestration.resources import ShopResource
from ordersync_dagster.orchestration.schedules import daily_resync, hourly_open_orders
from ordersync_dagster.orchestration.sensors import abandoned_runs, missed_webhooks

defs = dg.Definitions(
    assets=dg.with_source_code_references([order_sync_assets]),
    jobs=[order_sync, daily_order_sync],
    schedules=[daily_resync, hourly_open_orders],
    sensors=[missed_webhooks, abandoned_runs],
    resources={"shop": ShopResource()},
    executor=dg.in_process_executor,  # half a second instead of fifteen: each step of the default re-imports all
)
