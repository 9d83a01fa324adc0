"""The report for a chat: short enough to be read there."""

from collections.abc import Iterator
from textwrap import wrap

from ordersync_dagster.core.money import amount_text
from ordersync_dagster.core.text import counted
from ordersync_dagster.report.drift.report import DriftReport, ProblemGroup
from ordersync_dagster.report.drift.verdict import verdict_of
from ordersync_dagster.report.drift.wording import age_text, reason_text, signed_text, title_of
from ordersync_dagster.report.history import state_text
from ordersync_dagster.report.links import where_to_look
from ordersync_dagster.report.markdown import escaped
from ordersync_dagster.report.webhooks import blocks_of_outages

_MAX_IDS = 10
_WIDTH = 76  # characters


def drift_markdown(report: DriftReport) -> str:
    """Verdict, money, problems by class and who waits. Text from outside is escaped."""
    return "\n".join(_lines(report)) + "\n"


def narrow_markdown(report: DriftReport) -> str:
    """The same for Dagster, which shows the money as a table of its own and cuts long lines off."""
    lines = [f"### {line}" for line in wrap(escaped(verdict_of(report).sentence), 60)]
    lines += ["", f"{report.window.start:%Y-%m-%d %H:%M} to {report.window.end:%Y-%m-%d %H:%M} UTC", ""]
    for group in report.groups:
        advice = "\\\n  ".join(wrap(escaped(group.problem_class.advice), _WIDTH))
        lines.append(f"- **{title_of(group.problem_class)}: {group.count}** ({_state(group, report)})\\\n  {advice}")
    if report.waiting:
        waiting = [f"- `{each.problem.ids.get('order_id', '')}`" for each in report.waiting[:_MAX_IDS]]
        lines += ["", f"**{counted(len(report.waiting), 'customer waits', 'customers wait')}**", "", *waiting]
    return "\n".join(lines)


def _lines(report: DriftReport) -> Iterator[str]:
    mode = "live mode" if report.is_live else "test mode"
    yield f"**{escaped(verdict_of(report).sentence)}**"
    yield ""
    yield f"{report.window.start:%Y-%m-%d %H:%M} to {report.window.end:%Y-%m-%d %H:%M} UTC, {mode}"
    yield from _money(report)
    yield from _problems(report)
    if report.waiting:
        ids = [f"`{each.problem.ids.get('order_id', '')}`" for each in report.waiting]
        rest = f" and {len(ids) - _MAX_IDS} more" if len(ids) > _MAX_IDS else ""
        yield from (
            "",
            f"**{counted(len(ids), 'customer waits', 'customers wait')}**: {', '.join(ids[:_MAX_IDS])}{rest}",
        )
    if report.health and (found := blocks_of_outages(report.health)):
        title = "Webhook" if report.health.never_worked else "Outages of the webhook"
        yield from ("", f"**{title}**", "", *(f"- {escaped(lines[0])}" for lines in found))
    if run := report.last_run:
        link = report.links.get(run.id)
        shown = f"[{run.id}]({link})" if link else f"`{where_to_look(run.id, report.links)}`"
        yield from ("", f"Last run: {shown}, {state_text(run)}")


def _money(report: DriftReport) -> Iterator[str]:
    if not report.reconciliation.money:
        return
    yield from ("", "| | paid at Stripe | orders in the shop | difference | why |", "|---|---:|---:|---:|---|")
    for each in report.reconciliation.money:
        whys = [d for d in report.reconciliation.differences if d.currency == each.currency]
        why = ", ".join(f"{reason_text(d.reason, d.number)} ({signed_text(d.amount, d.currency)})" for d in whys)
        amounts = [amount_text(each.paid, each.currency), amount_text(each.ordered, each.currency)]
        difference = signed_text(each.ordered - each.paid, each.currency)
        yield f"| {each.currency.upper()} | {' | '.join(amounts)} | {difference} | {why} |"


def _problems(report: DriftReport) -> Iterator[str]:
    if report.groups:
        yield ""
    for group in report.groups:
        yield f"- {_group(group, report)}"


def _group(group: ProblemGroup, report: DriftReport) -> str:
    advice = escaped(group.problem_class.advice)
    return f"**{title_of(group.problem_class)}: {group.count}** ({_state(group, report)}). {advice}"


def _state(group: ProblemGroup, report: DriftReport) -> str:
    age = f"oldest {age_text(group.first_seen, report.made_at)}" if group.first_seen else "new"
    return f"{group.badge}, {age}"
