"""Metadata of `drift_report`: verdict, figures to plot, tables, the heat map and the page. No customer data."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from ordersync_dagster.core.money import amount_text
from ordersync_dagster.orchestration.metadata import TABLE_ROWS, Metadata, table_value
from ordersync_dagster.report.charts import as_markdown_image
from ordersync_dagster.report.drift.charts import heat_png
from ordersync_dagster.report.drift.document import figures_of
from ordersync_dagster.report.drift.markdown import narrow_markdown
from ordersync_dagster.report.drift.report import DriftReport
from ordersync_dagster.report.drift.rows import DRIFT_COLUMNS, drift_rows
from ordersync_dagster.report.drift.verdict import verdict_of
from ordersync_dagster.report.drift.wording import age_text, reason_text, signed_text, title_of
from ordersync_dagster.report.links import PRINTFUL_DASHBOARD, payments_link

_MONEY = ("currency", "paid at Stripe", "orders in the shop", "difference", "why")
_PROBLEMS = ("problem", "number", "state", "oldest", "what to do")


def drift_metadata(
    report: DriftReport, page: Path | str, job: dg.MetadataValue[Any] | None, in_words: Callable[[str], str] = str
) -> Metadata:
    """The report, `in_words` of the shop; `page` is its file or why there is none, `job` a link to its repair."""
    compared = report.reconciliation
    picture = as_markdown_image(heat_png(compared.spans, report.window), "payments and their orders by day")
    return {
        "verdict": verdict_of(report).sentence,
        "level": str(verdict_of(report).level),
        "report": dg.MetadataValue.md(in_words(narrow_markdown(report))),
        **({"chart": dg.MetadataValue.md(picture)} if compared.spans else {}),
        "money": table_value(_MONEY, [*_money(report)]),
        "problems_by_class": table_value(_PROBLEMS, [[*map(in_words, row)] for row in _problems(report)]),
        "disagreements": table_value(DRIFT_COLUMNS, drift_rows(report, TABLE_ROWS)),
        **figures_of(report),
        **_differences(report),
        "page": dg.MetadataValue.path(page) if isinstance(page, Path) else dg.MetadataValue.text(page),
        "stripe": dg.MetadataValue.url(payments_link(is_live=report.is_live)),
        "printful": dg.MetadataValue.url(PRINTFUL_DASHBOARD),
        **({"repair_job": job} if job else {}),
        "requests": sum(counts.get("requests", 0) for counts in (report.traffic or {}).values()),
    }


def _differences(report: DriftReport) -> dict[str, int]:
    """The difference of each currency in minor units, to plot."""
    return {f"difference_{each.currency}": each.ordered - each.paid for each in report.reconciliation.money}


def _money(report: DriftReport) -> Iterator[list[str]]:
    for each in report.reconciliation.money:
        why = [d for d in report.reconciliation.differences if d.currency == each.currency]
        yield [
            each.currency.upper(),
            amount_text(each.paid, each.currency),
            amount_text(each.ordered, each.currency),
            signed_text(each.ordered - each.paid, each.currency),
            "; ".join(reason_text(d.reason, d.number) for d in why),
        ]


def _problems(report: DriftReport) -> Iterator[list[str]]:
    for group in report.groups:
        age = age_text(group.first_seen, report.made_at)
        yield [title_of(group.problem_class), str(group.count), group.badge, age, group.problem_class.advice]
