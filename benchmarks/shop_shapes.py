"""Three shapes of many shops in Dagster, with assets that only sleep: the figures of docs/decisions/0023 are theirs.

`SHAPE` is partitions, locations or function; `SHOPS` how many; `SHOP` the one of a location. The first shop fails.
"""

import os
import time
from collections.abc import Iterator

import dagster as dg

import ordersync_dagster.definitions  # noqa: F401  # its memory is that of a real code server

NAMES = [f"shop{number:02}" for number in range(int(os.environ["SHOPS"]))]
DAYS = dg.DailyPartitionsDefinition("2025-01-01", timezone="UTC")
DAILY, WHOLE = ("stripe_sessions", "orders"), ("printful_orders", "order_items", "order_sync_summary")
SECONDS = 2.0  # of one shop's run
MANY = 100_000  # more partitions than there are: one run, and a policy of its own


def work(shop: str) -> None:
    """One shop's run; the first shop's Stripe is down."""
    time.sleep(SECONDS)
    if shop == NAMES[0]:
        raise dg.Failure("Stripe is down", allow_retries=False)


def of_shop(shop: str, policy: dg.BackfillPolicy) -> dg.Definitions:
    """The assets, jobs, schedules and sensors of one shop."""
    line: list[dg.AssetSpec] = []
    for name in (*DAILY, *WHOLE):
        days, before = DAYS if name in DAILY else None, [line[-1].key] if line else []
        key = dg.AssetKey([shop, name])
        line.append(dg.AssetSpec(key, deps=before, partitions_def=days, group_name=shop, skippable=False))

    @dg.multi_asset(name=f"assets_{shop}", specs=line, can_subset=True, backfill_policy=policy, pool=shop)
    def assets(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        work(shop)
        for spec in line:
            if spec.key in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=spec.key)

    @dg.op(name=f"synchronize_{shop}", pool=shop)
    def synchronize() -> None:
        work(shop)

    @dg.job(name=f"order_sync_{shop}")
    def order_sync() -> None:
        synchronize()

    daily = dg.define_asset_job(f"daily_order_sync_{shop}", selection=[assets])
    schedules = [
        dg.ScheduleDefinition(name=f"{name}_{shop}", job=order_sync, cron_schedule="20 3 * * *")
        for name in ("daily_resync", "hourly_open_orders", "daily_drift_report")
    ]

    def look(_: dg.SensorEvaluationContext) -> dg.SkipReason:
        return dg.SkipReason("Nothing new.")

    on = dg.DefaultSensorStatus.RUNNING
    sensors = [
        dg.SensorDefinition(
            name=f"{name}_{shop}", evaluation_fn=look, job=order_sync, minimum_interval_seconds=120, default_status=on
        )
        for name in ("missed_webhooks", "alerts")
    ]
    return dg.Definitions(assets=[assets], jobs=[order_sync, daily], schedules=schedules, sensors=sensors)


def by_partitions() -> dg.Definitions:
    """One set of assets, partitioned by shop and day."""
    both = dg.MultiPartitionsDefinition({"day": DAYS, "shop": dg.StaticPartitionsDefinition(NAMES)})
    one = dg.StaticPartitionsDefinition(NAMES)
    line: list[dg.AssetSpec] = []
    for name in (*DAILY, *WHOLE):
        before = [line[-1].key] if line else []
        line.append(dg.AssetSpec(name, deps=before, partitions_def=both if name in DAILY else one))

    policy = dg.BackfillPolicy.single_run()

    @dg.multi_asset(specs=line, can_subset=True, backfill_policy=policy)
    def assets(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        for shop in sorted({key.rpartition("|")[2] for key in context.partition_keys}):
            work(shop)
        for spec in line:
            if spec.key in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=spec.key)

    return dg.Definitions(assets=[assets], jobs=[dg.define_asset_job("daily_order_sync", selection=list(DAILY))])


def by_function() -> dg.Definitions:
    """One function, called for each shop. `POLICIES=one` gives all the same policy."""
    own = os.environ.get("POLICIES") != "one"
    policies = [dg.BackfillPolicy.multi_run(MANY + place) for place in range(len(NAMES))]
    single = dg.BackfillPolicy.single_run()
    return dg.Definitions.merge(*(of_shop(n, policies[i] if own else single) for i, n in enumerate(NAMES)))


SHAPE = os.environ["SHAPE"]
defs = dg.Definitions.merge(
    by_partitions()
    if SHAPE == "partitions"
    else by_function()
    if SHAPE == "function"
    else of_shop(os.environ["SHOP"], dg.BackfillPolicy.single_run()),
    dg.Definitions(executor=dg.in_process_executor),
)
