"""The one Definitions object."""

import dagster as dg

from ordersync_dagster.orchestration.partitions import deployed_shops
from ordersync_dagster.orchestration.resources import ShopResource
from ordersync_dagster.orchestration.sensors import abandoned_runs
from ordersync_dagster.orchestration.shop_definitions import shop_definitions

defs = dg.Definitions.merge(
    shop_definitions(deployed_shops()),
    dg.Definitions(
        sensors=[abandoned_runs],
        resources={"shop": ShopResource()},
        # 0.5 s instead of 15 s: the default executor imports everything again for each step.
        executor=dg.in_process_executor,
    ),
)
