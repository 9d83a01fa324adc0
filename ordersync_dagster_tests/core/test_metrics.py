"""What monitoring is told: names and units as Prometheus has them, few labels, and every class of problem."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ordersync_dagster.core.known_problems import Acknowledgement, FoundBy, KnownProblem
from ordersync_dagster.core.metrics import EndedRun, Metric, Records, RunState, metrics_of
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.summary import Summary

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
TRAFFIC = {"stripe": {"requests": 12, "http_429": 2, "retries": 2}, "printful": {"requests": 7}}
RUN = EndedRun(RunState.SUCCEEDED, NOW, "1.0", 2.3456, Summary(stripe_sessions_added=3, skipped_free=4), TRAFFIC)
BASE_UNITS = ("_seconds", "_info")
HELP = {  # of those that are no figure of the summary; Prometheus shows it beside the name
    "build_info": "The version of ordersync.",
    "last_run_state": "1 for the state in which the last run ended, else 0.",
    "last_run_timestamp_seconds": "When the last run ended, in Unix time.",
    "last_run_duration_seconds": "How long the last run took.",
    "last_run_requests": "Requests of the last run, retries included.",
    "last_run_retries": "Requests of the last run that were sent again.",
    "last_run_rate_limited_requests": ("Requests of the last run that were answered with 429 (too many requests)."),
    "last_run_skipped_sessions": "Checkout Sessions of the last run that needed no new order, by reason.",
    "last_success_timestamp_seconds": "When the last run that came to its end did so, in Unix time.",
    "open_problems": "Problems that no run has seen end, by class.",
    "unacknowledged_problems": "Open problems that nobody has acknowledged, by class.",
    "problems_needing_person": "Open problems that need a person and that nobody has acknowledged.",
    "acknowledged_problems": "Open problems that a person has acknowledged.",
    "oldest_open_problem_age_seconds": (
        "Age of the oldest open problem that nobody has acknowledged, when the last run ended; 0 where there is none."
    ),
}
RESERVED = ("_total", "_count", "_sum", "_bucket", "_created", "_gauge", "_counter")


def problem(problem_class: ProblemClass, **overrides: Any) -> KnownProblem:
    values: dict[str, Any] = {
        "id": "p1",
        "problem_class": problem_class,
        "sentence": "Order 5 of ada@example.com waits.",
        "ids": {"order_id": "secret-order"},
        "amount": None,
        "found_by": FoundBy.SESSIONS,
        "day": None,
        "first_seen": NOW - timedelta(hours=3),
        "last_seen": NOW,
        "last_run": "run-1",
        "runs": 2,
    }
    return KnownProblem(**{**values, **overrides})


def values_of(metrics: list[Metric], name: str) -> Mapping[tuple[str, ...], float]:
    (found,) = (each for each in metrics if each.name == f"ordersync_{name}")
    return {tuple(labels.values()): value for labels, value in found.samples}


def value_of(metrics: list[Metric], name: str) -> float:
    return values_of(metrics, name)[()]


def everything() -> list[Metric]:
    return metrics_of(RUN, Records(NOW, [problem(ProblemClass.UNFULFILLED)]))


EVERYTHING = everything()


@pytest.mark.parametrize("metric", EVERYTHING, ids=lambda each: each.name)
def test_names_follow_the_rules_that_promtool_checks(metric: Metric) -> None:
    assert re.fullmatch(r"ordersync_[a-z][a-z0-9_]*[a-z0-9]", metric.name)
    assert not metric.name.endswith(RESERVED)
    assert not re.search(r"(milli|minute|hour|day|percent|__|_ms$|timestamp$|duration$|age$)", metric.name)
    assert metric.help.endswith(".")
    assert "\n" not in metric.help


def test_each_metric_says_what_it_is() -> None:
    shown = {each.name.removeprefix("ordersync_"): each.help for each in everything()}
    assert {name: shown[name] for name in HELP} == HELP
    assert {name.removeprefix("last_run_") for name in shown.keys() - HELP.keys()} <= set(Summary().as_dict())
    assert all(shown.values())


def test_version_times_and_duration_are_told_as_they_are() -> None:
    found = everything()
    assert values_of(found, "build_info") == {("1.0",): 1}
    assert value_of(found, "last_run_timestamp_seconds") == NOW.timestamp()
    assert value_of(found, "last_run_duration_seconds") == 2.346
    assert value_of(found, "last_success_timestamp_seconds") == NOW.timestamp()


@pytest.mark.parametrize("word", ["timestamp", "duration", "age"])
def test_times_are_in_seconds(word: str) -> None:
    named = [each.name for each in EVERYTHING if re.search(rf"_{word}(_|$)", each.name)]
    assert named
    assert all(name.endswith("_seconds") for name in named)


def test_each_name_is_given_once_and_each_sample_has_its_own_labels() -> None:
    names = [each.name for each in EVERYTHING]
    assert len(set(names)) == len(names)
    for metric in EVERYTHING:
        labels = [tuple(sorted(own.items())) for own, _ in metric.samples]
        assert len(set(labels)) == len(labels)
        assert len({tuple(sorted(own)) for own, _ in metric.samples}) == 1


def test_labels_are_few_and_their_values_too() -> None:
    found = everything()
    names = {name for metric in found for own, _ in metric.samples for name in own}
    assert names == {"version", "state", "vendor", "reason", "class", "severity"}
    assert sum(len(metric.samples) for metric in found) < 140


def test_no_metric_holds_an_id_a_sentence_or_an_address() -> None:
    shown = repr(EVERYTHING)
    assert not [word for word in ("secret-order", "ada@", "run-1", "p1") if word in shown]


def test_every_figure_of_the_summary_is_told() -> None:
    found = everything()
    names = {each.name.removeprefix("ordersync_last_run_") for each in found}
    figures = {name for name in Summary().as_dict() if not name.startswith("skipped_")}
    assert figures <= names
    reasons = {name.removeprefix("skipped_") for name in Summary().as_dict() if name.startswith("skipped_")}
    assert {key for (key,) in values_of(found, "last_run_skipped_sessions")} == reasons
    assert values_of(found, "last_run_skipped_sessions")[("free",)] == 4
    assert value_of(found, "last_run_stripe_sessions_added") == 3


def test_requests_retries_and_429s_are_told_by_vendor() -> None:
    found = everything()
    assert values_of(found, "last_run_requests") == {("stripe",): 12, ("printful",): 7}
    assert values_of(found, "last_run_retries") == {("stripe",): 2, ("printful",): 0}
    assert values_of(found, "last_run_rate_limited_requests") == {("stripe",): 2, ("printful",): 0}


@pytest.mark.parametrize("state", RunState)
def test_one_state_is_1_and_the_others_are_0(state: RunState) -> None:
    values = values_of(metrics_of(replace(RUN, state=state), None), "last_run_state")
    assert values == {(str(each),): int(each is state) for each in RunState}


def test_every_class_is_told_also_with_nothing_open() -> None:
    values = values_of(metrics_of(RUN, Records(NOW, [])), "open_problems")
    assert set(values) == {(str(each), str(each.severity)) for each in ProblemClass}
    assert set(values.values()) == {0}


def test_problems_are_counted_by_class_and_the_oldest_by_severity() -> None:
    problems = [
        problem(ProblemClass.UNFULFILLED),
        problem(ProblemClass.UNFULFILLED, first_seen=NOW - timedelta(days=2)),
        problem(ProblemClass.MISSING_EMAIL, first_seen=NOW - timedelta(minutes=1)),
    ]
    found = metrics_of(RUN, Records(NOW, problems))
    assert values_of(found, "open_problems")["unfulfilled", "notice"] == 2
    assert values_of(found, "oldest_open_problem_age_seconds") == {("error",): 60, ("notice",): 2 * 86_400}
    assert value_of(found, "problems_needing_person") == 3


def test_what_a_person_has_acknowledged_or_what_has_ended_needs_nobody() -> None:
    seen = Acknowledgement("ada", NOW, "known")
    problems = [problem(ProblemClass.UNFULFILLED, acknowledgement=seen), problem(ProblemClass.DISPUTED, ended_at=NOW)]
    found = metrics_of(RUN, Records(NOW, problems))
    assert (value_of(found, "problems_needing_person"), value_of(found, "acknowledged_problems")) == (0, 1)
    assert sum(values_of(found, "open_problems").values()) == 1


def test_a_run_that_stopped_before_it_began_tells_no_more_than_that() -> None:
    names = {each.name for each in metrics_of(EndedRun(RunState.FAILED, NOW, "1.0"), None)}
    assert names == {"ordersync_build_info", "ordersync_last_run_state", "ordersync_last_run_timestamp_seconds"}


def test_a_clock_that_was_set_back_makes_no_negative_age() -> None:
    later = problem(ProblemClass.UNFULFILLED, first_seen=NOW + timedelta(hours=1))
    assert values_of(metrics_of(RUN, Records(NOW, [later])), "oldest_open_problem_age_seconds")[("notice",)] == 0


def test_without_any_success_there_is_no_time_of_one() -> None:
    assert "ordersync_last_success_timestamp_seconds" not in {each.name for each in metrics_of(RUN, Records(None, []))}


def test_an_acknowledgement_that_ran_out_counts_no_longer() -> None:
    seen = Acknowledgement("Kim", NOW - timedelta(days=2), "wait", NOW - timedelta(days=1))
    needing = next(each for each in ProblemClass if each.needs_person)
    found = metrics_of(RUN, Records(NOW, [problem(needing, acknowledgement=seen)]))
    assert (value_of(found, "problems_needing_person"), value_of(found, "acknowledged_problems")) == (1, 0)
    ages = values_of(metrics_of(RUN, Records(NOW, [])), "oldest_open_problem_age_seconds")
    assert set(ages.values()) == {0}


def test_a_problem_that_a_person_acknowledged_alerts_nobody() -> None:
    seen = Acknowledgement("ann", NOW, "asked")
    old = problem(ProblemClass.DISPUTED, first_seen=NOW - timedelta(days=30), acknowledgement=seen)
    found = metrics_of(RUN, Records(NOW, [old, problem(ProblemClass.DISPUTED)]))
    assert values_of(found, "open_problems")[("disputed", "notice")] == 2
    assert values_of(found, "unacknowledged_problems")[("disputed", "notice")] == 1
    assert values_of(found, "oldest_open_problem_age_seconds")[("notice",)] == 3 * 3600


def test_a_vendor_without_traffic_has_none() -> None:
    found = metrics_of(replace(RUN, traffic={"stripe": {"requests": 3}}), None)
    assert values_of(found, "last_run_requests") == {("stripe",): 3, ("printful",): 0}
