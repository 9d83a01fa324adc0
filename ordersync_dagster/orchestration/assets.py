"""The five assets of a shop: two by day, three for the shop as a whole, made by one op so that one run does all."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.planned import PlanReference
from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration import checks
from ordersync_dagster.orchestration.columns import COLUMNS
from ordersync_dagster.orchestration.config import DailyConfig
from ordersync_dagster.orchestration.names import ASSETS, ShopNames
from ordersync_dagster.orchestration.partitions import daily
from ordersync_dagster.orchestration.resources import NamedShop, ShopResource
from ordersync_dagster.orchestration.run_events import DAILY, RunReporter, refuse

OWNERS = ["team:order-sync"]
STALE = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=49), warn_window=timedelta(hours=25))
OP = "order_sync_assets"
WRITTEN = frozenset({"orders", "order_items"})  # the other assets are read, never changed
READ_WITH = {"stripe_sessions": "orders", "printful_orders": "order_items"}


def order_sync_assets(names: ShopNames) -> dg.AssetsDefinition:
    """The five assets of a shop: one op carries out what is selected of them."""

    @dg.multi_asset(
        name=names.of(OP),
        specs=order_specs(names),
        check_specs=list(checks.of_shop(names)),
        can_subset=True,
        backfill_policy=names.backfill_policy,
        pool=names.pool,
    )
    def of_shop(
        context: dg.AssetExecutionContext, config: DailyConfig, shop: ShopResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        _carry_out(context, config, shop.shop(names.shop), names)
        # All events are logged; Dagster accepts that from a generator that yields nothing.
        yield from ()

    return of_shop


def daily_options(names: ShopNames, options: Mapping[str, object]) -> dict[str, object]:
    """The run config of the op with these options."""
    return {"ops": {names.of(OP): {"config": dict(options)}}}


def _carry_out(context: dg.AssetExecutionContext, config: DailyConfig, shop: NamedShop, names: ShopNames) -> None:
    """Phase 1 for the selected days, phase 2 where the selection has it."""
    is_shadow = shop.settings().ordersync_shadow
    sentence = config.problem or _problem_with_selection(context, config, names, is_shadow=is_shadow)
    if sentence:
        refuse(sentence)
    selected, days = _selected(context, names), _days(context)

    def start() -> Run:
        now = shop.moment(config)
        window = Window.between(days[0], days[-1], now) if days else Window.last_days(1, now)
        asks_printful, is_writing = bool(selected.difference(DAILY)), not selected.isdisjoint(WRITTEN)
        return shop.start(
            window,
            config,
            reads_stripe=bool(days),
            asks_printful=asks_printful,
            is_writing=is_writing,
            dagster_run=context.run.run_id,
        )

    only_reads = selected.isdisjoint(WRITTEN) and not config.dry_run

    def applying(plan: PlanReference) -> dict[str, object]:
        return daily_options(names, config.applying(plan))

    is_backfill = _is_asset_backfill(context)
    reporter = RunReporter(context, names, selected, applying, only_reads=only_reads, is_backfill=is_backfill)
    reporter.carry_out(start, shop)


def _selected(context: dg.AssetExecutionContext, names: ShopNames) -> set[str]:
    """The plain names of this shop's selected assets."""
    return {key.path[-1] for key in context.selected_asset_keys if names.is_of(key)}


def _days(context: dg.AssetExecutionContext) -> list[date]:
    has_days = context.has_partition_key or context.has_partition_key_range
    return sorted(date.fromisoformat(key) for key in context.partition_keys) if has_days else []


def _problem_with_selection(
    context: dg.AssetExecutionContext, config: DailyConfig, names: ShopNames, *, is_shadow: bool
) -> str | None:
    selected = _selected(context, names)
    order_sync, by_day = names.of("order_sync"), names.of("daily_order_sync")
    is_shadow = is_shadow and not WRITTEN.isdisjoint(selected)  # assets that are only read turn green
    if (config.dry_run or is_shadow) and _is_asset_backfill(context):
        kind = "dry run" if config.dry_run else "run in shadow mode (ORDERSYNC_SHADOW)"
        return (
            f"Dagster calls a {kind} that is launched as a backfill of assets failed, whatever it finds. "
            f"Launch it from the page of the job {by_day}, or from {order_sync}."
        )
    if selected.intersection(DAILY) and not _days(context):
        return f"choose the days (partitions) to run; for the last N days use the job {order_sync}."
    return _problem_with_parts(selected)


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


def order_specs(names: ShopNames) -> Sequence[dg.AssetSpec]:
    """The five assets of a shop, in one line."""
    line = list[dg.AssetSpec]()
    for name, about in zip(ASSETS, _ABOUT, strict=True):
        line.append(_spec(names, name, about, [each.key for each in line[-1:]]))
    return line


def _spec(names: ShopNames, name: str, about: "_About", deps: Sequence[dg.AssetKey]) -> dg.AssetSpec:
    columns = COLUMNS.get(name)
    return dg.AssetSpec(
        names.asset(name),
        deps=deps,
        description=about.description.format(order_sync=names.of("order_sync")),
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns)} if columns else {},
        skippable=True,  # events are logged for each finished day; nothing is yielded
        group_name=names.group,
        owners=OWNERS,
        kinds={about.kind},
        partitions_def=daily if name in DAILY else None,
        freshness_policy=None if columns else STALE,
    )


@dataclass(frozen=True)
class _About:
    description: str
    kind: str


_ABOUT = (
    _About(
        "Complete Checkout Sessions, by the UTC day on which they were created. Read, never changed.",
        "stripe",
    ),
    _About(
        "The shop's orders, by the UTC day of their checkout: every paid session of a green day has one.",
        "sql",
    ),
    _About("Printful's orders that the shop's orders name. Read, never changed.", "printful"),
    _About("The items of the shop's orders, as Printful makes them.", "sql"),
    _About(
        "What the last run found and did: seven counters, a report, every change and every problem. People launch "
        "the job `{order_sync}`, whose runs report here too. A dry run is an observation: see Events.",
        "report",
    ),
)
