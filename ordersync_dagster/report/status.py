"""The verdict on a shop from its database alone: one line for a pipe, one document for scripts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.history import PastRun
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.outages import Outage
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.summary import COUNTERS
from ordersync_dagster.core.sums import sums_of_problems, sums_text
from ordersync_dagster.core.text import counted
from ordersync_dagster.core.webhook_health import WebhookHealth
from ordersync_dagster.report.links import where_to_look
from ordersync_dagster.report.moments import lasting
from ordersync_dagster.report.outcome import TO_STOP
from ordersync_dagster.report.webhooks import outage_document

STATUS_VERSION = 1  # changes only when a field's meaning does


@dataclass(frozen=True, slots=True)
class ClassStatus:
    """The open problems of one class, the oldest first."""

    problem_class: ProblemClass
    problems: Sequence[KnownProblem]

    @property
    def oldest(self) -> datetime:
        return self.problems[0].first_seen

    @property
    def money(self) -> str:
        """EUR 1,204.00 and USD 31.00; empty where no amount is known."""
        return money_of(self.problems)


@dataclass(frozen=True, slots=True)
class ShopStatus:
    """`problems` are the open ones, the oldest first; `webhook` is None where Stripe was not asked.

    `is_recorded` is False where only a release before recorded its runs, and no problems.
    `links` has the address of each run, by its id, that has a page in Dagster. `unmapped` has the orders that name no
    Printful order, by their status word, where that is none that runs know.
    """

    target: str
    now: datetime
    health: RunHealth
    expected_hours: int
    problems: Sequence[KnownProblem]
    webhook: WebhookHealth | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    is_recorded: bool = True
    unmapped: Mapping[str, int] = field(default_factory=dict)

    @property
    def lasting_outage(self) -> Outage | None:
        return self.webhook.ongoing if self.webhook else None

    @property
    def waiting(self) -> list[KnownProblem]:
        """The problems that need a person."""
        return [each for each in self.problems if each.needs_person(self.now)]

    @property
    def acknowledged(self) -> list[KnownProblem]:
        return [each for each in self.problems if each.is_acknowledged(self.now)]

    @property
    def others(self) -> list[KnownProblem]:
        """The problems that the next run may end without a person."""
        return [
            each for each in self.problems if not each.problem_class.needs_person and not each.is_acknowledged(self.now)
        ]

    @property
    def is_silent(self) -> bool:
        return self.health.is_silent(self.now, self.expected_hours)

    @property
    def needs_person(self) -> bool:
        """Whether the exit code is 1."""
        is_unknown = self.is_silent or not self.is_recorded or self.health.succeeded is None
        return bool(self.waiting) or self.health.is_failing or is_unknown or self.lasting_outage is not None

    @property
    def shadow(self) -> str:
        """One sentence where the last successful run was in shadow mode, so that nobody takes it for a repair."""
        run = self.health.succeeded
        if run is None or run.kind != "shadow":
            return ""
        still_open = counted(run.summary.get("shadow_open", 0), "repair")
        return f"Shadow mode: the shop's tables were not written; {still_open} open. Look: ordersync shadow"

    @property
    def not_judged(self) -> str:
        """One sentence where orders have a status that no run knows: nobody is told whether they wait."""
        if not self.unmapped:
            return ""
        words = ", ".join(f"{word!r} ({count:,})" for word, count in self.unmapped.items())
        return f"Not judged, because ordersync.toml does not map their status: orders with the word {words}"

    @property
    def verdict(self) -> str:
        """One sentence."""
        if not_looked := self.health.not_looked(is_recorded=self.is_recorded):
            return not_looked
        if not self.needs_person:
            return "Nothing needs a person."
        return f"A person is needed: {'; '.join(self._reasons())}."

    def _reasons(self) -> Iterator[str]:
        if waiting := self.waiting:
            yield f"{counted(len(waiting), 'problem')}, the oldest for {lasting(waiting[0].first_seen, self.now)}"
        if self.health.is_failing:
            yield f"{counted(self.health.failures, 'run')} failed since one succeeded"
        if outage := self.lasting_outage:
            yield f"the webhook may be down {outage.period}"
        if self.health.succeeded is None and not (self.is_silent or self.health.is_failing):
            yield "no run has come to its end yet"
        since = self.health.quiet_since
        if self.is_silent and since:
            yield f"no run has succeeded for {lasting(since, self.now)} (expected every {self.expected_hours} hours)"

    def by_class(self, problems: Sequence[KnownProblem]) -> list[ClassStatus]:
        """Goods that Printful must stop first, then the class with the oldest problem."""
        grouped: dict[ProblemClass, list[KnownProblem]] = {}
        for each in problems:
            grouped.setdefault(each.problem_class, []).append(each)
        classes = [ClassStatus(kind, found) for kind, found in grouped.items()]
        return sorted(classes, key=lambda each: (each.problem_class not in TO_STOP, each.oldest, each.problem_class))


def status_line(status: ShopStatus) -> str:
    """Everything that matters, in one line."""
    parts = [status.verdict]
    if status.waiting:
        classes = ", ".join(f"{len(each.problems)} {each.problem_class}" for each in status.by_class(status.waiting))
        parts.append(f"{classes}{f' ({money})' if (money := money_of(status.waiting)) else ''}.")
    if status.acknowledged:
        parts.append(f"{len(status.acknowledged)} acknowledged.")
    parts += [f"{each}." for each in (status.not_judged, status.shadow) if each]
    parts += [f"Webhook outage: {each.sentence}." for each in (status.webhook.outages if status.webhook else ())]
    if status.webhook and status.webhook.never_worked:
        parts.append("The shop itself has made no order yet.")
    if status.health.succeeded:
        parts.append(f"Last successful run: {_ago(status.health.succeeded, status.now)}.")
    if status.health.is_failing and (failed := status.health.last_failed):
        parts.append(f"Last failed run: {where_to_look(failed.id, status.links)}")
    return " ".join(parts)


def status_json(status: ShopStatus) -> str:
    """Times are ISO 8601 in UTC, amounts exact decimals by lower-case currency."""
    health = status.health
    document = {
        "schema_version": STATUS_VERSION,
        "needs_person": status.needs_person,
        "verdict": status.verdict,
        "at": status.now.isoformat(),
        "problems": [_class_document(each) for each in status.by_class(status.waiting)],
        "acknowledged": [_class_document(each) for each in status.by_class(status.acknowledged)],
        "repaired_by_next_run": [_class_document(each) for each in status.by_class(status.others)],
        "unmapped_statuses": dict(status.unmapped),
        "is_failing": health.is_failing,
        "failures": health.failures,
        "is_silent": status.is_silent,
        "silence_hours": status.expected_hours,
        "outages": [outage_document(each) for each in status.webhook.outages] if status.webhook else None,
        "webhook_never_worked": _never_worked(status.webhook),
        "last_run": _run_document(health.last, status),
        "last_successful_run": _run_document(health.succeeded, status),
        "last_failed_run": _run_document(health.last_failed, status),
    }
    return json.dumps(document, ensure_ascii=True, indent=2)


def _never_worked(webhook: WebhookHealth | None) -> Mapping[str, Any] | None:
    return outage_document(webhook.never_worked) if webhook and webhook.never_worked else None


def counters_of(run: PastRun | None) -> dict[str, int]:
    """The seven counters; none where the run did not come to its end."""
    is_whole = run is not None and COUNTERS[0] in run.summary
    return {name: run.summary.get(name, 0) for name in COUNTERS} if run and is_whole else {}


def money_of(problems: Sequence[KnownProblem]) -> str:
    return sums_text(sums_of_problems(problems))


def _ago(run: PastRun, now: datetime) -> str:
    return f"{lasting(run.ended_at or run.started_at, now)} ago"


def _class_document(found: ClassStatus) -> dict[str, Any]:
    sums = sums_of_problems(found.problems)
    return {
        "class": str(found.problem_class),
        "severity": str(found.problem_class.severity),
        "count": len(found.problems),
        "oldest": found.oldest.isoformat(),
        "money": {currency: str(amount) for currency, amount in sums.items()},
        "advice": found.problem_class.advice,
    }


def _run_document(run: PastRun | None, status: ShopStatus) -> dict[str, Any] | None:
    if run is None:
        return None
    ended = run.ended_at
    return {
        "run_id": run.id,
        "state": run.state,
        "started_at": run.started_at.isoformat(),
        "ended_at": ended.isoformat() if ended else None,
        "age_seconds": int((status.now - (ended or run.started_at)).total_seconds()),
        "summary": counters_of(run),
        "url": status.links.get(run.id),
    }
