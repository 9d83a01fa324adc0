"""What a sink is told now, from what is open and what it was told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ordersync_dagster.core.alerts import (
    CLAIM_LASTS,
    Concern,
    Phase,
    Said,
    Saying,
    being_sent,
    concerns_of,
    due,
    given_up,
)
from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.history import PastRun
from ordersync_dagster.core.known_problems import Acknowledgement, FoundBy, KnownProblem
from ordersync_dagster.core.problem_classes import ProblemClass

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
LONG_AGO, HOUR = NOW - timedelta(days=3), timedelta(hours=1)
OPEN = Concern("p1", "e1")
NEW, OVER = Saying("p1", "e1", Phase.NEW), Saying("p1", "e1", Phase.OVER)
SENT = Said(NEW, LONG_AGO, 1, LONG_AGO)
ALL = frozenset(ProblemClass)
PROBLEM = KnownProblem(
    "p1", ProblemClass.UNFULFILLED, "Order 1 waits.", {"order_id": "1"}, None, FoundBy.PRINTFUL, None, LONG_AGO, NOW,
    "run-1", 2,
)  # fmt: skip


def run(ended: datetime, state: str = "succeeded") -> PastRun:
    return PastRun(f"r{ended:%d%H}", "sync", None, state, None, ended, ended, None, None, {})


WELL = RunHealth(run(LONG_AGO), run(NOW - HOUR), run(NOW - HOUR))


def told(problem: KnownProblem, now: datetime = NOW) -> list[Concern]:
    return concerns_of([problem], WELL, now, 26, ALL)


def test_what_is_open_is_told_once() -> None:
    assert due([OPEN], [], NOW) == [NEW]
    assert due([OPEN], [SENT], NOW) == []


def test_it_is_over_once_for_those_who_were_told() -> None:
    assert due([], [SENT], NOW) == [OVER]
    assert due([], [], NOW) == []
    assert due([], [SENT, Said(OVER, NOW, 1, None)], NOW) == []


def test_what_ended_before_anybody_was_told_is_not_told_at_all() -> None:
    assert due([], [Said(NEW, None, 0, None)], NOW) == []


def test_it_is_not_over_while_somebody_has_acknowledged_it() -> None:
    assert due([replace(OPEN, is_told=False)], [SENT], NOW) == []


def test_what_a_sink_did_not_take_is_told_at_the_next_try() -> None:
    assert due([OPEN], [Said(NEW, None, 0, None)], NOW) == [NEW]


def test_what_another_process_is_about_to_tell_is_left_to_it() -> None:
    assert due([OPEN], [Said(NEW, NOW, 1, None)], NOW) == []


def test_a_claim_of_a_dead_process_is_taken_over_once_and_then_given_up() -> None:
    stale = NOW - CLAIM_LASTS - timedelta(seconds=1)
    assert due([OPEN], [Said(NEW, stale, 1, None)], NOW) == [NEW]
    twice = Said(NEW, stale, 2, None)
    assert due([OPEN], [twice], NOW) == []
    assert given_up([OPEN], [twice], NOW) == 1
    assert due([], [twice], NOW) == [OVER]  # somebody may have heard of it


def test_a_problem_that_comes_again_is_told_again() -> None:
    again = replace(PROBLEM, first_seen=NOW)
    [first], [second] = told(PROBLEM), told(again)
    said = Said(Saying(first.subject, first.episode, Phase.NEW), LONG_AGO, 1, LONG_AGO)
    assert due([second], [said], NOW) == [Saying("p1", NOW.isoformat(), Phase.NEW)]


@pytest.mark.parametrize("until", [None, NOW + HOUR])
def test_an_acknowledged_problem_is_open_and_not_told(until: datetime | None) -> None:
    seen = Acknowledgement("ann", LONG_AGO, "asked", until)
    assert told(replace(PROBLEM, acknowledgement=seen)) == [Concern("p1", LONG_AGO.isoformat(), is_told=False)]


def test_when_the_acknowledgement_is_over_it_is_told_again() -> None:
    seen = replace(PROBLEM, acknowledgement=Acknowledgement("ann", LONG_AGO, "asked", NOW))
    [before], [after] = told(PROBLEM), told(seen)
    said = Said(Saying(before.subject, before.episode, Phase.NEW), LONG_AGO, 1, LONG_AGO)
    assert due([after], [said], NOW) == [Saying("p1", NOW.isoformat(), Phase.NEW)]


def test_only_chosen_classes_are_told_and_ended_problems_are_no_concern() -> None:
    assert concerns_of([PROBLEM], WELL, NOW, 26, frozenset()) == [replace(told(PROBLEM)[0], is_told=False)]
    assert told(replace(PROBLEM, ended_at=NOW)) == []


def test_failed_runs_are_one_concern_until_one_succeeds() -> None:
    failed = run(NOW - HOUR, "failed")
    health = RunHealth(run(LONG_AGO), failed, run(NOW - 2 * HOUR), failed, failed, 1)
    assert concerns_of([], health, NOW, 26, ALL) == [Concern("failed_run", failed.id)]


def test_silence_begins_after_the_expected_hours_and_with_no_run_at_once() -> None:
    silent = RunHealth(run(LONG_AGO), run(LONG_AGO), run(LONG_AGO))
    assert concerns_of([], silent, LONG_AGO + timedelta(hours=26), 26, ALL) == []
    late = LONG_AGO + timedelta(hours=26, seconds=1)
    assert concerns_of([], silent, late, 26, ALL) == [Concern("silence", run(LONG_AGO).id)]
    assert concerns_of([], RunHealth(), NOW, 26, ALL) == [Concern("silence", "none")]
    never = RunHealth(run(LONG_AGO, "failed"), None, None, None, None, 0)
    assert never.is_silent(NOW, 26)
    assert not never.is_silent(LONG_AGO + HOUR, 26)


def test_a_claim_is_its_owners_for_ten_minutes_whatever_its_tries() -> None:
    for tries in (1, 2, 3):
        claim = Said(NEW, NOW - CLAIM_LASTS, tries, None)
        assert due([OPEN], [claim], NOW) == []
        assert due([], [claim], NOW) == [], "nobody may have heard of it yet"
        assert given_up([OPEN], [claim], NOW) == 0


def test_only_an_open_thing_whose_two_claims_are_stale_is_given_up() -> None:
    stale = NOW - CLAIM_LASTS - timedelta(seconds=1)
    twice = Said(NEW, stale, 2, None)
    assert given_up([OPEN], [twice, replace(twice, tries=3)], NOW) == 2
    assert given_up([OPEN], [replace(twice, tries=1), replace(twice, sent_at=NOW)], NOW) == 0
    assert given_up([], [twice], NOW) == given_up([replace(OPEN, is_told=False)], [twice], NOW) == 0


def test_messages_come_in_the_order_of_their_subjects() -> None:
    concerns = [Concern("p3", "e"), Concern("p2", "e")]
    assert [each.subject for each in due(concerns, [SENT], NOW)] == ["p1", "p2", "p3"]


def test_each_thing_that_is_open_is_a_concern() -> None:
    failed = run(LONG_AGO, "failed")
    health = RunHealth(failed, failed, None, failed, failed, 1)
    found = concerns_of([PROBLEM, replace(PROBLEM, id="p2")], health, NOW, 26, ALL)
    assert [each.subject for each in found] == ["p1", "p2", "failed_run", "silence"]
    assert found[-1].episode == "none"


def test_what_another_process_is_sending_is_counted_until_it_must_have_died() -> None:
    sending = Said(NEW, NOW - CLAIM_LASTS / 2, 1, None)
    died, unclaimed = replace(sending, claimed_at=NOW - CLAIM_LASTS * 2), replace(sending, claimed_at=None)
    for said, is_sent_now in ((sending, True), (died, False), (unclaimed, False), (SENT, False)):
        assert said.is_being_sent(NOW) is is_sent_now
    other = replace(sending, saying=replace(NEW, subject="p2"))
    assert being_sent([OPEN], [sending, other, died], NOW) == 1
    assert being_sent([OPEN, Concern("p2", "e1")], [sending, other, died], NOW) == 2
    assert being_sent([replace(OPEN, is_told=False)], [sending], NOW) == 0
