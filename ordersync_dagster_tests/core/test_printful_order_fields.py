"""Fields of a Printful order, as Printful sends them and as no one should."""

from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.printful_order_fields import (
    MalformedPrintfulOrderError,
    catalog_id,
    cost_of,
    currency_of,
    external_id,
    image_url_of,
    is_sample,
    price_of,
    text_of,
)


@pytest.mark.parametrize(
    ("costs", "cost"),
    [
        ({"currency": "USD", "total": "17.34"}, Price(Decimal("17.34"), "usd")),
        ({"currency": "JPY", "total": 800}, Price(Decimal(800), "jpy")),
        ({"currency": "USD", "total": "0.00"}, Price(Decimal("0.00"), "usd")),
        ({"currency": "USD", "total": "-1.00"}, None),
        ({"currency": "USD", "total": None}, None),
        ({"currency": None, "total": "17.34"}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_the_cost_of_an_order_is_an_amount_with_a_currency(costs: Any, cost: Price | None) -> None:
    assert cost_of({"costs": costs}) == cost
    assert cost_of({}) is None


@pytest.mark.parametrize(
    ("costs", "currency"),
    [({"currency": "EUR"}, "eur"), ({"currency": " "}, None), ({"currency": 5}, None), ("EUR", None)],
)
def test_the_currency_is_that_of_the_costs_in_lower_case(costs: Any, currency: str | None) -> None:
    assert currency_of({"retail_costs": costs}, "retail_costs") == currency
    assert currency_of({"retail_costs": costs}, "costs") is None


@pytest.mark.parametrize(
    ("value", "is_one"), [(True, True), (False, False), (None, False), ("true", False), (1, False)]
)
def test_an_order_is_a_sample_only_where_printful_says_so(value: object, is_one: bool) -> None:
    assert is_sample({"is_sample": value}) is is_one
    assert not is_sample({})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (17, "17"),
        ("A-17", "A-17"),
        (0, "0"),
        (10**20 - 1, "9" * 20),
        (10**20, None),
        (-(10**20), None),
        (True, None),
        ("", None),
        (1.5, None),
        (None, None),
    ],
)
def test_an_id_is_sent_as_a_number_or_as_text(value: object, text: str | None) -> None:
    assert text_of(value) == external_id({"external_id": value}) == text
    assert catalog_id({"product_id": value}, "product_id") == (None if text == "0" else text)


@pytest.mark.parametrize(("sent", "price"), [("26.00", Decimal("26.00")), (0, Decimal(0)), (None, None), ("", None)])
def test_a_price_is_an_amount_or_is_not_given(sent: object, price: Decimal | None) -> None:
    assert price_of({"price": sent}, "price") == price
    assert price_of({}, "price") is None


@pytest.mark.parametrize(
    ("sent", "why"), [("free", "is not an amount"), (False, "is not an amount"), ("-0.01", "is negative")]
)
def test_a_price_that_cannot_be_read_names_its_item(sent: object, why: str) -> None:
    with pytest.raises(MalformedPrintfulOrderError) as error:
        price_of({"id": 5, "retail_price": sent}, "retail_price")
    assert str(error.value) == f"the retail_price of its item 5 {why}"


@pytest.mark.parametrize(
    ("files", "url"),
    [
        ([{"type": "default", "preview_url": "p"}, {"type": "preview", "preview_url": "m"}], "m"),
        ([{"type": "preview", "preview_url": None}, {"type": "preview", "preview_url": "m"}], "m"),
        ([None, {"type": "preview"}], "image"),
        ([{"type": "default", "preview_url": "p"}], "image"),
        (None, "image"),
        ({"type": "preview", "preview_url": "m"}, "image"),
    ],
)
def test_the_picture_of_an_item_is_its_mock_up_and_never_the_print_file(files: Any, url: str) -> None:
    assert image_url_of({"files": files}, {"image": "image"}) == url
    assert image_url_of({}, {"image": " "}) is None
