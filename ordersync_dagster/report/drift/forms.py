"""The forms that a report can be written in, and the file that it goes to."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ordersync_dagster.report.drift.report import DriftReport


class ReportForm(Enum):
    """The words of `--format`, which are the endings of files too."""

    html = "html"
    json = "json"
    csv = "csv"
    md = "md"


def written_as(report: "DriftReport", form: ReportForm) -> str:
    """The report in one form."""
    return _WRITERS[form](report)


def _html(report: "DriftReport") -> str:
    from ordersync_dagster.report.drift.page import drift_page

    return drift_page(report)


def _json(report: "DriftReport") -> str:
    from ordersync_dagster.report.drift.document import drift_json

    return f"{drift_json(report)}\n"


def _csv(report: "DriftReport") -> str:
    from ordersync_dagster.report.drift.rows import drift_csv

    return drift_csv(report)


def _md(report: "DriftReport") -> str:
    from ordersync_dagster.report.drift.markdown import drift_markdown

    return drift_markdown(report)


_WRITERS: dict[ReportForm, Callable[["DriftReport"], str]] = {
    ReportForm.html: _html,
    ReportForm.json: _json,
    ReportForm.csv: _csv,
    ReportForm.md: _md,
}
