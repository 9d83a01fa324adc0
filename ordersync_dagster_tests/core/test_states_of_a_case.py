"""What each of the three systems says of one order now, in one line, without personal data."""

from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.explanation import Case, Facts
from ordersync_dagster.core.one_case import states
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.sandbox import checkout_session, printful_order
from ordersync_dagster_tests.support.builders import stored_item, stored_order

ORDER = Case(stored_order(), "cs_1")


def at_printful(**facts: Any) -> str:
    return states(Facts(ORDER, **facts))["Printful"]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (Facts(ORDER, checkout_session()), "complete, paid, USD 26.00"),
        (Facts(ORDER, checkout_session(status=None, payment_status="unpaid", currency="jpy")), "unpaid, JPY 2,600"),
        (Facts(ORDER, checkout_session(amount_total=None)), "complete, paid, no amount"),
        (
            Facts(ORDER, checkout_session(), refunds=[{}, {}], disputes=[{}]),
            "complete, paid, USD 26.00, 2 refunds, 1 dispute",
        ),
        (Facts(ORDER), "nothing of session cs_1"),
        (Facts(Case(stored_order())), "no session is known"),
    ],
)
def test_stripe_says_its_words_the_amount_and_what_went_back(facts: Facts, line: str) -> None:
    assert states(facts)["Stripe"] == line


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (
            stored_order(items=(stored_item(),)),
            "processing, USD 26.00, 1 item, customer_email (set), customer_name (set), shipping_address (set)",
        ),
        (
            stored_order(
                status="shipped",
                total=Decimal("1E+2"),
                currency=None,
                customer_email="",
                customer_name=None,
                shipping_address=None,
            ),
            "shipped, 100, 0 items, customer_email (empty), customer_name (empty), shipping_address (empty)",
        ),
        (
            stored_order(total=None),
            "processing, no amount, 0 items, customer_email (set), customer_name (set), shipping_address (set)",
        ),
        (None, "no order"),
    ],
)
def test_the_shop_says_status_amount_items_and_which_columns_are_set(order: Any, line: str) -> None:
    assert states(Facts(Case(order)))["shop"] == line


def test_printful_says_the_word_of_each_order_that_was_found() -> None:
    found = {"9": printful_order(id=9, status="partial"), "8": Missing("8"), "7": NotAsked("7", "no answer")}
    line = "9 is partial, 6 is draft, has no order 8 (404)"
    assert at_printful(printful=found, named=[printful_order(id=6, status="draft")]) == line
    assert at_printful(named=[printful_order(id=6, status="x" * 60)]) == f"6 is {'x' * 40}"


def test_printful_without_an_order_says_so() -> None:
    assert at_printful() == at_printful(printful={"7": NotAsked("7", "no answer")}) == "no order is known"


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (
            [
                {"id": 1, "shipment_status": "shipped", "delivery_status": "delivered"},
                {"id": 2, "shipment_status": "returned"},
            ],
            "9 is fulfilled (parcel 1 shipped, delivered; parcel 2 returned)",
        ),
        ([{"id": 3}], "9 is fulfilled (parcel 3 without a word)"),
        ([{"id": 3, "shipment_status": "y" * 99}], f"9 is fulfilled (parcel 3 {'y' * 80})"),
        ([], "9 is fulfilled (no parcel yet)"),
        (Missing("9"), "9 is fulfilled (API v2 has no such order)"),
        (NotAsked("9", "no answer"), "9 is fulfilled"),
    ],
)
def test_each_parcel_stands_behind_its_order_in_printfuls_words(rows: Any, line: str) -> None:
    assert at_printful(named=[printful_order(id=9, status="fulfilled")], parcels={"9": rows}) == line
