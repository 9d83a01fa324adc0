"""The asset `drift_report` of a shop: the report as one materialization, its job and its schedule. It only reads."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.window import DEFAULT_DAYS, Window, WindowError
from ordersync_dagster.orchestration.assets import OWNERS
from ordersync_dagster.orchestration.config import LAUNCHPAD_MAX_DAYS, PRINTFUL
from ordersync_dagster.orchestration.drift_metadata import drift_metadata
from ordersync_dagster.orchestration.metadata import job_link
from ordersync_dagster.orchestration.names import ShopNames
from ordersync_dagster.orchestration.resources import NamedShop, ShopResource
from ordersync_dagster.orchestration.run_events import refuse, retry_if_busy, unexpected
from ordersync_dagster.report.drift.page import drift_page
from ordersync_dagster.report.drift.report import DriftReport
from ordersync_dagster.report.drift.verdict import verdict_of
from ordersync_dagster.report.files import write_whole
from ordersync_dagster.sync.order_sync import PrintfulScope

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

FOLDER = "ordersync_reports"  # in the instance's storage
FILES_KEPT = 60  # pages; the oldest are deleted


class DriftReportConfig(dg.Config):
    """The period of a report, and how far Printful is asked."""

    days: int | None = Field(
        default=DEFAULT_DAYS, description=f"Whole UTC days back, and today: 1 to {LAUNCHPAD_MAX_DAYS}."
    )
    printful: PrintfulScope | None = Field(default=PrintfulScope.all, description=PRINTFUL)


def drift_report(names: ShopNames) -> dg.AssetsDefinition:
    """The report of a shop."""

    @dg.asset(
        key=names.asset("drift_report"),
        deps=[names.asset("orders"), names.asset("order_items")],
        group_name=names.group,
        owners=OWNERS,
        kinds={"report"},
        description="Does the money agree, what is wrong and what to do, who waits: Stripe, the shop and Printful "
        "compared. It only reads, as a dry run does.",
    )
    def of_shop(
        context: dg.AssetExecutionContext, config: DriftReportConfig, shop: ShopResource
    ) -> dg.MaterializeResult[None]:
        return _read(context, config, shop.shop(names.shop), names)

    return of_shop


def _read(
    context: dg.AssetExecutionContext, config: DriftReportConfig, shop: NamedShop, names: ShopNames
) -> dg.MaterializeResult[None]:
    """One reading. Where it stopped early, the report is logged as an observation, and the run fails."""
    days, printful = config.days, config.printful
    if days is None or not 1 <= days <= LAUNCHPAD_MAX_DAYS or printful is None:
        refuse(f"days must be a whole number from 1 to {LAUNCHPAD_MAX_DAYS}, and printful all, open or none.")
    try:
        reading = shop.read_drift(Window.last_days(days, shop.tools.clock()), printful)
        context.log.info(reading.ready.headline)
        error = reading.read()
        report = reading.report(error)
        page = _kept_page(context, report, shop, names)
        metadata = drift_metadata(report, page, job_link(names, context.run), shop.in_words)
    except (OrderSyncError, WindowError) as stop:
        retry_if_busy(context, stop, shop)
        refuse(shop.in_words(str(stop)))
    except Exception as stop:  # noqa: BLE001  # Dagster must not keep its text (customers' data)
        refuse(unexpected(stop))
    for warning in report.warnings:
        context.log.warning(shop.in_words(warning))
    context.log.info(verdict_of(report).sentence)
    if error is not None:
        retry_if_busy(context, error, shop)
        context.log_event(dg.AssetObservation(names.asset("drift_report"), metadata=metadata))
        raise dg.Failure(shop.in_words(str(error)), allow_retries=False)
    return dg.MaterializeResult(metadata=metadata)


def _kept_page(context: dg.AssetExecutionContext, report: DriftReport, shop: NamedShop, names: ShopNames) -> Path | str:
    """The page in the instance's storage, beside the last ones; or why it could not be kept."""
    folder = Path(context.instance.storage_directory()) / names.of(FOLDER)
    path = folder / f"drift-{report.made_at:%Y%m%dT%H%M%SZ}-{context.run.run_id[:8]}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, shop.in_words(drift_page(report, made_by=f"Dagster run {context.run.run_id}")))
        others = sorted(each for each in folder.glob("drift-*.html") if each != path)
        for old in others[: max(0, len(others) + 1 - FILES_KEPT)]:  # two of one second may stand in any order
            with suppress(OSError):
                old.unlink()
    except OSError as refused:
        return f"not kept: {folder} could not be written ({refused.strerror})"
    return path


def report_drift(names: ShopNames, report: dg.AssetsDefinition) -> "UnresolvedAssetJobDefinition":
    """The job that writes the report."""
    return dg.define_asset_job(
        names.of("report_drift"),
        selection=[report],
        tags=names.tags,
        description="Writes the report on the drift of the last days: does the money agree, what is wrong, who waits. "
        "It only reads.",
    )


def daily_drift_report(names: ShopNames, job: "UnresolvedAssetJobDefinition") -> dg.ScheduleDefinition:
    """One report a day; a restarted daemon does not start it twice."""

    @dg.schedule(
        name=names.of("daily_drift_report"),
        job=job,
        cron_schedule="50 4 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Every morning, after the nightly repair: the report on the last {DEFAULT_DAYS} days.",
    )
    def of_shop(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        name = names.of("daily_drift_report")
        return dg.RunRequest(run_key=f"{name}-{context.scheduled_execution_time:%Y-%m-%d}")

    return of_shop
