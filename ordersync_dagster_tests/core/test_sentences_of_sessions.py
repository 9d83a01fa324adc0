"""What a session says of its order, told whole: the class, every word and every id, as a shop owner reads it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.completion import completed, without_taken_back
from ordersync_dagster.core.insertable import reason_not_to_insert
from ordersync_dagster.core.late_payment import late_payment
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.money import Capacity, MoneyError, from_minor
from ordersync_dagster.core.order_without_payment import order_without_payment
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import Overdue
from ordersync_dagster_tests.support.builders import new_order, stored_order

IDS = {"order_id": "o1", "stripe_session_id": "cs_1"}
ORDER = new_order(session_id="cs_1")


def row(**columns: Any) -> Any:
    return stored_order(**{"id": "o1", "session_id": "cs_1", "printful_order_id": "7", **columns})


@pytest.mark.parametrize(
    ("columns", "problem_class", "sentence", "column"),
    [
        (
            {"customer_email": "no@example.com", "customer_name": None, "shipping_address": None},
            ProblemClass.OTHER_EMAIL,
            "Order o1 has another e-mail address than its session, so customer_name and shipping_address stayed empty. "
            "If the customer was not erased, fill it by hand.",
            None,
        ),
        (
            {"payment_intent_id": None},
            ProblemClass.TEXT_DOES_NOT_FIT,
            "Order o1 was not completed: orders.stripe_payment_intent_id is too narrow for its value. Widen the "
            "column.",
            None,
        ),
        (
            {"total": Decimal("25.00")},
            ProblemClass.ORDER_DISAGREES,
            "Order o1 says total_amount 25.00, its session says 26.00; it was left alone.",
            "total_amount",
        ),
        (
            {"total": None, "unreadable": frozenset({"total_amount"})},
            ProblemClass.ORDER_DISAGREES,
            "Order o1 says a total_amount that is no amount, its session says 26.00; it was left alone.",
            "total_amount",
        ),
        (
            {"shipping_address": None, "unreadable": frozenset({"shipping_address"})},
            ProblemClass.UNREADABLE_COLUMN,
            "The shipping_address of order o1 is no JSON object; it was left alone.",
            "shipping_address",
        ),
    ],
)
def test_what_keeps_an_order_incomplete_is_told_whole(
    columns: dict[str, Any], problem_class: ProblemClass, sentence: str, column: str | None
) -> None:
    limits = Limits(widths={"orders.stripe_payment_intent_id": 5})
    update, problems = completed(row(**columns), ORDER, limits, is_paid=True)
    assert (update, problems) == (
        None,
        [Problem(problem_class, sentence, IDS | ({"column": column} if column else {}))],
    )


def test_a_link_of_the_session_that_somebody_took_back_is_told_whole() -> None:
    order, problems = without_taken_back(
        row(printful_order_id=None), new_order(session_id="cs_1", printful_order_id="7"), {"o1": ["6", "7"]}
    )
    assert order == ORDER
    assert problems == [
        Problem(
            ProblemClass.POSSIBLE_LINK,
            "The session of order o1 names Printful order 7. An earlier run linked them, and somebody took that back: "
            "it was not linked again. If the link is right, set the order's printful_order_id.",
            IDS | {"printful_order_ids": "7"},
        )
    ]


@pytest.mark.parametrize(
    ("limits", "problem_class", "why"),
    [
        (
            Limits(total=Capacity(3, 2)),
            ProblemClass.AMOUNT_DOES_NOT_FIT,
            "orders.total_amount is numeric(3,2) and cannot hold USD 26.00 exactly. Widen the column.",
        ),
        (
            Limits(widths={"orders.currency": 2}),
            ProblemClass.TEXT_DOES_NOT_FIT,
            "orders.currency is too narrow for its value. Widen the column.",
        ),
    ],
)
def test_a_session_that_no_column_holds_is_told_whole(limits: Limits, problem_class: ProblemClass, why: str) -> None:
    sentence = f"Session cs_1 became no order: {why}"
    assert reason_not_to_insert(ORDER, limits) == Problem(problem_class, sentence, {"stripe_session_id": "cs_1"})


def test_a_late_payment_is_told_whole() -> None:
    paid = ORDER.created + timedelta(days=9, hours=23)
    day = 86_400
    assert late_payment(row(), ORDER, int(paid.timestamp()), 7 * day) == [
        Problem(
            ProblemClass.LATE_PAYMENT,
            f"Order o1 was paid on {paid.date()}, 9 days after its checkout. Look whether its goods and prices are "
            "still the same, and tell the customer: you may have called it cancelled.",
            IDS,
        )
    ]


@pytest.mark.parametrize(
    ("columns", "remedy"),
    [
        ({"status": "delivered"}, ", and its goods are delivered. Ask the customer to pay for them."),
        (
            {"status": "shipped"},
            ", and its goods are on the way. Have them stopped at once, or ask the customer to pay.",
        ),
        ({}, ", and Printful has its order 7. Cancel it there at once, before goods are sent."),
        ({"printful_order_id": None}, ". Send no goods, and cancel the order."),
    ],
)
def test_an_order_without_payment_is_told_whole(columns: dict[str, Any], remedy: str) -> None:
    stored = row(payment_intent_id=None, **columns)
    at_printful = {"printful_order_id": "7"} if stored.printful_order_id else {}
    sentence = f"Order o1 has no payment: session cs_1 of 2026-11-03 is still unpaid{remedy}"
    assert order_without_payment(stored, "cs_1", Overdue(date(2026, 11, 3), "pi_1")) == [
        Problem(ProblemClass.ORDER_WITHOUT_PAYMENT, sentence, IDS | at_printful)
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "sentence"),
    [
        (10**18, "usd", "an amount of more than 18 digits is beyond what Stripe charges"),
        (501, "isk", "501 is no amount in isk: its two decimals are always 00"),
        (1, "usdollars", "currency 'usdollar' is not one that Stripe lists"),
    ],
)
def test_an_amount_that_cannot_be_says_why(amount: int, currency: str, sentence: str) -> None:
    with pytest.raises(MoneyError) as refused:
        from_minor(amount, currency)
    assert str(refused.value) == sentence


def test_a_link_of_the_session_that_the_order_does_not_need_is_not_told() -> None:
    order = new_order(session_id="cs_1", printful_order_id="7")
    assert without_taken_back(row(printful_order_id="8"), order, {"o1": ["7"]}) == (order, [])
    assert without_taken_back(row(printful_order_id=None), order, {"o2": ["7"]}) == (order, [])
