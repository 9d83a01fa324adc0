"""`ordersync problems` as people and scripts meet it: a problem is found, acknowledged, and ends."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster_tests.support.cli import Cli


@pytest.fixture
def ordersync(ordersync_everywhere: Cli) -> Cli:
    return ordersync_everywhere


def listed(ordersync: Cli, *arguments: str) -> list[dict[str, Any]]:
    ran = ordersync("problems", *arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(ran.out)["problems"]
    return found


def test_a_problem_lives_from_the_run_that_finds_it_to_the_run_that_does_not(ordersync: Cli) -> None:
    assert listed(ordersync) == []
    shown = json.loads(ordersync("sync", "--json").out)["problems"]
    found = listed(ordersync)
    assert {each["id"] for each in found} == {each["id"] for each in shown}
    ordersync("sync")
    waiting = {each["id"]: each for each in listed(ordersync, "--class", "unfulfilled")}
    assert [each["runs"] for each in waiting.values()] == [2, 2]
    problem_id, problem = next(iter(waiting.items()))
    ordersync.database.execute(
        "UPDATE orders SET status = 'cancelled' WHERE stripe_session_id = :id", id=problem["ids"]["stripe_session_id"]
    )
    ordersync("sync", "--printful", "none")
    assert problem_id in {each["id"] for each in listed(ordersync)}, "nobody looked at Printful"
    ordersync("sync", "--dry-run")
    assert problem_id in {each["id"] for each in listed(ordersync)}, "a dry run records nothing"
    ordersync("sync")
    assert problem_id not in {each["id"] for each in listed(ordersync)}
    (over,) = [each for each in listed(ordersync, "--all") if each["id"] == problem_id]
    assert (over["ended_why"], over["needs_person"], over["looks_again"]) == ("gone", False, None)


def test_before_the_first_run_nobody_knows_whether_there_are_problems(ordersync: Cli) -> None:
    told = "No run has looked at this shop yet: run `ordersync sync --dry-run`, then `ordersync sync`."
    assert ordersync("problems").out == f"{told}\n"
    assert json.loads(ordersync("problems", "--json").out)["not_known"] == told
    ordersync("sync")
    assert json.loads(ordersync("problems", "--json").out)["not_known"] is None
    assert ordersync("problems", "--class", "disputed").out == "No open problems of class disputed.\n"
    ordersync.database.execute("UPDATE ordersync_runs SET state = 'failed'")
    assert "No run has come to its end at this shop yet" in ordersync("problems", "--class", "disputed").out


def test_an_acknowledged_problem_is_listed_and_needs_nobody(ordersync: Cli) -> None:
    ordersync("sync")
    problem_id = listed(ordersync)[0]["id"]
    until = f"{utc_now() + timedelta(days=3):%Y-%m-%d}"
    ran = ordersync("problems", "ack", problem_id, "--note", "asked", "--until", until, "--by", "ann")
    assert (ran.code, f"Acknowledged by ann until {until} 00:00 UTC: asked" in ran.out) == (0, True)
    ordersync("sync")
    (seen,) = [each for each in listed(ordersync) if each["id"] == problem_id]
    assert (seen["needs_person"], seen["acknowledged"]["note"]) == (False, "asked")
    text = ordersync("problems").out
    assert text.splitlines()[0].endswith(" need a person.")
    for name in (problem_id, f" {problem_id} ", problem_id.upper()):
        assert ordersync("problems", "show", name).out.splitlines()[0].startswith(problem_id)


def test_several_problems_are_acknowledged_at_once_or_none(ordersync: Cli) -> None:
    ordersync("sync")
    ids = [each["id"] for each in listed(ordersync)]
    ran = ordersync("problems", "ack", ids[0], "p0", "--note", "no goods")
    assert (ran.code, "there is no problem p0" in ran.err) == (2, True)
    assert not any(each["acknowledged"] for each in listed(ordersync))
    ran = ordersync("problems", "ack", ids[0], ids[1].upper(), ids[0], "--note", "no goods", "--json")
    assert [each["id"] for each in json.loads(ran.out)["problems"]] == ids[:2]
    assert [bool(each["acknowledged"]) for each in listed(ordersync)] == [True, True, *[False] * (len(ids) - 2)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "p0"), "there is no problem p0"),
        (("ack", "p0", "--note", "x"), "there is no problem p0"),
        (("ack", "FIRST", "--note", " "), "the note is empty"),
        (("ack", "FIRST", "--note", "x", "--until", "2020-01-01"), "--until 2020-01-01 is not in the future"),
        (("--class", "lost"), "--class lost: there is no such class"),
        (("--class", "unfulfiled"), "--class unfulfiled: there is no such class; is it unfulfilled? docs/runbook.md"),
        (("show", ""), "there is no problem ''"),
        (("ack", "FIRST", " ", "--note", "x"), "there is no problem ''"),
    ],
    ids=" ".join,
)
def test_what_has_no_sense_is_refused_in_a_sentence(ordersync: Cli, arguments: tuple[str, ...], told: str) -> None:
    ordersync("sync")
    first = listed(ordersync)[0]["id"]
    ran = ordersync("problems", *(first if word == "FIRST" else word for word in arguments))
    assert (ran.code, told in ran.err) == (2, True), ran.err


@pytest.mark.parametrize("name", ["Unfulfilled", " UNFULFILLED "])
def test_a_class_may_be_written_as_the_report_writes_it(ordersync: Cli, name: str) -> None:
    ordersync("sync")
    assert listed(ordersync, "--class", name) == listed(ordersync, "--class", "unfulfilled") != []
    assert listed(ordersync, "--class", "Cancelled at Printful")[0]["class"] == "cancelled_at_printful"


def test_purge_drops_problems_that_ended_long_ago(ordersync: Cli) -> None:
    ordersync("sync")
    count = len(listed(ordersync))
    ordersync.database.execute("UPDATE ordersync_problems SET ended_at = first_seen WHERE class = 'unfulfilled'")
    ended = count - len(listed(ordersync))
    assert ended > 0
    ordersync.database.execute(
        "UPDATE ordersync_problems SET ended_at = '2020-01-01 00:00:00' WHERE ended_at > '2021-01-01'"
    )
    shown = json.loads(ordersync("purge", "--older-than", "30", "--json").out)
    assert shown["summary"]["problems_dropped"] == ended
    assert len(listed(ordersync, "--all")) == count - ended
