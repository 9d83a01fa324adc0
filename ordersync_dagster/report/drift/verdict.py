"""The verdict of a report in one sentence: is a person needed, and will a run repair anything?"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ordersync_dagster.core.completion import UNMAPPED
from ordersync_dagster.core.text import counted
from ordersync_dagster.report.drift.reconciled import Reason
from ordersync_dagster.report.drift.report import DriftReport


class VerdictLevel(StrEnum):
    """From nothing to do, over a run that repairs, to a person; `incomplete` where not all could be read."""

    AGREES = "agrees"
    REPAIR = "repair"
    PERSON = "person"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class DriftVerdict:
    """The level, and one or two short sentences."""

    level: VerdictLevel
    sentence: str


def verdict_of(report: DriftReport) -> DriftVerdict:
    """The verdict; problems that need a person come first, then the changes of the next run."""
    repairs = [*_repairs(report)]
    sentences = [f"This report is incomplete: {report.stopped_by}"] if report.stopped_by else []
    if report.needing_person:
        sentences.append(f"{counted(report.needing_person, 'problem needs', 'problems need')} a person.")
    if outage := report.lasting_outage:
        sentences.append(f"The webhook may be down {outage.period}.")
    sentences += [f"The next run {' and '.join(repairs)}."] if repairs else []
    if not sentences:
        sentences = [_agreement(report)]
    if _has_unmapped_words(report):
        sentences.append("Some paid orders have a status that is not mapped, so nobody knows whether they wait.")
    return DriftVerdict(_level(report, bool(repairs)), " ".join(sentences))


def _level(report: DriftReport, has_repairs: bool) -> VerdictLevel:
    if report.stopped_by:
        return VerdictLevel.INCOMPLETE
    if report.needing_person or report.lasting_outage or _has_unmapped_words(report):
        return VerdictLevel.PERSON
    return VerdictLevel.REPAIR if has_repairs else VerdictLevel.AGREES


def _has_unmapped_words(report: DriftReport) -> bool:
    return any(UNMAPPED in each for each in report.warnings)


def _repairs(report: DriftReport) -> Iterator[str]:
    if missing := report.payments(Reason.TO_ADD):
        yield f"adds {counted(missing, 'missing order', 'missing orders')}"
    changed = report.summary.printful_orders_updated + report.summary.orders_completed
    if changed:
        yield f"updates {counted(changed, 'order', 'orders')}"


def _agreement(report: DriftReport) -> str:
    payments, orders = report.reconciliation.payments, report.reconciliation.orders
    if report.problems:
        return " ".join(_calm(report))
    if not payments and not orders:
        return "There were no payments and no orders in this period."
    made = ", and every order is on its way" if report.asked_printful else ", but Printful was not asked"
    made = "" if report.asked_printful and _has_unmapped_words(report) else made
    recent, erased = report.payments(Reason.TOO_RECENT), report.payments(Reason.ERASED)
    sentence = f"Every payment has its order ({payments - recent - erased:,}){made}."
    return f"{sentence} {counted(recent, 'payment is', 'payments are')} too recent to judge." if recent else sentence


def _calm(report: DriftReport) -> Iterator[str]:
    """Open problems, none of which needs a person."""
    known = sum(each.is_acknowledged for each in report.problems)
    yield "Nothing needs a person."
    if known:
        yield f"{counted(known, 'problem is', 'problems are')} acknowledged."
    if again := len(report.problems) - known:
        yield f"The next run looks again at {counted(again, 'problem')}."
