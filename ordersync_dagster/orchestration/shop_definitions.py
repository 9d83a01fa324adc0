"""Everything that the shops of this deployment have in Dagster: the same set for each."""

import dagster as dg

from ordersync_dagster.app.shops import Shop
from ordersync_dagster.orchestration.alert_sensor import alert_people
from ordersync_dagster.orchestration.assets import order_sync_assets
from ordersync_dagster.orchestration.drift_report import daily_drift_report, drift_report, report_drift
from ordersync_dagster.orchestration.jobs import daily_order_sync, order_sync
from ordersync_dagster.orchestration.names import ShopNames, names_of_shops
from ordersync_dagster.orchestration.schedules import daily_resync, hourly_open_orders
from ordersync_dagster.orchestration.sensors import missed_webhooks


def shop_definitions(shops: tuple[Shop, ...]) -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors of each shop."""
    return dg.Definitions.merge(
        *(_of_shop(names, shop) for names, shop in zip(names_of_shops(shops), shops, strict=True))
    )


def _of_shop(names: ShopNames, shop: Shop) -> dg.Definitions:
    assets, report = order_sync_assets(names), drift_report(names)
    by_hand, by_day, read = order_sync(names), daily_order_sync(names, assets), report_drift(names, report)
    return dg.Definitions(
        assets=dg.with_source_code_references([assets, report]),
        jobs=[by_hand, by_day, read],
        schedules=[
            daily_resync(names, by_day, shop.schedule, shop.settings.faults.get("SCHEDULE")),
            hourly_open_orders(names, by_hand),
            daily_drift_report(names, read),
        ],
        sensors=[missed_webhooks(names, by_day, by_hand), alert_people(names)],
    )
