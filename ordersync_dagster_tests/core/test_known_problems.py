"""Which open problems a run ends: those that it looked for and did not find."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.changes import InsertOrder, OrderUpdate, SetStatus
from ordersync_dagster.core.known_problems import Acknowledgement, FoundBy, KnownProblem, Sightings
from ordersync_dagster.core.orders import Price, Status
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import Skip, SkipReason
from ordersync_dagster.sandbox import checkout_session
from ordersync_dagster_tests.support.builders import order_of, stored_order

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
DAY, OTHER_DAY = date(2026, 5, 14), date(2026, 5, 13)
UNFULFILLED = Problem(ProblemClass.UNFULFILLED, "It waits.", {"order_id": "o1", "stripe_session_id": "cs_1"}, DAY)


def known(found_by: FoundBy, day: date | None = DAY, **changes: Any) -> KnownProblem:
    values: dict[str, Any] = {
        "id": UNFULFILLED.id,
        "problem_class": UNFULFILLED.problem_class,
        "sentence": UNFULFILLED.sentence,
        "ids": UNFULFILLED.ids,
        "amount": None,
        "found_by": found_by,
        "day": day,
        "first_seen": NOW - timedelta(days=3),
        "last_seen": NOW - timedelta(days=1),
        "last_run": "before",
        "runs": 3,
    }
    return KnownProblem(**values | changes)


def ended(before: KnownProblem, *plans: Plan, links: bool = True, everything: bool = True) -> dict[str, str]:
    sightings = Sightings({before.id: before})
    for plan in plans:
        sightings.add(Part(plan))
    sightings.end(looked_for_links=links, looked_at_all=everything)
    return sightings.ended("now")


def not_asked(**ids: str) -> Problem:
    return Problem(ProblemClass.PRINTFUL_NOT_ASKED, "No answer.", ids)


def test_a_problem_of_a_session_ends_when_its_day_was_read() -> None:
    before = known(FoundBy.SESSIONS)
    assert ended(before, Plan(DAY)) == {before.id: "gone"}
    assert ended(before, Plan(OTHER_DAY)) == {}


def test_it_lasts_as_long_as_it_is_found() -> None:
    assert ended(known(FoundBy.SESSIONS), Plan(DAY, notes=(UNFULFILLED,))) == {}


@pytest.mark.parametrize("ids", [{"day": str(DAY)}, {"stripe_session_id": "cs_1"}], ids=["day", "session"])
def test_what_stripe_did_not_show_ends_nothing(ids: dict[str, str]) -> None:
    unread = Problem(ProblemClass.STRIPE_NOT_READ, "Not shown.", ids)
    assert ended(known(FoundBy.SESSIONS), Plan(DAY, notes=(unread,))) == {}


def test_another_session_that_could_not_be_decided_holds_nothing_up() -> None:
    unread = Problem(ProblemClass.STRIPE_NOT_READ, "Not shown.", {"stripe_session_id": "cs_2"})
    before = known(FoundBy.SESSIONS)
    assert ended(before, Plan(DAY, notes=(unread,))) == {before.id: "gone"}


def test_an_order_waits_no_longer_when_its_day_and_printfuls_list_were_read() -> None:
    before = known(FoundBy.LINKS)
    assert ended(before, Plan(DAY)) == {before.id: "gone"}
    assert ended(before, Plan(DAY), links=False, everything=False) == {}
    assert ended(before, Plan(OTHER_DAY)) == {}


def test_an_order_about_which_printful_gave_no_answer_keeps_its_problems() -> None:
    for found_by in (FoundBy.LINKS, FoundBy.PRINTFUL):
        plan = Plan(is_of_links=True, notes=(not_asked(order_id="o1", stripe_session_id="cs_1"),))
        assert ended(known(found_by), Plan(DAY), plan) == {}
    before = known(FoundBy.SESSIONS)
    assert ended(before, Plan(DAY), plan) == {before.id: "gone"}, "Stripe was asked"


def test_a_problem_of_a_printful_order_ends_when_printful_was_asked_about_it() -> None:
    before = known(FoundBy.PRINTFUL, day=None)
    assert ended(before, Plan(printful_orders=("o1",)), everything=False) == {before.id: "gone"}
    assert ended(before, Plan(printful_orders=("o2",)), everything=False) == {}
    assert ended(before) == {before.id: "gone"}, "the order names no Printful order any more"


def test_a_problem_that_only_the_payment_shows_needs_its_day_too() -> None:
    before = known(FoundBy.PRINTFUL)
    assert ended(before, Plan(printful_orders=("o1",))) == {}
    assert ended(before, Plan(DAY), Plan(printful_orders=("o1",))) == {before.id: "gone"}


def test_a_run_that_changed_the_order_has_repaired_it() -> None:
    before = known(FoundBy.SESSIONS)
    moved = OrderUpdate(stored_order(id="o1"), (SetStatus("processing", Status.SHIPPED, "partial"),))
    assert ended(before, Plan(DAY), Plan(updates=(moved,))) == {before.id: "repaired by run now"}
    made = InsertOrder(order_of(checkout_session(id="cs_1")))
    assert ended(before, Plan(DAY, inserts=(made,))) == {before.id: "repaired by run now"}


@pytest.mark.parametrize(
    ("plan", "found_by"),
    [
        (Plan(DAY, notes=(UNFULFILLED,)), FoundBy.SESSIONS),
        (Plan(notes=(UNFULFILLED,)), FoundBy.SESSIONS),  # of a session before the run's period
        (Plan(printful_orders=("o1",), notes=(UNFULFILLED,)), FoundBy.PRINTFUL),
        (Plan(is_of_links=True, printful_orders=("o1",), notes=(UNFULFILLED,)), FoundBy.LINKS),
    ],
    ids=["day", "older session", "printful", "links"],
)
def test_a_problem_remembers_the_part_of_the_run_that_found_it(plan: Plan, found_by: FoundBy) -> None:
    sightings = Sightings()
    sightings.add(Part(plan))
    assert [each.found_by for each in sightings.found.values()] == [found_by]


def test_problems_are_found_once_with_every_sentence() -> None:
    sightings = Sightings()
    other = Problem(ProblemClass.UNFULFILLED, "And so on.", UNFULFILLED.ids)
    for problem in (UNFULFILLED, other, UNFULFILLED):
        sightings.add(Part(Plan(DAY, notes=(problem,))))
    (found,) = sightings.found.values()
    assert (found.problem.sentence, found.problem.day) == ("It waits. And so on.", DAY)


def test_an_acknowledged_problem_needs_nobody_until_its_day() -> None:
    seen = Acknowledgement("me", NOW, "asked the customer", NOW + timedelta(days=2))
    before = known(FoundBy.LINKS, acknowledgement=seen)
    assert known(FoundBy.LINKS).needs_person(NOW)
    assert not before.needs_person(NOW + timedelta(days=1))
    assert before.needs_person(NOW + timedelta(days=2))
    assert not known(FoundBy.LINKS, ended_at=NOW).needs_person(NOW)
    assert not known(FoundBy.LINKS, problem_class=ProblemClass.NOT_LOOKED_AT).needs_person(NOW)


def test_a_problem_of_another_channels_goods_needs_a_look_at_all_printful_orders() -> None:
    for problem_class in (
        ProblemClass.ORPHAN_PRINTFUL, ProblemClass.DUPLICATE_FULFILMENT, ProblemClass.REFUNDED_BUT_SHIPPING,
    ):  # fmt: skip
        before = known(FoundBy.LINKS, problem_class=problem_class)
        assert ended(before, Plan(DAY)) == {}
        assert ended(before, Plan(DAY), Plan(looked_for_unclaimed=True), Plan(), links=False) == {before.id: "gone"}


@pytest.mark.parametrize("found_by", FoundBy)
def test_what_a_saved_plan_left_out_ends_nothing(found_by: FoundBy) -> None:
    before = known(found_by)
    assert ended(before, Plan(DAY)) == {before.id: "gone"}
    assert ended(before, Plan(DAY, left_out=("o1",))) == {}
    assert ended(before, Plan(DAY, skips=(Skip("cs_1", SkipReason.NOT_IN_PLAN),))) == {}
    others = Plan(DAY, left_out=("o2",), skips=(Skip("cs_1", SkipReason.UNPAID),))
    assert ended(before, others) == {before.id: "gone"}


def test_a_change_that_is_not_in_the_saved_plan_is_no_problem_of_the_shop() -> None:
    moved = Problem(ProblemClass.NOT_AS_PLANNED, "It is not in the plan.", {"order_id": "o1"})
    sightings = Sightings()
    sightings.add(Part(Plan(DAY, notes=(moved, UNFULFILLED))))
    assert list(sightings.found) == [UNFULFILLED.id]


def test_a_dry_run_has_repaired_nothing() -> None:
    before = known(FoundBy.SESSIONS)
    sightings = Sightings({before.id: before}, is_written=False)
    sightings.add(Part(Plan(DAY, completions=(OrderUpdate(stored_order(id="o1"), ()),))))
    assert sightings.ended("now") == {before.id: "gone"}


def test_a_completed_order_is_repaired_whether_its_id_or_its_session_is_named() -> None:
    for ids in ({"order_id": "o1"}, {"stripe_session_id": "cs_9"}):
        before = known(FoundBy.SESSIONS, ids=ids)
        update = OrderUpdate(stored_order(id="o1", session_id="cs_9"), ())
        assert ended(before, Plan(DAY, completions=(update,))) == {before.id: "repaired by run now"}


def test_a_planned_order_that_was_inserted_is_repaired_by_its_id() -> None:
    made = InsertOrder(order_of(checkout_session(id="cs_7")))
    before = known(FoundBy.SESSIONS, ids={"order_id": made.order.id})
    assert ended(before, Plan(DAY, inserts=(made,))) == {before.id: "repaired by run now"}


@pytest.mark.parametrize(("own", "day"), [(OTHER_DAY, OTHER_DAY), (None, DAY)])
def test_a_problem_is_of_its_own_day_else_of_the_day_that_was_read(own: date | None, day: date) -> None:
    sightings = Sightings()
    sightings.add(Part(Plan(DAY, notes=(replace(UNFULFILLED, day=own),))))
    assert [each.problem.day for each in sightings.found.values()] == [day]


def test_a_problem_is_known_by_its_order_and_its_session_alone() -> None:
    before = known(FoundBy.LINKS, ids={**UNFULFILLED.ids, "printful_order_id": "7", "day": "2026-05-14"})
    assert before.keys == {"o1", "cs_1"}
    assert before.order_id == "o1"
    assert known(FoundBy.LINKS, ids={"order_id": ""}).keys == frozenset()


def test_orders_that_nobody_looked_for_are_one_record_for_each_day_and_currency() -> None:
    def unlooked(order_id: str, amount: str, currency: str = "eur", day: date = DAY) -> Problem:
        price = Price(Decimal(amount), currency)
        return Problem(ProblemClass.NOT_LOOKED_AT, "It names none.", {"order_id": order_id}, day, price)

    sightings = Sightings()
    sightings.add(Part(Plan(DAY, notes=(unlooked("o1", "10.50"), unlooked("o2", "4.50"), unlooked("o3", "7", "usd")))))
    sightings.add(Part(Plan(OTHER_DAY, notes=(unlooked("o4", "1", day=OTHER_DAY),))))
    sightings.add(Part(Plan(DAY, notes=(unlooked("o5", "5"),))))
    found = {(each.problem.day, each.problem.amount): each.problem for each in sightings.found.values()}
    euros = found[DAY, Price(Decimal("20.00"), "eur")]
    assert euros.sentence.startswith("3 orders of 2026-05-14 name no Printful order.")
    assert euros.ids == {"day": "2026-05-14", "orders": "3"}
    assert [each.sentence.partition(" no ")[0] for each in [*found.values()][1:]] == [
        "1 order of 2026-05-14 names",
        "1 order of 2026-05-13 names",
    ]
    assert unlooked("o9", "1").id == euros.id, "each order's notice leads to the record"
    assert euros.id == "pceb2f492796b", "somebody may have acknowledged it in an earlier release"
    assert {each.found_by for each in sightings.found.values()} == {FoundBy.SESSIONS}


def test_the_record_of_a_day_ends_when_printful_was_looked_at() -> None:
    price = Price(Decimal("20.00"), "eur")
    before = known(FoundBy.SESSIONS, problem_class=ProblemClass.NOT_LOOKED_AT, ids={"day": str(DAY)}, amount=price)
    again = Problem(ProblemClass.NOT_LOOKED_AT, "It names none.", {"order_id": "o1"}, DAY, price)
    before = replace(before, id=again.id)
    assert ended(before, Plan(DAY, notes=(again,)), links=False) == {}
    assert ended(before, Plan(DAY)) == {before.id: "gone"}
