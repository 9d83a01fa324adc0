"""The report as one page."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ordersync_dagster import __version__
from ordersync_dagster.core.money import amount_text
from ordersync_dagster.core.text import counted, visible
from ordersync_dagster.report.drift.page_facts import facts_of
from ordersync_dagster.report.drift.reconciled import CurrencySums, Difference
from ordersync_dagster.report.drift.report import DriftReport, ProblemGroup, ReportedProblem
from ordersync_dagster.report.drift.verdict import VerdictLevel, verdict_of
from ordersync_dagster.report.drift.wording import age_text, reason_text, signed_text, title_of
from ordersync_dagster.report.history import state_text
from ordersync_dagster.report.links import PRINTFUL_DASHBOARD, payment_link, payments_link, where_to_look
from ordersync_dagster.report.pages import anchor, rendered
from ordersync_dagster.report.webhooks import HEALTH_COLUMNS, blocks_of_outages, health_row

FIRST, MOST = 5, 100  # problems of one class: shown at once, and in all
WAITING_SHOWN, REPAIRS_SHOWN = 50, 30
_LEVELS = {
    VerdictLevel.AGREES: "Nothing to do",
    VerdictLevel.REPAIR: "A run repairs this",
    VerdictLevel.PERSON: "A person is needed",
    VerdictLevel.INCOMPLETE: "Not all could be read",
}


def drift_page(report: DriftReport, made_by: str = "") -> str:
    """The page; `made_by` names the program that made it, where it was not a person."""
    from ordersync_dagster.report.drift.charts import heat_map, heat_width, runs_chart

    verdict, compared = verdict_of(report), report.reconciliation
    payments = {each.order_id or each.session_id: each.payment for each in compared.disagreements}
    has_runs = any(run.kind == "sync" and run.summary for run in report.runs)
    return rendered(
        "drift.html.j2",
        report=report,
        verdict=verdict,
        level_name=_LEVELS[verdict.level],
        mode="live mode" if report.is_live else "test mode: no real money",
        mode_word="live" if report.is_live else "test",
        facts=facts_of(report),
        money=[
            _Card(each.currency.upper(), [*_lines(each, compared.differences)]) for each in _by_size(compared.money)
        ],
        groups=[_group(group, report, payments) for group in report.groups],
        can_be_acknowledged=any(each.known_id and each.needs_person for each in report.problems),
        waiting=[visible(each.problem.ids.get("order_id", "")) for each in report.waiting[:WAITING_SHOWN]],
        heat=heat_map(compared.spans, report.window) if compared.spans else "",
        heat_width=heat_width(report.window),
        days=_days(report),
        outages=blocks_of_outages(report.health) if report.health else [],
        health_columns=HEALTH_COLUMNS,
        health_rows=[health_row(day) for day in report.health.days if day.payments] if report.health else [],
        runs_chart=runs_chart(report.runs) if has_runs else "",
        repairs=[*_repairs(report)],
        links={"stripe": payments_link(is_live=report.is_live), "printful": PRINTFUL_DASHBOARD},
        made_by=made_by,
        version=__version__,
        last_run=_run(report.last_run.id, report.links) if report.last_run else "",
        last_state=state_text(report.last_run) if report.last_run else "",
    )


def _run(run_id: str, links: Mapping[str, str]) -> str:
    """A link to the run's page in Dagster, or the command that shows it."""
    link = links.get(run_id)
    return anchor(run_id, link) if link else where_to_look(run_id, links)


def _by_size(money: Iterable[CurrencySums]) -> list[CurrencySums]:
    """The currency of most payments first."""
    return sorted(money, key=lambda each: (-each.payments, -each.orders, each.currency))


@dataclass(frozen=True, slots=True)
class _Card:
    """One currency: lines of (kind, label, amount)."""

    currency: str
    lines: list[tuple[str, str, str]]


def _lines(sums: CurrencySums, differences: Iterable[Difference]) -> Iterator[tuple[str, str, str]]:
    currency = sums.currency
    payments, orders = counted(sums.payments, "payment", "payments"), counted(sums.orders, "order", "orders")
    yield "", f"Paid at Stripe ({payments})", amount_text(sums.paid, currency)
    yield "", f"Orders in the shop ({orders})", amount_text(sums.ordered, currency)
    difference = sums.ordered - sums.paid
    yield (
        ("sum", "Difference", signed_text(difference, currency)) if difference else ("sum good", "Difference", "none")
    )
    for each in differences:
        if each.currency == currency:
            yield "why", reason_text(each.reason, each.number), signed_text(each.amount, currency)
    if sums.returned or sums.refunded:
        yield "", "Went back at Stripe (refunds, lost disputes)", amount_text(sums.returned, currency)
        yield "", "Refunded or returned in the shop", amount_text(sums.refunded, currency)
    if sums.made:
        made = counted(sums.made, "order", "orders")
        yield "", f"Printful's costs of these orders ({made})", amount_text(sums.costs, currency)


def _group(group: ProblemGroup, report: DriftReport, payments: Mapping[str | None, str | None]) -> dict[str, Any]:
    age = age_text(group.first_seen, report.made_at)
    lines = [_line(each, report, payments, age) for each in group.problems[:MOST]]
    return {
        "title": title_of(group.problem_class),
        "needs_person": group.needs_person,
        "badge": group.badge,
        "count": f"{group.count:,}",
        "age": f"{'oldest: ' if group.count > 1 and group.first_seen else ''}{age}",
        "advice": group.problem_class.advice,
        "first": lines[:FIRST],
        "rest": lines[FIRST:],
        "more": f"{len(lines) - FIRST:,} more" + (f" of {group.count:,}" if group.count > MOST else ""),
        "left": f"{group.count - MOST:,}" if group.count > MOST else "",
    }


def _line(
    each: ReportedProblem, report: DriftReport, payments: Mapping[str | None, str | None], age_of_oldest: str
) -> dict[str, str]:
    """`age_of_oldest` stands above the line, and is not said again."""
    ids = each.problem.ids
    payment = ids.get("stripe_payment_intent_id") or payments.get(ids.get("order_id") or ids.get("stripe_session_id"))
    age = age_text(each.first_seen, report.made_at)
    notes = [each.known_id, age if age != age_of_oldest else "", "acknowledged" if each.is_acknowledged else ""]
    return {
        "sentence": visible(each.problem.sentence),
        "note": ", ".join(filter(None, notes)),
        "url": payment_link(payment, is_live=report.is_live) if payment else "",
    }


def _days(report: DriftReport) -> list[tuple[str, int, int, int]]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for span in report.reconciliation.spans:
        for place, number in enumerate((span.paid, span.missing, span.recovered)):
            sums[span.day][place] += number
    return [(day, paid, gone, back) for day, (paid, gone, back) in sorted(sums.items()) if gone or back]


def _repairs(report: DriftReport) -> Iterator[tuple[str, str, str, str]]:
    started: Mapping[str, datetime] = {run.id: run.started_at for run in report.runs}
    for each in report.repairs[:REPAIRS_SHOWN]:
        link = report.links.get(each.run_id)
        run = anchor(each.run_id, link) if link else each.run_id
        yield f"{started[each.run_id]:%Y-%m-%d %H:%M}", f"{each.orders:,} {each.done}", visible(each.why), run
