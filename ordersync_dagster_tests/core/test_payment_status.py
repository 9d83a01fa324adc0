"""What an order becomes, and what is told of it, where its payment went back, may go back or is not known."""

from decimal import Decimal

import pytest

from ordersync_dagster.core.changes import SetStatus
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.orders import Status, order_id
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.reversals import Reversals, names_payment, read_reversals
from ordersync_dagster.sandbox import dispute, refund
from ordersync_dagster.sandbox.world.sessions import SESSION_ID
from ordersync_dagster_tests.core.payment_plans import SUBSCRIBED, classes, plan_of
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, stored_order

BACK = read_reversals([refund()], [])
PARTLY = read_reversals([refund(amount=1500)], [])
DISPUTED = read_reversals([], [dispute()])


@pytest.mark.parametrize(
    ("status", "whole", "part", "disputed"),
    [
        *((word, ["payment_refunded"], ["partly_refunded"], ["disputed"]) for word in ("processing", "shipped", "odd")),
        *((word, ["payment_refunded"], [], ["disputed"]) for word in ("delivered", "completed")),
        *((word, [], ["paid_but_not_live"], ["disputed"]) for word in ("cancelled", "failed")),
        *((word, [], [], []) for word in ("refunded", "returned")),
    ],
)
def test_an_order_is_named_where_its_payment_is_not_what_its_status_says(
    status: str, whole: list[str], part: list[str], disputed: list[str]
) -> None:
    for reversals, expected in ((BACK, whole), (PARTLY, part), (DISPUTED, disputed)):
        plan = plan_of(reversals, stored_order(status=status), sets_refunded=False)
        assert (classes(plan), plan.change_count) == (expected, 0)
        assert all(problem.ids["order_id"] == ORDER_ID for problem in plan.problems)


@pytest.mark.parametrize("status", [*Status, "odd"])
def test_an_order_whose_whole_payment_went_back_becomes_refunded(status: str) -> None:
    plan = plan_of(BACK, stored_order(status=status))
    moved = status not in ("refunded", "returned", "cancelled", "odd")
    assert [each.completed.status for each in plan.completions] == ["refunded"] * moved
    assert classes(plan) == ["payment_refunded"] * (status == "odd")
    for kept in (PARTLY, DISPUTED, Reversals()):
        assert all(
            each.completed.status != "refunded" for each in plan_of(kept, stored_order(status=status)).completions
        )


def test_a_refund_that_may_still_fail_is_only_told() -> None:
    plan = plan_of(read_reversals([refund(status="pending")], []), stored_order())
    assert (classes(plan), plan.change_count) == (["payment_refunded"], 0)


def test_an_order_of_another_session_with_the_refunded_payment_becomes_refunded() -> None:
    plan = plan_of(BACK, stored_order(session_id="cs_test_other"))
    assert [each.completed.status for each in plan.completions] == ["refunded"]
    assert classes(plan) == ["superseded_session"]
    assert plan_of(BACK, stored_order(session_id="cs_test_other", total=Decimal("1.00"))).change_count == 0


@pytest.mark.parametrize(
    ("reversals", "moves", "told"),
    [(BACK, 1, []), (DISPUTED, 0, ["disputed"]), (PARTLY, 1, ["partly_refunded"]), (Reversals(), 1, [])],
    ids=["refunded", "disputed", "partly refunded", "kept"],
)
def test_a_pending_order_becomes_processing_only_while_its_payment_is_kept(
    reversals: Reversals, moves: int, told: list[str]
) -> None:
    plan = plan_of(reversals, stored_order(status="pending"))
    assert (len(plan.completions), classes(plan)) == (moves, told)
    assert all((each.completed.status == "processing") is (reversals is not BACK) for each in plan.completions)


@pytest.mark.parametrize("status", ["pending", "cancelled"])
def test_a_status_is_not_judged_by_a_payment_that_nobody_knows(status: str) -> None:
    plan = plan_of(Reversals(), stored_order(status=status), **SUBSCRIBED)
    assert (plan.change_count, classes(plan)) == (0, ["refund_unknown"])


@pytest.mark.parametrize("reversals", [BACK, DISPUTED], ids=["refunded", "disputed"])
def test_an_existing_order_without_its_payment_is_not_said_to_wait(reversals: Reversals) -> None:
    recovered = stored_order(id=order_id(SESSION_ID), printful_order_id=None)
    assert "not_looked_at" not in classes(plan_of(reversals, recovered))
    assert "not_looked_at" in classes(plan_of(PARTLY, recovered))


