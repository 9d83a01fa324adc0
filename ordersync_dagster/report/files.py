"""A run as a file to send on: a page for the browser, or a table for a spreadsheet."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.text import visible
from ordersync_dagster.report.outcome import Outcome


def html_report(outcome: Outcome, target: str, warnings: Sequence[str] = ()) -> str:
    """One page that loads nothing: figures, waiting customers, problems, changes and the chart, all escaped."""
    from ordersync_dagster.report.charts import as_data_url, gap_chart
    from ordersync_dagster.report.pages import rendered
    from ordersync_dagster.report.tables import CHANGE_COLUMNS, PROBLEM_COLUMNS, change_table_rows, problem_table_rows
    from ordersync_dagster.report.text import LABELS

    return rendered(
        "report.html.j2",
        outcome=outcome,
        target=target,
        warnings=[visible(warning) for warning in warnings],
        figures=[(label, outcome.summary[name], name == "errors") for name, label in LABELS.items()],
        chart=as_data_url(gap_chart(outcome)) if outcome.days else None,
        change_columns=CHANGE_COLUMNS,
        changes=change_table_rows(outcome),
        problem_columns=PROBLEM_COLUMNS,
        problems=problem_table_rows(outcome),
    )


def csv_report(outcome: Outcome) -> str:
    """All changes, one row for each field, in the order of CHANGE_COLUMNS. No cell can run as a formula."""
    from ordersync_dagster.report.tables import changes_table, csv_of

    return csv_of(changes_table(outcome))


FORMATS: dict[str, Callable[[Outcome, str, Sequence[str]], str]] = {
    ".html": html_report,
    ".csv": lambda outcome, target, warnings: csv_report(outcome),
}


def check_report(path: Path) -> None:
    """Before the run: raise SettingsError where a report could not be written to `path`."""
    if path.suffix not in FORMATS:
        raise SettingsError(f"--report {path}: the name must end in {' or '.join(FORMATS)}")
    check_place("--report", path)


def check_place(option: str, path: Path) -> None:
    """Raise SettingsError where no file could be written to `path`, which `option` names."""
    if not path.name:  # an empty variable of a script
        raise SettingsError(f"{option} needs the name of a file")
    if path.is_dir() or not path.parent.is_dir():
        raise SettingsError(f"{option} {path}: {path.parent} must be a folder and {path.name} a file in it")
    if not os.access(path.parent, os.W_OK):
        raise SettingsError(f"{option} {path}: {path.parent} may not be written")


def report_file_text(path: Path, outcome: Outcome, target: str, warnings: Sequence[str]) -> str:
    """The report in the form of the name's ending."""
    return FORMATS[path.suffix](outcome, target, warnings)


def write_whole(path: Path, content: str) -> None:
    """Write a file whole or not at all, readable only for its owner; raises OSError.

    A device or a pipe, such as /dev/stdout, gets the text and stays what it is.
    """
    if path.exists() and not path.is_file():
        path.write_text(content, encoding="utf-8", newline="")
        return
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            draft.chmod(0o600)
            file.write(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
