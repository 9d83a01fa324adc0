"""The files that `ordersync sync` keeps on request: a report, and the plan of a dry run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ordersync_dagster.cli.console import in_words, say, settings
from ordersync_dagster.core.errors import OrderSyncError, SettingsError

if TYPE_CHECKING:
    from ordersync_dagster.app.run import Run


def check_files(report: Path | None, save: Path | None, *, is_dry_run: bool) -> None:
    """Before the run: raise SettingsError where a file could not be kept."""
    if report is not None:
        from ordersync_dagster.report.files import check_report

        check_report(report)
    if save is not None:
        from ordersync_dagster.report.plan_file import PLAN_KIND
        from ordersync_dagster.report.saved_file import require_free

        if not is_dry_run:
            raise SettingsError("--save goes with --dry-run: only a plan that is not carried out yet can be kept")
        require_free(save, "--save", PLAN_KIND)


def keep_report(run: "Run", path: Path, warnings: Sequence[str], error: OrderSyncError | None) -> bool:
    """Write the report file; if that fails, the run is done all the same."""
    from ordersync_dagster.report.files import report_file_text, write_whole

    try:
        sentences = [*warnings, *([str(error)] if error else [])]
        write_whole(path, in_words(report_file_text(path, run.outcome, run.ready.headline, sentences)))
    except OSError as refused:
        say(f"ordersync: the run is done, but {path} could not be written: {refused.strerror}")
        return False
    return True


def keep_plan(run: "Run", path: Path, error: OrderSyncError | None) -> bool:
    """Write the plan of a dry run, if that came to its end."""
    from ordersync_dagster.app.saved_plans import save_plan
    from ordersync_dagster.app.wiring import utc_now

    if error is not None:
        say(f"The plan was not saved in {path}, because the dry run stopped early.")
        return False
    try:
        save_plan(path, run, settings(), utc_now())
    except OSError as refused:
        say(f"ordersync: the dry run is done, but {path} could not be written: {refused.strerror}")
        return False
    say(f"Saved the plan in {path}. To apply exactly this: ordersync sync --plan {path}")
    return True
