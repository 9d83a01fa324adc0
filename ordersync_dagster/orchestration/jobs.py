"""The two ways in: `order_sync` for people, `daily_order_sync` for schedules and backfills."""

import dagster as dg

from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration.assets import KEYS, POOL, order_sync_assets
from ordersync_dagster.orchestration.config import OrderSyncConfig
from ordersync_dagster.orchestration.resources import ShopResource
from ordersync_dagster.orchestration.run_events import RunReporter, refuse


@dg.op(name="synchronize", pool=POOL)
def synchronize(context: dg.OpExecutionContext, config: OrderSyncConfig, shop: ShopResource) -> None:
    """The last days of Stripe, then Printful."""
    if config.problem or config.days is None:
        refuse(config.problem or "days is missing.")
    days = config.days
    reporter = RunReporter(context, KEYS, config.applying)
    reporter.carry_out(lambda: shop.start(Window.last_days(days, shop.moment(config)), config), shop)


@dg.config_mapping
def order_sync_options(options: OrderSyncConfig) -> dg.RunConfig:
    """The Launchpad shows the options alone."""
    return dg.RunConfig(ops={"synchronize": options})


@dg.job(
    name="order_sync",
    config=order_sync_options,
    description="Adds missing orders of the last days, then brings status, tracking and items up to date. "
    "Set dry_run: true to look first.",
)
def order_sync() -> None:
    """One step: the same assets are reported, day by day."""
    synchronize()


daily_order_sync = dg.define_asset_job(
    "daily_order_sync",
    selection=[order_sync_assets],
    description="The same for chosen days: for the schedule, and for backfills after an outage. "
    "At Printful it looks up what is open and what is new, unless told otherwise.",
)
