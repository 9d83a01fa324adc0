"""The two ways in: `order_sync` for people, `daily_order_sync` for schedules and backfills."""

from typing import TYPE_CHECKING

import dagster as dg

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration.config import OrderSyncConfig
from ordersync_dagster.orchestration.names import ASSETS, ShopNames
from ordersync_dagster.orchestration.resources import NamedShop, ShopResource
from ordersync_dagster.orchestration.run_events import RunReporter, refuse

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def order_sync(names: ShopNames) -> dg.JobDefinition:
    """The job that people launch: one step, the same assets are reported, day by day."""

    @dg.op(name=names.of("synchronize"), pool=names.pool)
    def synchronize(context: dg.OpExecutionContext, config: OrderSyncConfig, shop: ShopResource) -> None:
        _synchronize(context, config, shop.shop(names.shop), names)

    @dg.config_mapping
    def order_sync_options(options: OrderSyncConfig) -> dg.RunConfig:
        return dg.RunConfig(ops={names.of("synchronize"): options})  # so the Launchpad shows the options alone

    @dg.job(
        name=names.of("order_sync"),
        config=order_sync_options,
        tags=names.tags,
        description="Adds missing orders of the last days, then brings status, tracking and items up to date. "
        "Set dry_run: true to look first.",
    )
    def of_shop() -> None:
        synchronize()

    return of_shop


def daily_order_sync(names: ShopNames, assets: dg.AssetsDefinition) -> "UnresolvedAssetJobDefinition":
    """The job for chosen days."""
    return dg.define_asset_job(
        names.of("daily_order_sync"),
        selection=[assets],
        tags=names.tags,
        description="The same for chosen days: for the schedule, and for backfills after an outage. "
        "At Printful it looks up what is open and what is new, unless told otherwise.",
    )


def _synchronize(context: dg.OpExecutionContext, config: OrderSyncConfig, shop: NamedShop, names: ShopNames) -> None:
    """The last days of Stripe, then Printful."""
    if config.problem or config.days is None:
        refuse(config.problem or "days is missing.")
    days = config.days
    reporter = RunReporter(context, names, ASSETS, config.applying)

    def start() -> Run:
        window = Window.last_days(days, shop.moment(config))
        return shop.start(window, config, dagster_run=context.run.run_id)

    reporter.carry_out(start, shop)
