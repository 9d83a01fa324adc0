"""Rows: their ids, and what makes two readings of one the same."""

from dataclasses import replace
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.orders import NAMESPACE, SHIPMENTS_KEY, as_stored, item_id, named_id, order_id
from ordersync_dagster_tests.support.builders import new_order, stored_item, stored_order


def test_ids_are_made_of_what_they_stand_for_and_never_change() -> None:
    order = order_id("cs_test_1")
    assert order == "727cadf7-56d7-562c-ae3f-c2a44f91d50f", "Another id for the same session doubles every order."
    assert item_id(order, "7") == "8948507e-49a0-5c50-a256-ae6cb383d9aa", "Another id doubles every item."


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_id_is_the_version_5_uuid_that_any_library_makes(name: str) -> None:
    assert named_id(name) == str(uuid5(NAMESPACE, name))


def test_an_inserted_order_is_read_back_as_it_was_planned() -> None:
    order = new_order(printful_order_id="42", metadata={"cart": "c42"})
    stored = as_stored(order)
    assert (stored.id, stored.session_id, stored.total, stored.currency) == (
        order_id(order.session_id),
        order.session_id,
        order.total,
        order.currency,
    )
    assert (stored.metadata, stored.shipping_address) == (order.metadata, order.shipping_address)
    assert (stored.status, stored.printful_order_id, stored.items) == ("processing", "42", ())


@pytest.mark.parametrize(
    "moved",
    [
        {"status": "refunded"},
        {"payment_intent_id": "pi_another"},
        {"printful_order_id": "1"},
        {"customer_name": "Another Name"},
        {"tracking_number": "N1"},
        {"tracking_url": "https://example.com/N1"},
        {"shipping_address": None},
        {"metadata": {SHIPMENTS_KEY: [{"id": "1"}]}},
        {"items": (stored_item(),)},
    ],
)
def test_a_reading_differs_in_whatever_a_change_rests_on(moved: dict[str, Any]) -> None:
    assert not stored_order().agrees_with(replace(stored_order(), **moved))


def test_a_reading_agrees_whatever_else_the_shop_changed() -> None:
    noted = stored_order(metadata={"note": "called the customer"}, items=(stored_item(id="b"), stored_item(id="a")))
    other = stored_order(items=(stored_item(id="a"), stored_item(id="b")))
    assert noted.agrees_with(other)
    assert stored_order(shipping_address=None).agrees_with(stored_order(shipping_address={}))
