"""The five assets: two by day, three for the shop as a whole, made by one function so that one run does all."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

import dagster as dg

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.planned import PlanReference
from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration import checks
from ordersync_dagster.orchestration.config import DailyConfig
from ordersync_dagster.orchestration.partitions import daily
from ordersync_dagster.orchestration.resources import ShopResource
from ordersync_dagster.orchestration.run_events import DAILY, RunReporter, refuse

POOL = "order_sync"  # runs queue behind it; the lock in the database is the authority
OWNERS = ["team:order-sync"]
STALE = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=49), warn_window=timedelta(hours=25))


def _spec(
    name: str,
    description: str,
    columns: dict[str, str],
    *,
    kinds: set[str],
    deps: tuple[str, ...] = (),
    partitions: dg.PartitionsDefinition[str] | None = None,
    freshness: dg.FreshnessPolicy | None = None,
) -> dg.AssetSpec:
    schema = dg.TableSchema(columns=[dg.TableColumn(column, type_) for column, type_ in columns.items()])
    return dg.AssetSpec(
        name,
        deps=list(deps),
        description=description,
        metadata={"dagster/column_schema": schema} if columns else {},
        skippable=True,  # events are logged for each finished day; nothing is yielded
        group_name="order_sync",
        owners=OWNERS,
        kinds=kinds,
        partitions_def=partitions,
        freshness_policy=freshness,
    )


SPECS = (
    _spec(
        "stripe_sessions",
        "Complete Checkout Sessions, by the UTC day on which they were created. Read, never changed.",
        {"id": "text", "created": "timestamp", "payment_status": "text", "amount_total": "integer", "currency": "text"},
        kinds={"stripe"},
        partitions=daily,
    ),
    _spec(
        "orders",
        "The shop's orders: every paid session of the day has one.",
        {"id": "text", "stripe_session_id": "text", "status": "text", "total_amount": "numeric", "currency": "text"},
        kinds={"sql"},
        deps=("stripe_sessions",),
        partitions=daily,
    ),
    _spec(
        "printful_orders",
        "Printful's orders that the shop's orders name. Read, never changed.",
        {"id": "text", "status": "text", "shipments": "json", "items": "json"},
        kinds={"printful"},
        deps=("orders",),
    ),
    _spec(
        "order_items",
        "The items of the shop's orders, as Printful makes them.",
        {"id": "text", "order_id": "text", "printful_variant_id": "text", "quantity": "integer", "price": "numeric"},
        kinds={"sql"},
        deps=("printful_orders",),
    ),
    _spec(
        "order_sync_summary",
        "What the last run found and did: seven counters, a report, every change and every problem. People launch "
        "the job `order_sync`, whose runs report here too.",
        {},
        kinds={"report"},
        deps=("order_items",),
        freshness=STALE,
    ),
)
WRITTEN = frozenset({"orders", "order_items"})  # the other assets are read, never changed
READ_WITH = {"stripe_sessions": "orders", "printful_orders": "order_items"}
KEYS = tuple(spec.key.to_user_string() for spec in SPECS)


@dg.multi_asset(
    name="order_sync_assets",
    specs=SPECS,
    check_specs=checks.ALL,
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool=POOL,
)
def order_sync_assets(
    context: dg.AssetExecutionContext, config: DailyConfig, shop: ShopResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Phase 1 for the selected days, phase 2 where the selection has it."""
    sentence = config.problem or _problem_with_selection(context, config, is_shadow=shop.settings().ordersync_shadow)
    if sentence:
        refuse(sentence)
    selected = {key.to_user_string() for key in context.selected_asset_keys}
    days = _days(context)

    def start() -> Run:
        now = shop.moment(config)
        window = Window.between(days[0], days[-1], now) if days else Window.last_days(1, now)
        asks_printful, is_writing = bool(selected.difference(DAILY)), not selected.isdisjoint(WRITTEN)
        return shop.start(window, config, reads_stripe=bool(days), asks_printful=asks_printful, is_writing=is_writing)

    only_reads = selected.isdisjoint(WRITTEN) and not config.dry_run

    def applying(plan: PlanReference) -> dict[str, object]:
        return {"ops": {"order_sync_assets": {"config": config.applying(plan)}}}

    reporter = RunReporter(context, selected, applying, only_reads=only_reads, is_backfill=_is_asset_backfill(context))
    reporter.carry_out(start, shop)
    # All events are logged; Dagster accepts that from a generator that yields nothing.
    yield from ()


def _days(context: dg.AssetExecutionContext) -> list[date]:
    has_days = context.has_partition_key or context.has_partition_key_range
    return sorted(date.fromisoformat(key) for key in context.partition_keys) if has_days else []


def _problem_with_selection(context: dg.AssetExecutionContext, config: DailyConfig, *, is_shadow: bool) -> str | None:
    names = {key.to_user_string() for key in context.selected_asset_keys}
    is_shadow = is_shadow and not WRITTEN.isdisjoint(names)  # assets that are only read turn green
    if (config.dry_run or is_shadow) and _is_asset_backfill(context):
        kind = "dry run" if config.dry_run else "run in shadow mode (ORDERSYNC_SHADOW)"
        return (
            f"Dagster calls a {kind} that is launched as a backfill of assets failed, whatever it finds. "
            "Launch it from the page of the job daily_order_sync, or from order_sync."
        )
    if names.intersection(DAILY) and not _days(context):
        return "choose the days (partitions) to run; for the last N days use the job order_sync."
    return _problem_with_parts(names)


def _problem_with_parts(names: Collection[str]) -> str | None:
    """One sentence where one side would only be read and the other written, or where nothing is left to report."""
    is_writing = not WRITTEN.isdisjoint(names)
    for read, written in READ_WITH.items():
        if is_writing and read in names and written not in names:
            return f"{read} is read in the same step in which {written} is written: choose both, or {read} alone."
    if "order_sync_summary" in names and not is_writing:
        return "order_sync_summary is the report of a run: choose it together with orders or order_items."
    return None


def _is_asset_backfill(context: dg.AssetExecutionContext) -> bool:
    return "dagster/backfill" in context.run.tags and context.run.job_name.startswith("__ASSET_JOB")
