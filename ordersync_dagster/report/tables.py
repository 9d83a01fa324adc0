"""A run as tables: its changes, its problems, and its days. Rows are plain; pandas is loaded only for frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ordersync_dagster.core.text import visible
from ordersync_dagster.report.outcome import Outcome

if TYPE_CHECKING:
    import pandas

CHANGE_COLUMNS = ("order_id", "field", "before", "after", "why", "stripe_session_id")
PROBLEM_COLUMNS = ("class", "severity", "sentence")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # https://owasp.org/www-community/attacks/CSV_Injection


@dataclass(frozen=True, slots=True)
class Days:
    """UTC days, oldest first: orders found, and paid sessions that had no order before this run."""

    days: Sequence[date]
    found: Sequence[int]
    missing: Sequence[int]


def change_table_rows(outcome: Outcome, limit: int | None = None) -> list[list[str]]:
    """One row of text for each changed field, at most `limit`, in the order of CHANGE_COLUMNS."""
    return [[visible(str(change.get(name) or "")) for name in CHANGE_COLUMNS] for change in outcome.changes[:limit]]


def problem_table_rows(outcome: Outcome, limit: int | None = None) -> list[list[str]]:
    """One row of text for each problem, at most `limit`, in the order of PROBLEM_COLUMNS. Errors first."""
    ordered = sorted(outcome.problems, key=lambda each: (not each.is_error, each.problem_class))
    return [[str(each.problem_class), str(each.severity), visible(each.sentence)] for each in ordered[:limit]]


def changes_table(outcome: Outcome) -> "pandas.DataFrame":
    """All changes: order, field, before, after, why, session."""
    return text_table(CHANGE_COLUMNS, change_table_rows(outcome))


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> "pandas.DataFrame":
    """A frame of texts."""
    import pandas

    return pandas.DataFrame([*rows], columns=[*columns], dtype=object)


def days_of(outcome: Outcome) -> Days:
    """The figures of the Stripe phase by day."""
    days = sorted(outcome.days.items())
    found = [figures.skipped_order_exists for _, figures in days]
    return Days([day for day, _ in days], found, [figures.stripe_sessions_added for _, figures in days])


def csv_of(table: "pandas.DataFrame") -> str:
    """A table of texts for a spreadsheet. No cell can run as a formula."""
    text: str = table.map(_inert).to_csv(index=False, lineterminator="\n")
    return text


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
