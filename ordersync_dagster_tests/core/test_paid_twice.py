"""A purchase that somebody paid twice: told once, on one day, for all of its sessions."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.decide_sessions import SessionDay, decide_piece
from ordersync_dagster.core.orders import LineItem, Order, Reference
from ordersync_dagster.core.pieces import Around, join_pieces
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.reversals import read_reversals
from ordersync_dagster.sandbox import refund
from ordersync_dagster_tests.core.one_payment import decided, of
from ordersync_dagster_tests.support.builders import new_order, stored_order

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)


def bought(session_id: str, minutes: int, **overrides: Any) -> Order:
    """A purchase `minutes` after noon, for the same customer, lines and amount as the others."""
    known = {
        "session_id": session_id,
        "payment_intent_id": f"pi_{session_id}",
        "created": NOON + timedelta(minutes=minutes),
        "line_items": (LineItem(1, Decimal(26)),),
    }
    return new_order(**known | overrides)


def test_the_same_purchase_paid_twice_within_an_hour_is_told_once_for_all() -> None:
    plan = decided(bought("a", 0), bought("b", 50), bought("c", 100), bought("d", 300))
    assert len(plan.inserts) == 4
    (problem,) = of(plan, "double_payment")
    assert problem.ids["stripe_session_ids"] == "a, b, c"
    assert "were all paid, for the same customer, lines and amount within an hour (order " in problem.sentence
    assert problem.day == NOON.date()
    unread = decided(bought("a", 0, line_items=()), bought("b", 1, line_items=()))
    assert "for the same customer and amount within an hour" in of(unread, "double_payment")[0].sentence


def test_purchases_that_are_hours_apart_are_told_apart() -> None:
    plan = decided(
        bought("a", 0), bought("b", 60, customer_email="ASTA@example.com"), bought("c", 200), bought("d", 210)
    )
    assert [each.ids["stripe_session_ids"] for each in of(plan, "double_payment")] == ["a, b", "c, d"]


@pytest.mark.parametrize(
    "difference",
    [
        {"customer_email": "bo@example.com"},
        {"total": Decimal(27)},
        {"currency": "eur"},
        {"line_items": (LineItem(2, Decimal(13)),)},
        {"created": NOON + timedelta(minutes=61)},
        {"total": Decimal(0)},
    ],
)
def test_a_different_purchase_is_no_double_payment(difference: dict[str, Any]) -> None:
    assert of(decided(bought("a", 0), bought("b", 1, **difference)), "double_payment") == []


def test_a_second_payment_that_was_given_back_is_not_told() -> None:
    back = read_reversals([refund(payment_intent="pi_b")], [])
    assert of(decided(bought("a", 0), bought("b", 1), reversals=back), "double_payment") == []
    cancelled = stored_order(session_id="b", payment_intent_id="pi_b", status="refunded")
    assert of(decided(bought("a", 0), bought("b", 1), stored=(cancelled,)), "double_payment") == []


def test_a_second_payment_after_midnight_is_told_on_the_older_day_alone() -> None:
    late, early = bought("a", 0), bought("b", 40)
    newer = decide_piece(SessionDay(sessions=(early,), asks_printful=True), Stored())
    older = decide_piece(SessionDay(sessions=(late,), asks_printful=True), Stored())
    assert of(join_pieces([newer]), "double_payment") == []
    assert len(of(join_pieces([older], Around(newer.paid)), "double_payment")) == 1
    elsewhere = Around((*newer.paid, *older.paid))
    assert of(join_pieces([decide_piece(SessionDay(), Stored())], elsewhere), "double_payment") == []


def test_a_purchase_of_the_first_hour_is_left_to_the_day_before_and_nobody_waits() -> None:
    midnight = int(NOON.timestamp())
    newer = decide_piece(SessionDay(sessions=(bought("b", 20), bought("c", 70)), asks_printful=True), Stored())
    left = Around(leaves_before=midnight)
    plan = join_pieces([newer], left)
    assert of(plan, "double_payment") == []
    assert [each.payment.unknown for each in plan.unlinked] == ["paid twice"] * 2
    (purchase,) = left.purchases([newer])
    assert left.leaves(purchase)
    empty = decide_piece(SessionDay(), Stored())
    (problem,) = of(join_pieces([empty], Around(untold=purchase)), "double_payment")
    assert problem.ids["stripe_session_ids"] == "b, c"
    older = decide_piece(SessionDay(sessions=(bought("a", -30),), asks_printful=True), Stored())
    (problem,) = of(join_pieces([older], Around(newer.paid[:1], purchase)), "double_payment")
    assert problem.ids["stripe_session_ids"] == "a, b, c"


@pytest.mark.parametrize(("minutes", "is_left"), [(60, True), (61, False)])
def test_only_a_purchase_that_begins_in_the_first_hour_is_left(minutes: int, is_left: bool) -> None:
    piece = decide_piece(SessionDay(sessions=(bought("b", minutes), bought("c", minutes + 5))), Stored())
    around = Around(leaves_before=int(NOON.timestamp()))
    assert [around.leaves(each) for each in around.purchases([piece])] == [is_left]
    assert bool(of(join_pieces([piece], around), "double_payment")) is not is_left


def test_a_purchase_that_was_paid_again_after_midnight_is_of_the_first_day() -> None:
    midnight = NOON + timedelta(hours=12)
    paid = [bought(name, 0, created=midnight + timedelta(minutes=minutes)) for name, minutes in (("a", -1), ("b", 5))]
    (problem,) = of(decided(*paid), "double_payment")
    assert problem.day == NOON.date()


def test_a_purchase_that_its_reference_tells_is_not_told_a_second_time() -> None:
    of_one_order = {"references": (Reference("missing", is_certain=True, names_order=True),)}
    later = bought("c", 300, total=Decimal(9), **of_one_order)
    plan = decided(bought("a", 0, **of_one_order), bought("b", 5, **of_one_order), later)
    (problem,) = of(plan, "double_payment")
    assert problem.ids["stripe_session_ids"] == "a, b, c"
    apart = decided(bought("a", 0, **of_one_order), bought("b", 5), later)
    assert [each.ids["stripe_session_ids"] for each in of(apart, "double_payment")] == ["a, b", "a, c"]


def test_two_sessions_of_one_order_that_are_alike_are_told_once() -> None:
    of_one_order = {"references": (Reference("missing", is_certain=True, names_order=True),)}
    plan = decided(bought("a", 0, **of_one_order), bought("b", 5, **of_one_order))
    assert [each.ids["stripe_session_ids"] for each in of(plan, "double_payment")] == ["a, b"]


def test_sessions_of_two_orders_are_two_purchases() -> None:
    def of_order(session_id: str, name: str, total: int) -> Order:
        references = (Reference(name, is_certain=True, names_order=True),)
        return bought(session_id, 0, total=Decimal(total), references=references)

    plan = decided(of_order("a", "x", 1), of_order("b", "x", 2), of_order("c", "y", 3), of_order("d", "y", 4))
    assert [each.ids["stripe_session_ids"] for each in of(plan, "double_payment")] == ["a, b", "c, d"]


def test_a_small_purchase_that_was_paid_twice_is_told_too() -> None:
    plan = decided(*(bought(name, 0, total=Decimal("0.50"), line_items=()) for name in ("a", "b")))
    assert len(of(plan, "double_payment")) == 1
