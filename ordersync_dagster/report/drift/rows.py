"""The report for a spreadsheet: one row for each payment, order or record that does not agree."""

from collections.abc import Iterator, Mapping

from ordersync_dagster.core.money import exponent, from_minor
from ordersync_dagster.core.text import visible
from ordersync_dagster.report.drift.reconciled import Disagreement
from ordersync_dagster.report.drift.report import DriftReport, ReportedProblem
from ordersync_dagster.report.drift.wording import reason_of_one
from ordersync_dagster.report.tables import csv_of, text_table

DRIFT_COLUMNS = (
    "class", "needs_person", "first_seen", "day", "order_id", "stripe_session_id", "stripe_payment_intent_id",
    "printful_order_id", "order_status", "paid", "paid_currency", "ordered", "ordered_currency", "what", "what_to_do",
)  # fmt: skip


def drift_csv(report: DriftReport) -> str:
    """The table as CSV."""
    return csv_of(text_table(DRIFT_COLUMNS, drift_rows(report)))


def drift_rows(report: DriftReport, limit: int | None = None) -> list[list[str]]:
    """The rows as text, in the order of DRIFT_COLUMNS: problems first, then what only the money shows."""
    return [[row.get(name, "") for name in DRIFT_COLUMNS] for row in [*_rows(report)][:limit]]


def _rows(report: DriftReport) -> Iterator[dict[str, str]]:
    known: dict[str, Disagreement] = {}
    for each in report.reconciliation.disagreements:
        known |= dict.fromkeys(filter(None, (each.order_id, each.session_id)), each)
    told: set[int] = set()
    for group in report.groups:
        for problem in group.problems:
            ids = problem.problem.ids
            found = known.get(ids.get("order_id", "")) or known.get(ids.get("stripe_session_id", ""))
            told |= {id(found)} if found else set()
            yield {**(_of_disagreement(found) if found else {}), **_of_problem(problem)}
    for each in report.reconciliation.disagreements:
        if id(each) not in told:
            yield {"class": str(each.reason), "needs_person": "no", **_of_disagreement(each)}


def _of_problem(each: ReportedProblem) -> dict[str, str]:
    names = ("order_id", "stripe_session_id", "stripe_payment_intent_id", "printful_order_id")
    ids: Mapping[str, str] = each.problem.ids
    return {
        **{name: visible(ids[name]) for name in names if ids.get(name)},
        "class": str(each.problem_class),
        "needs_person": "yes" if each.needs_person else "no",
        "first_seen": each.first_seen.isoformat() if each.first_seen else "",
        "what": visible(each.problem.sentence),
        "what_to_do": each.problem_class.advice,
    }


def _of_disagreement(each: Disagreement) -> dict[str, str]:
    return {
        "day": each.day or "",
        "order_id": visible(each.order_id or ""),
        "stripe_session_id": visible(each.session_id or ""),
        "stripe_payment_intent_id": visible(each.payment or ""),
        "printful_order_id": visible(each.printful_id or ""),
        "order_status": visible(each.status or ""),
        "paid": _amount(each.paid, each.paid_currency),
        "paid_currency": each.paid_currency or "",
        "ordered": _amount(each.ordered, each.ordered_currency),
        "ordered_currency": each.ordered_currency or "",
        "what": reason_of_one(each.reason),
    }


def _amount(minor: int | None, currency: str | None) -> str:
    """26.00, as a spreadsheet reads it."""
    return "" if minor is None or currency is None else f"{from_minor(minor, currency):.{exponent(currency)}f}"
