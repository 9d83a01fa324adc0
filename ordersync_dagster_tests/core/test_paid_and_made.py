"""Goods that go out although their payment went back or may go back, and orders that cost more than they brought."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.back_and_shipping import back_and_shipping
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.not_made import MakingRules, Payment
from ordersync_dagster.core.orders import LineItem, Price, Status, StoredOrder
from ordersync_dagster.core.paid_and_made import OF_PAYMENTS, paid_and_made
from ordersync_dagster.core.payment_state import payment_state
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import STATUS, Missing, NotAsked
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import Reversals, read_reversals
from ordersync_dagster.sandbox import dispute, refund, shipment
from ordersync_dagster.sandbox.world.printful_orders import costs
from ordersync_dagster_tests.support.builders import (
    ORDER_ID,
    PRINTFUL_ID,
    new_order,
    printful_answer,
    stored_item,
    stored_order,
)

NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)
BACK, DISPUTED = read_reversals([refund()], []), read_reversals([], [dispute()])
PARTLY = read_reversals([refund(amount=1500)], [])
ABOUT_PAYMENT = {
    "payment_refunded", "refunded_but_shipping", "disputed", "disputed_but_shipping", "negative_margin",
    "regress_blocked", "unknown_status",
}  # fmt: skip
WORDS = [*STATUS, "inreview", "archived"]


def told(
    answer: Any, reversals: Reversals = Reversals(), *, sets: bool = True, row: StoredOrder | None = None
) -> list[Problem]:
    """What a whole run tells of the default session, its order and Printful's `answer`."""
    existing = row or stored_order(items=(stored_item(),))
    day = SessionDay(sessions=(new_order(),), reversals=reversals, asks_printful=True, sets_refunded=sets)
    plan = decide_sessions(day, Stored((existing,)))
    now = next((each.completed for each in plan.completions), existing)
    payment = Payment.of(new_order(), payment_state(new_order(), reversals))
    left = {existing.id: [each for each in plan.problems if each.problem_class in OF_PAYMENTS]}
    batch = PrintfulBatch({PRINTFUL_ID: answer}, {now.session_id: payment}, now=int(NOW.timestamp()), left=left)
    problems = [*decide_printful(batch, Stored((now,))).problems]
    return [each for each in problems if each.problem_class in ABOUT_PAYMENT]


def classes(problems: list[Problem]) -> list[str]:
    return [str(each.problem_class) for each in problems]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("sets", [True, False])
def test_goods_of_a_refunded_payment_that_go_out_are_told_once(word: str, *, sets: bool) -> None:
    found = classes(told(printful_answer(status=word, created=int(NOW.timestamp())), BACK, sets=sets))
    if word in ("canceled", "failed", "archived"):
        unknown = ["unknown_status"] if word == "archived" else []
        assert found == [*unknown, *([] if sets else ["payment_refunded"])]
    else:
        assert found == ["refunded_but_shipping"]


@pytest.mark.parametrize(
    ("word", "what", "remedy"),
    [
        ("draft", "is still a draft", "Delete it"),
        ("pending", "waits to be accepted", "Cancel it"),
        ("inprocess", "is being made", "Ask Printful at once to cancel it"),
        ("partial", "has sent a part", "cancel the rest"),
        ("fulfilled", "has sent the goods", "send it back"),
    ],
)
def test_the_sentence_says_how_far_the_goods_are(word: str, what: str, remedy: str) -> None:
    (problem,) = told(printful_answer(status=word, created=int(NOW.timestamp())), BACK)
    assert what in problem.sentence
    assert remedy in problem.sentence
    assert problem.ids == {
        "order_id": ORDER_ID, "stripe_session_id": new_order().session_id, "printful_order_id": PRINTFUL_ID,
    }  # fmt: skip
    assert problem.amount == Price(Decimal("17.34"), "usd")


def test_goods_that_arrived_long_before_their_refund_are_no_problem() -> None:
    def found(**answer: Any) -> list[str]:
        made = int((NOW - timedelta(days=60)).timestamp())
        return classes(told(printful_answer(status="fulfilled", created=made, **answer), BACK))

    assert found() == []
    assert found(shipments=[shipment(ship_date="2026-08-20")]) == []
    assert found(shipments=[shipment(ship_date="2026-08-20"), shipment(id=2, ship_date="2026-09-20")]) == [
        "refunded_but_shipping"
    ]
    assert found(shipments=[shipment(ship_date="soon")]) == []


@pytest.mark.parametrize("status", [*Status, "odd"])
def test_the_shops_own_word_refunded_is_enough_for_goods_that_are_still_to_be_made(status: str) -> None:
    row = replace(stored_order(items=(stored_item(),)), status=status)
    plan = decide_printful(PrintfulBatch({PRINTFUL_ID: printful_answer(status="inprocess")}), Stored((row,)))
    found = "refunded_but_shipping" in classes(list(plan.problems))
    assert found is (status == "refunded")


def test_a_cancelled_order_whose_goods_are_made_for_a_refund_is_told_once() -> None:
    row = stored_order(status="cancelled", items=(stored_item(),))
    assert classes(told(printful_answer(status="inprocess"), BACK, row=row)) == ["refunded_but_shipping"]


