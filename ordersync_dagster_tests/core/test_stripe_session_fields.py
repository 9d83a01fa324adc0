"""Fields of a Checkout Session at their edges."""

from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.orders import LineItem, Reference
from ordersync_dagster.core.stripe_session_fields import (
    MIN_CERTAIN_LENGTH,
    line_items_of,
    metadata_of,
    other_prices_of,
    references_of,
    settles_later,
    subtotal_of,
)
from ordersync_dagster.sandbox import checkout_session
from ordersync_dagster_tests.support.builders import order_of

USUAL = {"quantity": 2, "amount_subtotal": 2600}


@pytest.mark.parametrize(
    ("amount", "subtotal"),
    [(0, Decimal(0)), (1, Decimal("0.01")), (-1, None), (True, None), ("26", None), (None, None)],
)
def test_a_subtotal_is_a_whole_number_of_minor_units_or_not_given(amount: object, subtotal: Decimal | None) -> None:
    assert subtotal_of({"amount_subtotal": amount}, "usd") == subtotal
    assert subtotal_of({}, "usd") is None


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([USUAL], (LineItem(2, Decimal("13.00")),)),
        ([USUAL | {"quantity": 1, "amount_subtotal": 2**53 + 1}], (LineItem(1, Decimal(2**53 + 1).scaleb(-2)),)),
        ([], ()),
        ([USUAL, None], ()),
        ([USUAL | {"quantity": 3}], ()),
        ([USUAL | {"quantity": 0}], ()),
        ([USUAL | {"quantity": -1}], ()),
        ([USUAL | {"quantity": None}], ()),
        ([USUAL | {"quantity": True}], ()),
        ([USUAL | {"amount_subtotal": -2}], ()),
        ([USUAL | {"amount_subtotal": None}], ()),
        ([USUAL | {"amount_subtotal": False}], ()),
        ([USUAL, USUAL | {"amount_subtotal": 10**20}], ()),
    ],
)
def test_lines_count_only_where_each_has_an_exact_unit_price(rows: list[Any], lines: tuple[LineItem, ...]) -> None:
    assert line_items_of({"line_items": {"data": rows, "has_more": False}}, "usd") == lines


@pytest.mark.parametrize("listed", [None, [], {}, {"data": None}, {"data": {}}, {"data": [USUAL], "has_more": True}])
def test_a_list_that_does_not_carry_every_line_counts_for_none(listed: object) -> None:
    assert line_items_of({"line_items": listed}, "usd") == ()


def test_the_price_that_the_customer_saw_needs_an_amount_and_a_currency() -> None:
    shown = {"presentment_amount": 2400, "presentment_currency": None}
    asked = {"amount_total": None, "source_currency": "eur"}
    assert other_prices_of({"presentment_details": shown, "currency_conversion": asked}) == ()


@pytest.mark.parametrize(("length", "is_certain"), [(MIN_CERTAIN_LENGTH - 1, False), (MIN_CERTAIN_LENGTH, True)])
def test_a_long_reference_is_certain(length: int, is_certain: bool) -> None:
    found = references_of({"client_reference_id": "x" * length}, {}, None)
    assert found == (Reference("x" * length, is_certain),)


def test_a_reference_may_be_a_number_and_its_key_may_have_dots() -> None:
    number, dotted = (Reference(value, is_certain=True, names_order=True) for value in ("17", "c7"))
    assert references_of({}, {"orderNumber": 17}, None) == (number,)
    assert references_of({}, {"cart.id": "c7", "id": "7"}, "metadata.cart.id") == (dotted,)
    assert references_of({}, {"order": True, "order_id": None, "Order-Reference": " "}, None) == ()


@pytest.mark.parametrize(
    ("methods", "is_later"),
    [
        (["card"], False),
        (["card", "link"], False),
        (["card", "sepa_debit"], True),
        (["new"], True),
        ([], False),
        (None, True),
    ],
)
def test_only_methods_that_tell_at_once_settle_at_once(methods: object, is_later: bool) -> None:
    assert settles_later({"payment_method_types": methods}) is is_later


def test_metadata_of_whole_numbers_and_lists_is_kept() -> None:
    for metadata in ({"order": 17, "tags": ["a"]}, {"order": "17"}):
        assert metadata_of({"metadata": metadata}) == metadata
    assert metadata_of({}) == metadata_of({"metadata": None}) == {}


def test_an_order_keeps_what_only_later_decisions_need() -> None:
    session = checkout_session(amount_subtotal=2000, payment_intent=None, invoice={"id": "in_1"})
    order = order_of(session | {"payment_method_types": ["sepa_debit"]})
    assert (order.subtotal, order.invoice_id, order.settles_later) == (Decimal("20.00"), "in_1", True)
    assert order_of(checkout_session()).settles_later is False
