"""The first answers of the page: money, problems, waiting customers, webhook."""

from collections.abc import Iterator
from dataclasses import dataclass

from ordersync_dagster.core.text import counted
from ordersync_dagster.core.webhook_health import WebhookHealth
from ordersync_dagster.report.drift.report import DriftReport


@dataclass(frozen=True, slots=True)
class Fact:
    """One answer; `place` is the id of the part of the page that says more."""

    place: str
    name: str
    sentence: str
    is_bad: bool


def facts_of(report: DriftReport) -> list[Fact]:
    """The answers in the order of the page."""
    return [*_facts(report)]


def _facts(report: DriftReport) -> Iterator[Fact]:
    money = report.reconciliation.money
    differing = [each.currency.upper() for each in money if each.ordered != each.paid]
    agrees = "agrees" if money else "none in this period"
    yield Fact("money", "Money", f"differs in {', '.join(differing)}" if differing else agrees, bool(differing))
    waiting, people = len(report.waiting), report.needing_person
    needing = f"{counted(people, 'needs', 'need')} a person"
    yield Fact("problems", "Problems", needing if people else "none needs a person", people > 0)
    nobody = "nobody" if report.asked_printful else "not known"
    yield Fact("waiting", "Who waits", counted(waiting, "customer") if waiting else nobody, waiting > 0)
    health = report.health
    lost = sum(each.orders for each in health.outages) if health else 0
    nothing = "no outage in 30 days" if report.webhook_before else "no outage"
    yield Fact("webhook", "Webhook", _webhook(health, lost, nothing) if health else "not known", lost > 0)


def _webhook(health: WebhookHealth, lost: int, nothing: str) -> str:
    if health.never_worked:
        return "made no order yet"
    return f"{counted(len(health.outages), 'outage')}, {counted(lost, 'order')}" if lost else nothing
