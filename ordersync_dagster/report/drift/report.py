"""The drift of a period as one value, from which the page, the tables, the JSON and the Markdown are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from ordersync_dagster.core.history import PastRun, Repair
from ordersync_dagster.core.known_problems import KnownProblem, Sightings
from ordersync_dagster.core.outages import Outage
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.summary import Summary
from ordersync_dagster.core.webhook_health import WebhookHealth
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.drift.reconciled import Reason, Reconciliation
from ordersync_dagster.report.outcome import TO_STOP

WAITING = ProblemClass.UNFULFILLED


@dataclass(frozen=True, slots=True)
class ReportedProblem:
    """A problem, with when a run first saw it (None: no run before this report), and whether a person knows it."""

    problem: Problem
    first_seen: datetime | None = None
    is_acknowledged: bool = False
    known_id: str = ""  # of `ordersync problems`, where a run recorded it

    @property
    def problem_class(self) -> ProblemClass:
        return self.problem.problem_class

    @property
    def needs_person(self) -> bool:
        return self.problem_class.needs_person and not self.is_acknowledged


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """The problems of one class, the oldest first."""

    problem_class: ProblemClass
    problems: Sequence[ReportedProblem]

    @property
    def count(self) -> int:
        return len(self.problems)

    @property
    def needs_person(self) -> bool:
        return any(each.needs_person for each in self.problems)

    @property
    def badge(self) -> str:
        """Whether a person has to do something, in a few words."""
        if self.needs_person:
            return "needs a person"
        return "acknowledged" if self.problem_class.needs_person else "a run repairs it"

    @property
    def first_seen(self) -> datetime | None:
        """When the oldest was first seen; None where all are new."""
        return min((each.first_seen for each in self.problems if each.first_seen), default=None)


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Everything that a report says. Nothing in it speaks of a person.

    `stopped_by` is the sentence of what stopped the reading, and `traffic` counts the requests by vendor.
    """

    made_at: datetime
    window: Window
    target: str
    is_live: bool
    asked_printful: bool
    reconciliation: Reconciliation
    problems: Sequence[ReportedProblem]
    summary: Summary
    runs: Sequence[PastRun] = ()
    repairs: Sequence[Repair] = ()
    warnings: Sequence[str] = ()
    stopped_by: str | None = None
    traffic: Mapping[str, Mapping[str, int]] | None = None
    health: WebhookHealth | None = None  # of the shop's webhook; None where nobody could look
    links: Mapping[str, str] = field(default_factory=dict)  # run → its page in Dagster

    @property
    def groups(self) -> list[ProblemGroup]:
        """The problems by class: goods to stop first, then what needs a person, then the oldest."""
        ordered = sorted(self.problems, key=lambda each: (each.problem_class, self._seen(each), each.problem.sentence))
        grouped = groupby(ordered, key=lambda each: each.problem_class)
        groups = [ProblemGroup(name, tuple(problems)) for name, problems in grouped]
        return sorted(groups, key=self._rank)

    def _rank(self, group: ProblemGroup) -> tuple[bool, bool, datetime, int]:
        is_to_stop = group.needs_person and group.problem_class in TO_STOP
        return not is_to_stop, not group.needs_person, group.first_seen or self.made_at, -group.count

    def _seen(self, each: ReportedProblem) -> datetime:
        return each.first_seen or self.made_at

    @property
    def needing_person(self) -> int:
        return sum(each.needs_person for each in self.problems)

    @property
    def waiting(self) -> list[ReportedProblem]:
        """Paid orders that have nothing at Printful, the oldest first."""
        return sorted((each for each in self.problems if each.problem_class is WAITING), key=self._seen)

    @property
    def lasting_outage(self) -> Outage | None:
        """The outage of the webhook after which no order has come in time yet."""
        return self.health.ongoing if self.health else None

    @property
    def webhook_before(self) -> Window | None:
        """The part of the period in which nobody looked for outages: Stripe keeps events for 30 days."""
        if self.health is None or self.health.window.start <= self.window.start:
            return None
        return Window(self.window.start, self.health.window.start)

    def payments(self, *reasons: Reason) -> int:
        """Payments without an order, for these reasons."""
        return sum(each.number for each in self.reconciliation.differences if each.reason in reasons)

    @property
    def last_run(self) -> PastRun | None:
        """The last run that wrote the shop."""
        return next((run for run in self.runs if run.kind == "sync"), None)


def reported(sightings: Sightings, now: datetime) -> list[ReportedProblem]:
    """The problems that were found, and the open ones of earlier runs for which nobody looked."""
    found = [_found(each.problem, sightings.open.get(key), now) for key, each in sightings.found.items()]
    over = sightings.found.keys() | sightings.ended("")
    return [*found, *(_known(each, now) for key, each in sightings.open.items() if key not in over)]


def _found(problem: Problem, known: KnownProblem | None, now: datetime) -> ReportedProblem:
    if known is None:
        return ReportedProblem(problem)
    return ReportedProblem(problem, known.first_seen, known.is_acknowledged(now), known.id)


def _known(each: KnownProblem, now: datetime) -> ReportedProblem:
    problem = Problem(each.problem_class, each.sentence, each.ids, each.day, each.amount)
    return ReportedProblem(problem, each.first_seen, each.is_acknowledged(now), each.id)