def test_an_unknown_refund_is_said_only_of_orders_that_would_be_said_to_wait() -> None:
    assert classes(plan_of(Reversals(), stored_order(), **SUBSCRIBED)) == []
    assert classes(plan_of(Reversals(), stored_order(printful_order_id=None), **SUBSCRIBED)) == ["refund_unknown"]


def test_an_order_without_its_payment_may_still_be_linked() -> None:
    day = SessionDay(sessions=(new_order(),), reversals=DISPUTED, asks_printful=True)
    (unlinked,) = decide_sessions(day, Stored()).unlinked
    assert not unlinked.payment.is_kept


@pytest.mark.parametrize(
    ("reversals", "sentence", "ids"),
    [
        (
            BACK,
            "Order {} says processing, and its whole payment went back to the customer. Cancel what is not sent yet, "
            "and set the order's status by hand.",
            {},
        ),
        (
            DISPUTED,
            "The customer's bank disputes the payment of order {} (du_3SandboxDispute000000000). Answer it at Stripe, "
            "and send no goods before it is decided.",
            {"stripe_dispute_ids": "du_3SandboxDispute000000000"},
        ),
        (
            PARTLY,
            "Order {}: USD 15.00 of USD 26.00 went back to the customer. Send only the goods that are still paid.",
            {},
        ),
        (
            read_reversals([refund(amount=1500), refund(amount=1, currency="eur")], []),
            "Order {}: EUR 0.01 and USD 15.00 of USD 26.00 went back to the customer. Send only the goods that are "
            "still paid.",
            {},
        ),
        (
            read_reversals([refund(amount=None)], []),
            "Nobody knows whether the payment of order {} was refunded: a refund or a lost dispute of it cannot be "
            "read. Look at the payment at Stripe before you send the goods.",
            {},
        ),
    ],
    ids=["refunded", "disputed", "partly refunded", "in two currencies", "unknown"],
)
def test_each_sentence_names_the_order_and_says_what_to_do(
    reversals: Reversals, sentence: str, ids: dict[str, str]
) -> None:
    (problem,) = plan_of(reversals, stored_order(), sets_refunded=False).problems
    assert problem.sentence == sentence.format(ORDER_ID)
    assert problem.ids == {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID} | ids


def test_a_refund_that_somebody_took_back_is_told_and_not_set_again() -> None:
    day = SessionDay(sessions=(new_order(),), reversals=BACK, taken_back={ORDER_ID: [Status.REFUNDED]})
    plan = decide_sessions(day, Stored((stored_order(),)))
    (problem,) = plan.problems
    assert plan.change_count == 0
    assert problem.sentence == (
        f"Order {ORDER_ID} says processing, and its whole payment went back to the customer. An earlier run set it to "
        "refunded, and somebody took that back: it was not set again. Cancel what is not sent yet, and set the order's "
        "status by hand."
    )
    assert problem.ids == {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID}
    cancelled = decide_sessions(day, Stored((stored_order(status="cancelled"),)))
    assert classes(cancelled) == ["payment_refunded"]


def test_two_disputes_are_named_with_a_comma() -> None:
    (problem,) = plan_of(read_reversals([], [dispute(id="b"), dispute(id="a")]), stored_order()).problems
    assert problem.ids["stripe_dispute_ids"] == "a, b"
    assert "(a, b)" in problem.sentence


@pytest.mark.parametrize(
    ("row", "is_one"),
    [
        ({"payment_intent": "pi_1"}, True),
        ({"charge": None}, True),
        ({"payment_intent": None, "charge": "ch_1"}, True),
        ({"id": "re_1"}, False),
        (["payment_intent"], False),
        (None, False),
    ],
)
def test_a_refund_names_its_payment_or_says_that_it_has_none(row: object, is_one: bool) -> None:
    assert names_payment(row) is is_one


def test_a_payment_that_went_back_comes_before_whatever_else_is_filled() -> None:
    (update,) = plan_of(BACK, stored_order(customer_name=None)).completions
    assert update.changes[0] == SetStatus("processing", "refunded", "the whole payment went back", "Stripe")
    assert len(update.changes) == 2
