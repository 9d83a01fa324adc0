"""Metrics of the last run and of the open problems: names, units and labels as Prometheus has them.

https://prometheus.io/docs/practices/naming/ – base units, no `_total` because nothing here counts up, and labels of few
values. No metric holds an id, a name, an address or a key.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.problem_classes import ProblemClass, Severity
from ordersync_dagster.core.summary import Summary

PREFIX = "ordersync_"
VENDORS = ("stripe", "printful")
_SKIPPED = "skipped_"
_TRAFFIC = {  # our name of a count → the metric's, and its help
    "requests": ("requests", "Requests of the last run, retries included."),
    "retries": ("retries", "Requests of the last run that were sent again."),
    "http_429": ("rate_limited_requests", "Requests of the last run that were answered with 429 (too many requests)."),
}
_FIGURES = {
    "stripe_sessions_checked": "Complete Checkout Sessions that the last run looked at.",
    "stripe_sessions_added": "Orders that the last run added.",
    "stripe_sessions_skipped": "Checkout Sessions of the last run that needed no new order.",
    "printful_orders_checked": "Printful orders that the last run looked up.",
    "printful_orders_updated": "Orders that the last run brought up to date with Printful.",
    "printful_items_added": "Items that the last run added.",
    "errors": "Records that the last run could not decide.",
    "notices": "Notices of the last run.",
    "orders_completed": "Orders in which the last run filled empty fields.",
    "changes_not_in_plan": "Changes that the last run left alone: the saved plan does not have them.",
    "orders_unfulfilled": "Orders of the last run that have nothing at Printful.",
}


class RunState(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    WITH_ERRORS = "with_errors"  # it came to its end, but could not decide some records
    FAILED = "failed"  # it was stopped


@dataclass(frozen=True, slots=True)
class Metric:
    """A gauge: `samples` are pairs of labels and value."""

    name: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]


@dataclass(frozen=True, slots=True)
class EndedRun:
    """The last run; without `summary` it stopped before it began. `traffic` is by vendor, then by our names."""

    state: RunState
    at: datetime
    version: str
    seconds: float | None = None
    summary: Summary | None = None
    traffic: Mapping[str, Mapping[str, int]] | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """Our own records after a run."""

    last_success: datetime | None
    problems: Collection[KnownProblem]  # open ones


def metrics_of(run: EndedRun, records: Records | None) -> list[Metric]:
    """Everything that is known; without `records` the database could not be asked."""
    return [*_of_run(run), *(_of_records(records, run.at) if records else ())]


def _of_run(run: EndedRun) -> Iterator[Metric]:
    yield _metric("build_info", "The version of ordersync.", [({"version": run.version}, 1)])
    states = [({"state": str(state)}, int(state is run.state)) for state in RunState]
    yield _metric("last_run_state", "1 for the state in which the last run ended, else 0.", states)
    yield _plain("last_run_timestamp_seconds", "When the last run ended, in Unix time.", run.at.timestamp())
    if run.seconds is not None:
        yield _plain("last_run_duration_seconds", "How long the last run took.", round(run.seconds, 3))
    if run.summary is not None:
        yield from _of_summary(run.summary)
    if run.traffic is not None:
        for ours, (name, text) in _TRAFFIC.items():
            counts = [({"vendor": vendor}, run.traffic.get(vendor, {}).get(ours, 0)) for vendor in VENDORS]
            yield _metric(f"last_run_{name}", text, counts)


def _of_summary(summary: Summary) -> Iterator[Metric]:
    figures = summary.as_dict()
    for name, text in _FIGURES.items():
        yield _plain(f"last_run_{name}", text, figures[name])
    reasons = {name.removeprefix(_SKIPPED): count for name, count in figures.items() if name.startswith(_SKIPPED)}
    yield _metric(
        "last_run_skipped_sessions",
        "Checkout Sessions of the last run that needed no new order, by reason.",
        [({"reason": reason}, count) for reason, count in reasons.items()],
    )


def _of_records(records: Records, now: datetime) -> Iterator[Metric]:
    if records.last_success is not None:
        text = "When the last run that came to its end did so, in Unix time."
        yield _plain("last_success_timestamp_seconds", text, records.last_success.timestamp())
    found = [each for each in records.problems if each.is_open]
    unseen = [each for each in found if not each.is_acknowledged(now)]
    yield _metric("open_problems", "Problems that no run has seen end, by class.", _by_class(found))
    text = "Open problems that nobody has acknowledged, by class."
    yield _metric("unacknowledged_problems", text, _by_class(unseen))
    waiting = [each for each in found if each.needs_person(now)]
    yield _plain(
        "problems_needing_person", "Open problems that need a person and that nobody has acknowledged.", len(waiting)
    )
    acknowledged = len(found) - len(unseen)
    yield _plain("acknowledged_problems", "Open problems that a person has acknowledged.", acknowledged)
    ages = [({"severity": str(each)}, _age(unseen, each, now)) for each in Severity]
    text = (
        "Age of the oldest open problem that nobody has acknowledged, when the last run ended; 0 where there is none."
    )
    yield _metric("oldest_open_problem_age_seconds", text, ages)


def _by_class(problems: Collection[KnownProblem]) -> list[tuple[Mapping[str, str], float]]:
    """Every class, also with 0, so that nothing vanishes from a drawing."""
    counts = Counter(each.problem_class for each in problems)
    return [({"class": str(each), "severity": str(each.severity)}, counts[each]) for each in ProblemClass]


def _age(problems: Iterable[KnownProblem], severity: Severity, now: datetime) -> float:
    first = [each.first_seen for each in problems if each.problem_class.severity is severity]
    return max(0, round((now - min(first)).total_seconds())) if first else 0


def _plain(name: str, text: str, value: float) -> Metric:
    return _metric(name, text, [({}, value)])


def _metric(name: str, text: str, samples: Sequence[tuple[Mapping[str, str], float]]) -> Metric:
    return Metric(f"{PREFIX}{name}", text, samples)