@pytest.mark.parametrize("word", WORDS)
def test_a_dispute_is_told_once_and_more_urgently_while_goods_are_not_sent(word: str) -> None:
    found = classes(told(printful_answer(status=word), DISPUTED))
    is_stoppable = word in ("draft", "pending", "inreview", "onhold", "inprocess", "partial")
    unknown = ["unknown_status"] if word in ("inreview", "archived") else []
    assert sorted(found) == sorted([*unknown, "disputed_but_shipping" if is_stoppable else "disputed"])


@pytest.mark.parametrize("answer", [Missing(PRINTFUL_ID), NotAsked(PRINTFUL_ID, "no answer")])
def test_where_printful_says_nothing_the_payment_is_told_alone(answer: Any) -> None:
    assert classes(told(answer, DISPUTED)) == ["disputed"]
    assert classes(told(answer, BACK, sets=False)) == ["payment_refunded"]


def test_two_orders_of_one_printful_order_are_told_of_their_payments() -> None:
    rows = (stored_order(), stored_order(id="twin", session_id="cs_test_twin"))
    left = {row.id: [Problem(ProblemClass.DISPUTED, row.id)] for row in rows}
    batch = PrintfulBatch({PRINTFUL_ID: printful_answer()}, left=left)
    found = classes(list(decide_printful(batch, Stored(rows)).problems))
    assert sorted(found) == ["ambiguous_match", "disputed", "disputed"]


@pytest.mark.parametrize(
    ("total", "currency", "reversals", "word", "loss"),
    [
        ("26.01", "USD", Reversals(), "inprocess", "0.01"),
        ("26.00", "USD", Reversals(), "inprocess", None),
        ("30.00", "usd", Reversals(), "fulfilled", "4.00"),
        ("30.00", "EUR", Reversals(), "inprocess", None),
        ("30.00", None, Reversals(), "inprocess", None),
        (None, "USD", Reversals(), "inprocess", None),
        ("much", "USD", Reversals(), "inprocess", None),
        ("30.00", "USD", Reversals(), "canceled", None),
        ("30.00", "USD", Reversals(), "failed", None),
        ("17.34", "USD", PARTLY, "inprocess", "6.34"),
        ("30.00", "USD", BACK, "inprocess", None),
        ("30.00", "USD", DISPUTED, "inprocess", None),
        ("17.34", "USD", read_reversals([refund(amount=1, currency="eur")], []), "inprocess", None),
    ],
)
def test_a_loss_is_told_where_both_amounts_are_known_and_the_same_money(
    total: str | None, currency: str | None, reversals: Reversals, word: str, loss: str | None
) -> None:
    charged: dict[str, Any] = {"total": total, "currency": currency}
    answer = printful_answer(status=word, costs=costs(**charged))
    found = [each for each in told(answer, reversals) if each.problem_class == "negative_margin"]
    assert [each.amount for each in found] == ([Price(Decimal(loss), "usd")] if loss else [])
    assert all(f"loses USD {loss}" in each.sentence for each in found)


def test_a_payment_that_this_run_does_not_know_is_no_loss() -> None:
    answer = printful_answer(costs=costs(total="99.00"))
    plan = decide_printful(PrintfulBatch({PRINTFUL_ID: answer}), Stored((stored_order(items=(stored_item(),)),)))
    assert "negative_margin" not in classes(list(plan.problems))


FOURTEEN_DAYS = 14 * 86_400


@pytest.mark.parametrize("day", ["2026-09-20", "2026-09-20 08:30:00"])
def test_a_parcel_may_be_on_its_way_for_fourteen_days(day: str) -> None:
    sent = printful_answer(status="fulfilled", shipments=[shipment(ship_date=day)])
    until = int(datetime(2026, 9, 20, tzinfo=UTC).timestamp()) + FOURTEEN_DAYS
    assert back_and_shipping(stored_order(), sent, Payment(is_refunded=True), until)
    assert back_and_shipping(stored_order(), sent, Payment(is_refunded=True), until + 1) is None


def test_an_order_without_a_parcel_counts_from_when_it_was_made() -> None:
    def is_told(created: int | None, now: int) -> bool:
        theirs = replace(printful_answer(status="fulfilled"), created=created)
        return back_and_shipping(stored_order(), theirs, Payment(is_refunded=True), now) is not None

    assert is_told(1000, 1000 + FOURTEEN_DAYS)
    assert not is_told(1000, 1001 + FOURTEEN_DAYS)
    assert is_told(None, FOURTEEN_DAYS)
    assert not is_told(None, FOURTEEN_DAYS + 1)


def test_a_problem_of_the_payment_carries_the_day_without_which_nobody_finds_it() -> None:
    day = date(2026, 9, 21)
    paid = Payment(is_kept=True, day=day, lines=(LineItem(9, Decimal(1)),))
    costly = printful_answer(status="inprocess", costs=costs(total="900.00"))
    of_margin = paid_and_made(stored_order(), costly, replace(paid, kept=Price(Decimal(1), "usd")), MakingRules(), 0)
    assert {each.problem_class: each.day for each in of_margin} == {
        ProblemClass.NEGATIVE_MARGIN: day, ProblemClass.GOODS_MISSING: day,
    }  # fmt: skip
    refunded = stored_order(status="refunded")
    (by_status,) = paid_and_made(refunded, costly, Payment(is_kept=False, day=day), MakingRules(), 0)
    assert (by_status.problem_class, by_status.day) == (ProblemClass.REFUNDED_BUT_SHIPPING, None)
