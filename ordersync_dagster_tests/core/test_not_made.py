"""Paid orders whose goods Printful does not make are named; those that nobody has to make are not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.not_made import MakingRules, Payment, not_made
from ordersync_dagster.core.orders import LineItem, Price
from ordersync_dagster.core.payment_problems import paid_but_not_live
from ordersync_dagster.core.payment_state import PaymentState
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import DAY
from ordersync_dagster.sandbox import printful_item, shipment
from ordersync_dagster.sandbox.world.sessions import SESSION_ID
from ordersync_dagster_tests.support.builders import (
    ORDER_ID,
    PRINTFUL_ID,
    new_order,
    printful_answer,
    stored_item,
    stored_order,
)

NOW = int(datetime(2026, 9, 21, 12, tzinfo=UTC).timestamp())
KEPT, GIVEN_BACK, UNKNOWN = Payment(is_kept=True), Payment(is_kept=False), Payment()
NAMED = {"stuck_at_printful", "cancelled_at_printful", "goods_missing"}


def found(
    word: str,
    payment: Payment = UNKNOWN,
    *,
    status: str = "processing",
    age: int = DAY + 1,
    rules: MakingRules = MakingRules(),
    **answer: Any,
) -> list[Problem]:
    """The notices when Printful says `word` of an order that it got `age` seconds ago."""
    stored = stored_order(status=status, items=(stored_item(),))
    theirs = printful_answer(**{"status": word, "created": NOW - age} | answer)
    batch = PrintfulBatch({PRINTFUL_ID: theirs}, {stored.session_id: payment}, rules, NOW)
    plan = decide_printful(batch, Stored((stored,)))
    return [problem for problem in plan.problems if problem.problem_class in NAMED]


def classes(problems: list[Problem]) -> list[str]:
    return [str(problem.problem_class) for problem in problems]


def lines(*quantities: int) -> Payment:
    return Payment(tuple(LineItem(quantity, Decimal("26.00")) for quantity in quantities), is_kept=True)


@pytest.mark.parametrize(
    ("word", "state"), [("draft", "is still a draft"), ("pending", "is still pending"), ("onhold", "is on hold")]
)
def test_a_paid_order_that_stands_still_for_more_than_a_day_is_named(word: str, state: str) -> None:
    (problem,) = found(word)
    assert (problem.problem_class, problem.is_error) == ("stuck_at_printful", False)
    assert problem.ids == {"order_id": ORDER_ID, "printful_order_id": PRINTFUL_ID, "stripe_session_id": SESSION_ID}
    assert f"Order {ORDER_ID} is paid, and Printful order {PRINTFUL_ID} of 2026-09-20 {state}:" in problem.sentence


def test_a_day_is_given_or_the_hours_that_the_shop_says() -> None:
    assert found("draft", age=DAY) == []
    assert classes(found("draft", age=3601, rules=MakingRules(stuck_after=3600))) == ["stuck_at_printful"]
    assert found("draft", age=DAY + 1, rules=MakingRules(stuck_after=2 * DAY)) == []


def test_an_order_of_unknown_age_stands_still() -> None:
    (problem,) = found("onhold", created=None)
    assert f"Printful order {PRINTFUL_ID} is on hold:" in problem.sentence


def test_an_order_that_is_made_is_not_named() -> None:
    for word in ("inprocess", "partial", "fulfilled", "inreview", "archived"):
        assert found(word) == []


@pytest.mark.parametrize(("word", "state"), [("failed", "has failed"), ("canceled", "is canceled")])
def test_fault_76_a_paid_order_that_printful_gave_up_is_named_at_once(word: str, state: str) -> None:
    (problem,) = found(word, age=1)
    assert (problem.problem_class, problem.is_error) == ("cancelled_at_printful", False)
    assert problem.ids == {"order_id": ORDER_ID, "printful_order_id": PRINTFUL_ID, "stripe_session_id": SESSION_ID}
    assert f"Order {ORDER_ID} is paid, and Printful order {PRINTFUL_ID} {state}." in problem.sentence


@pytest.mark.parametrize("word", ["draft", "onhold", "failed", "canceled"])
def test_nobody_has_to_make_what_was_given_back(word: str) -> None:
    assert found(word, GIVEN_BACK) == []
    for status in ("refunded", "returned", "delivered", "completed"):
        assert found(word, KEPT, status=status) == []


def test_a_cancelled_order_is_named_as_long_as_its_payment_is_known_to_be_kept() -> None:
    assert classes(found("canceled", KEPT, status="cancelled")) == ["cancelled_at_printful"]
    assert found("canceled", UNKNOWN, status="cancelled") == []
    assert found("draft", KEPT, status="cancelled") == [], "the shop cancelled it, so nobody should confirm it"


@pytest.mark.parametrize("word", ["draft", "canceled"])
def test_an_order_that_says_pending_is_named_where_stripe_says_that_it_is_paid(word: str) -> None:
    assert len(found(word, KEPT, status="pending")) == 1
    assert found(word, UNKNOWN, status="pending") == []


@pytest.mark.parametrize(("paid", "made"), [((1, 1), (1,)), ((3,), (1, 1)), ((2,), ())])
def test_fewer_pieces_than_were_paid_are_named(paid: tuple[int, ...], made: tuple[int, ...]) -> None:
    items = [printful_item(id=number, quantity=quantity) for number, quantity in enumerate(made, 1)]
    (problem,) = found("fulfilled", lines(*paid), items=items)
    assert (problem.problem_class, problem.is_error) == ("goods_missing", False)
    assert problem.ids == {"order_id": ORDER_ID, "printful_order_id": PRINTFUL_ID, "stripe_session_id": SESSION_ID}
    pieces = f"{sum(made)} of the {sum(paid)} paid pieces of order {ORDER_ID}."
    assert problem.sentence.startswith(f"Printful order {PRINTFUL_ID} has {pieces}")


def test_goods_are_not_missing_where_all_are_made_or_nobody_can_count() -> None:
    tee = printful_item(quantity=2)
    assert found("inprocess", lines(2), items=[tee]) == []
    assert found("inprocess", lines(1), items=[tee]) == [], "a set is one line and several pieces"
    assert found("inprocess", lines(1), items=None) == [], "Printful did not show any list of items"
    assert found("inprocess", KEPT, items=[]) == [], "Stripe did not list the lines"
    assert found("inprocess", lines(3), items=[tee, None]) == [], "an item cannot be read"
    assert found("inprocess", lines(3), items=[tee], incomplete_items=[{}]) == [], "items_mismatch names it"
    partly = replace(lines(3), is_whole=False)
    assert found("inprocess", partly, items=[tee]) == [], "the payment of the third may have gone back"


@pytest.mark.parametrize(
    ("state", "is_kept", "is_whole"),
    [
        (PaymentState(), True, True),
        (PaymentState(is_refunded=True), False, True),
        (PaymentState(disputes=("du_1",)), False, True),
        (PaymentState(unknown="why"), None, True),
        (PaymentState((Price(Decimal(1), "usd"),)), True, False),
    ],
)
def test_a_payment_is_kept_unless_it_went_back_or_is_disputed(
    state: PaymentState, is_kept: bool | None, is_whole: bool
) -> None:
    payment = Payment.of(new_order(line_items=(LineItem(1, Decimal(26)),)), state)
    assert (payment.lines, payment.day) == ((LineItem(1, Decimal(26)),), date(2026, 9, 21))
    assert (payment.is_kept, payment.is_whole) == (is_kept, is_whole)
    left = {True: Price(Decimal(26), "usd"), False: Price(Decimal(25), "usd")}[is_whole]
    assert payment.kept == (left if is_kept else None)


def test_a_shop_that_sells_other_goods_too_hears_nothing_of_them() -> None:
    assert found("inprocess", lines(3), rules=MakingRules(makes_all=False)) == []
    assert classes(found("draft", lines(3), rules=MakingRules(makes_all=False))) == ["stuck_at_printful"]


def test_goods_that_nobody_makes_at_all_are_not_said_to_be_missing_too() -> None:
    assert classes(found("canceled", lines(3))) == ["cancelled_at_printful"]
    assert found("fulfilled", lines(3), status="cancelled") == []


@pytest.mark.parametrize(
    ("status", "word", "told"),
    [
        ("cancelled", "canceled", ["cancelled_at_printful"]),
        ("failed", "failed", ["cancelled_at_printful"]),
        ("failed", "onhold", ["stuck_at_printful"]),
        ("failed", "inprocess", []),
        ("failed", "fulfilled", []),
        ("cancelled", "fulfilled", ["paid_but_not_live"]),
    ],
)
@pytest.mark.parametrize("parcels", [[], [shipment()]])
def test_a_paid_order_that_is_not_live_is_told_once_by_what_to_do(
    status: str, word: str, told: list[str], parcels: list[Any]
) -> None:
    stored = stored_order(status=status, items=(stored_item(),))
    theirs = printful_answer(status=word, created=0, shipments=parcels)
    (not_live,) = paid_but_not_live(stored, new_order())
    batch = PrintfulBatch({PRINTFUL_ID: theirs}, {stored.session_id: KEPT}, now=NOW, left={ORDER_ID: [not_live]})
    notes = decide_printful(batch, Stored((stored,))).notes
    assert [each for each in classes(list(notes)) if each != "regress_blocked"] == told


@pytest.mark.parametrize("answer", [Missing(PRINTFUL_ID), NotAsked(PRINTFUL_ID, "it was away")])
def test_without_an_answer_of_printful_a_paid_order_that_is_not_live_is_told(answer: Missing | NotAsked) -> None:
    stored = stored_order(status="failed")
    batch = PrintfulBatch(
        {PRINTFUL_ID: answer}, left={each: paid_but_not_live(stored, new_order()) for each in (ORDER_ID, "o2")}
    )
    assert "paid_but_not_live" in classes(list(decide_printful(batch, Stored((stored,))).notes))
    twins = decide_printful(batch, Stored((stored, replace(stored, id="o2", session_id="cs_2"))))
    assert classes(list(twins.notes)).count("paid_but_not_live") == 2


def test_only_what_its_payment_alone_shows_carries_the_day_of_its_session() -> None:
    day = date(2026, 9, 21)
    paid = replace(KEPT, day=day, lines=(LineItem(9, Decimal(1)),))
    answer = printful_answer(status="onhold", created=NOW - DAY - 1)
    told = not_made(stored_order(), answer, paid, MakingRules(), NOW)
    assert {each.problem_class: each.day for each in told} == {"stuck_at_printful": None, "goods_missing": day}
    told = not_made(stored_order(), answer, replace(paid, day=None), MakingRules(), NOW)
    assert {each.day for each in told} == {None}
    made = printful_answer(status="inprocess")
    assert not_made(stored_order(), made, replace(KEPT, day=day), MakingRules(), NOW) == []


@pytest.mark.parametrize(("total", "kept"), [("0", None), ("0.50", Price(Decimal("0.50"), "usd"))])
def test_nothing_is_kept_of_a_free_order_and_little_of_a_cheap_one(total: str, kept: Price | None) -> None:
    assert Payment.of(new_order(total=Decimal(total)), PaymentState()).kept == kept


def test_what_is_kept_is_unknown_where_other_money_went_back() -> None:
    state = PaymentState(returned=(Price(Decimal(5), "eur"),))
    assert Payment.of(new_order(), state).kept is None


def test_what_only_the_payment_shows_carries_the_day_of_its_session() -> None:
    day = date(2026, 9, 20)
    (of_payment,) = found("canceled", replace(KEPT, day=day), status="cancelled")
    (seen_without,) = found("canceled", replace(KEPT, day=day))
    (without_day,) = found("canceled", KEPT, status="cancelled")
    assert (of_payment.day, seen_without.day, without_day.day) == (day, None, None)
