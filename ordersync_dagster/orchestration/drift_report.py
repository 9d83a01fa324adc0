"""The asset `drift_report`: the report as one materialization, with its job and its schedule. It only reads."""

from contextlib import suppress
from pathlib import Path

import dagster as dg
from pydantic import Field

from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.window import DEFAULT_DAYS, Window, WindowError
from ordersync_dagster.orchestration.assets import OWNERS
from ordersync_dagster.orchestration.config import LAUNCHPAD_MAX_DAYS, PRINTFUL
from ordersync_dagster.orchestration.drift_metadata import drift_metadata
from ordersync_dagster.orchestration.resources import ShopResource
from ordersync_dagster.orchestration.run_events import refuse, unexpected
from ordersync_dagster.report.drift.page import drift_page
from ordersync_dagster.report.drift.report import DriftReport
from ordersync_dagster.report.drift.verdict import verdict_of
from ordersync_dagster.report.files import write_whole
from ordersync_dagster.sync.order_sync import PrintfulScope

FOLDER = "ordersync_reports"  # in the instance's storage
FILES_KEPT = 60  # pages; the oldest are deleted


class DriftReportConfig(dg.Config):
    """The period of a report, and how far Printful is asked."""

    days: int | None = Field(
        default=DEFAULT_DAYS, description=f"Whole UTC days back, and today: 1 to {LAUNCHPAD_MAX_DAYS}."
    )
    printful: PrintfulScope | None = Field(default=PrintfulScope.all, description=PRINTFUL)


@dg.asset(
    name="drift_report",
    deps=["orders", "order_items"],
    group_name="order_sync",
    owners=OWNERS,
    kinds={"report"},
    description="Does the money agree, what is wrong and what to do, who waits: Stripe, the shop and Printful "
    "compared. It only reads, as a dry run does.",
)
def drift_report(
    context: dg.AssetExecutionContext, config: DriftReportConfig, shop: ShopResource
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
        metadata = drift_metadata(report, _kept_page(context, report), _location(context))
    except (OrderSyncError, WindowError) as stop:
        refuse(str(stop))
    except Exception as stop:  # noqa: BLE001  # Dagster must not keep its text (customers' data)
        refuse(unexpected(stop))
    for warning in report.warnings:
        context.log.warning(warning)
    context.log.info(verdict_of(report).sentence)
    if error is not None:
        context.log_event(dg.AssetObservation("drift_report", metadata=metadata))
        raise dg.Failure(str(error), allow_retries=False)
    return dg.MaterializeResult(metadata=metadata)


def _kept_page(context: dg.AssetExecutionContext, report: DriftReport) -> Path | str:
    """The page in the instance's storage, beside the last ones; or why it could not be kept."""
    folder = Path(context.instance.storage_directory()) / FOLDER
    path = folder / f"drift-{report.made_at:%Y%m%dT%H%M%SZ}-{context.run.run_id[:8]}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, drift_page(report, made_by=f"Dagster run {context.run.run_id}"))
        others = sorted(each for each in folder.glob("drift-*.html") if each != path)
        for old in others[: max(0, len(others) + 1 - FILES_KEPT)]:  # two of one second may stand in any order
            with suppress(OSError):
                old.unlink()
    except OSError as refused:
        return f"not kept: {folder} could not be written ({refused.strerror})"
    return path


def _location(context: dg.AssetExecutionContext) -> str | None:
    origin = context.run.remote_job_origin
    return origin.location_name if origin else None


drift_report_job = dg.define_asset_job(
    "report_drift",
    selection=[drift_report],
    description="Writes the report on the drift of the last days: does the money agree, what is wrong, who waits. "
    "It only reads.",
)


@dg.schedule(
    name="daily_drift_report",
    job=drift_report_job,
    cron_schedule="50 4 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description=f"Every morning, after the nightly repair: the report on the last {DEFAULT_DAYS} days.",
)
def daily_drift_report(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One report a day; a restarted daemon does not start it twice."""
    return dg.RunRequest(run_key=f"daily_drift_report-{context.scheduled_execution_time:%Y-%m-%d}")
