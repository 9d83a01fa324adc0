"""A run as tables: its changes, its problems, and its days."""

from typing import TYPE_CHECKING

from ordersync_dagster.core.texts import visible
from ordersync_dagster.report.outcome import Outcome

if TYPE_CHECKING:
    import pandas

CHANGE_COLUMNS = ("order_id", "field", "before", "after", "why", "stripe_session_id")
PROBLEM_COLUMNS = ("class", "severity", "sentence")


def changes_table(outcome: Outcome) -> "pandas.DataFrame":
    """One row a changed field: order, field, before, after, why, session. All text."""
    import pandas

    rows = [[visible(str(change.get(name) or "")) for name in CHANGE_COLUMNS] for change in outcome.changes]
    return pandas.DataFrame(rows, columns=list(CHANGE_COLUMNS), dtype=object)


def problems_table(outcome: Outcome) -> "pandas.DataFrame":
    """One row a problem: class, severity, sentence. Errors first."""
    import pandas

    ordered = sorted(outcome.problems, key=lambda each: (not each.is_error, each.problem_class))
    rows = [[str(each.problem_class), str(each.severity), visible(each.sentence)] for each in ordered]
    return pandas.DataFrame(rows, columns=list(PROBLEM_COLUMNS), dtype=object)


def days_table(outcome: Outcome) -> "pandas.DataFrame":
    """One row a UTC day, oldest first: paid sessions, orders found, orders missing (= found by this run)."""
    import pandas

    days = sorted(outcome.days.items())
    found = [figures.skipped_order_exists for _, figures in days]
    missing = [figures.stripe_sessions_added for _, figures in days]
    frame = pandas.DataFrame({"day": [day for day, _ in days], "orders": found, "missing": missing})
    frame.insert(1, "paid", frame["orders"] + frame["missing"])
    return frame
