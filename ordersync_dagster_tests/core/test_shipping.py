"""The shipping address in each generation of Stripe's API."""

from typing import Any

import pytest

from ordersync_dagster.sandbox import ABSENT, checkout_session
from ordersync_dagster_tests.support.builders import order_of

FIELDS = ("name", "line1", "line2", "city", "state", "postal_code", "country")


def details(line1: str | None, name: str | None = "Asta Example") -> dict[str, Any]:
    """What Stripe writes under each of its names."""
    address = {"line1": line1, "line2": None, "city": "Riga", "state": "", "postal_code": "LV-1010", "country": "LV"}
    return {"name": name, "address": address if line1 else dict.fromkeys(address)}


def address_of(**overrides: Any) -> Any:
    """The stored address of a session that has no other than that of `overrides`."""
    return order_of(checkout_session(**{"collected_information": ABSENT, **overrides})).shipping_address


def test_each_generation_of_the_field_is_read() -> None:
    today = address_of(collected_information={"shipping_details": details("1 Test Street")})
    assert today == {
        "name": "Asta Example",
        "line1": "1 Test Street",
        "line2": None,
        "city": "Riga",
        "state": None,
        "postal_code": "LV-1010",
        "country": "LV",
    }
    assert tuple(today) == FIELDS
    assert address_of(shipping_details=details("1 Test Street")) == today
    assert address_of(shipping=details("1 Test Street")) == today


def test_the_newest_generation_wins_where_there_are_several() -> None:
    assert (
        address_of(
            collected_information={"shipping_details": details("newest")},
            shipping_details=details("older"),
            shipping=details("oldest"),
        )["line1"]
        == "newest"
    )
    assert address_of(shipping_details=details("older"), shipping=details("oldest"))["line1"] == "older"


@pytest.mark.parametrize(
    "collected",
    [
        None,
        {},
        {"shipping_details": None},
        {"shipping_details": {}},
        {"shipping_details": {"name": None, "address": None}},
        {"shipping_details": details(None)},
        {"shipping_details": {"name": "Asta Example", "address": {"line1": " ", "city": 5}}},
        "text",
        {"shipping_details": ["text"]},
    ],
)
def test_an_empty_newer_field_does_not_hide_an_older_one(collected: Any) -> None:
    assert address_of(collected_information=collected, shipping_details=details("older"))["line1"] == "older"
    assert address_of(collected_information=collected) is None


@pytest.mark.parametrize("empty", [None, {}, [], "", {"name": "Asta Example"}, {"address": {}}, details(None)])
def test_an_order_without_an_address_is_an_order(empty: Any) -> None:
    assert address_of(shipping_details=empty, shipping=empty) is None


def test_a_parcel_may_be_nameless() -> None:
    assert address_of(shipping_details=details("1 Test Street", name=None))["name"] is None
