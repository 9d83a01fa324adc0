"""Tracking is completed and merged, never erased."""

from dataclasses import replace
from typing import Any

import pytest

from ordersync_dagster.core.changes import SetTracking
from ordersync_dagster.core.orders import SHIPMENTS_KEY, StoredOrder
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.tracking import has_no_list, missing_tracking
from ordersync_dagster.sandbox import shipment
from ordersync_dagster_tests.support.builders import printful_answer, stored_order

FIRST = {"id": 1, "tracking_number": "N1", "tracking_url": "https://example.com/N1", "ship_date": "2026-01-01"}
SECOND = {"id": 2, "tracking_number": "N2", "tracking_url": "https://example.com/N2", "ship_date": "2026-01-02"}
LATER_TRACKED = {"id": 3, "tracking_number": None, "tracking_url": None, "ship_date": "2026-01-03"}
LINK_ONLY = {"id": 4, "tracking_number": None, "tracking_url": "https://example.com/4", "ship_date": "2025-12-31"}


def shipped(*parcels: dict[str, Any]) -> PrintfulOrder:
    """What Printful says of these parcels."""
    return printful_answer(status="partial", shipments=[shipment(**parcel) for parcel in parcels])


def after(stored: StoredOrder, change: SetTracking | None) -> StoredOrder:
    """The row that the change leaves."""
    assert change is not None
    shipments = stored.shipments if change.shipments is None else change.shipments
    metadata = {**stored.metadata, SHIPMENTS_KEY: list(shipments)} if shipments else stored.metadata
    return replace(stored, tracking_number=change.number, tracking_url=change.url, metadata=metadata)


def columns(order: StoredOrder) -> tuple[str | None, str | None]:
    """The two columns that a shop shows."""
    return order.tracking_number, order.tracking_url


@pytest.mark.parametrize("empty", [None, ""])
def test_an_order_without_tracking_shows_its_parcel(empty: str | None) -> None:
    stored = stored_order(tracking_number=empty, tracking_url=empty)
    assert missing_tracking(stored, shipped(FIRST)) == SetTracking("N1", "https://example.com/N1", None)


def test_a_missing_link_is_filled_beside_the_number_it_belongs_to() -> None:
    stored = stored_order(tracking_number="N2")
    change = missing_tracking(stored, shipped(FIRST, SECOND))
    assert columns(after(stored, change)) == ("N2", "https://example.com/N2")


def test_a_missing_number_is_filled_beside_the_link_it_belongs_to() -> None:
    stored = stored_order(tracking_url="https://example.com/N2")
    change = missing_tracking(stored, shipped(FIRST, SECOND))
    assert columns(after(stored, change)) == ("N2", "https://example.com/N2")


def test_a_link_of_the_shops_own_is_kept_beside_the_number() -> None:
    stored = stored_order(tracking_url="https://shop.example.com/track")
    assert columns(after(stored, missing_tracking(stored, shipped(FIRST)))) == ("N1", "https://shop.example.com/track")


def test_number_and_link_are_never_those_of_two_parcels() -> None:
    stored = stored_order()
    change = missing_tracking(stored, shipped(LINK_ONLY, FIRST))
    assert columns(after(stored, change)) == (None, "https://example.com/4")


def test_a_number_that_is_there_is_never_replaced() -> None:
    stored = stored_order(tracking_number="HAND-WRITTEN")
    merged = after(stored, missing_tracking(stored, shipped(FIRST)))
    assert columns(merged) == ("HAND-WRITTEN", None)
    assert [parcel["tracking_number"] for parcel in merged.shipments] == ["N1"]


@pytest.mark.parametrize("parcels", [(), (LATER_TRACKED,)])
def test_tracking_that_printful_no_longer_names_stays(parcels: tuple[dict[str, Any], ...]) -> None:
    stored = stored_order(tracking_number="N1", tracking_url="https://example.com/N1")
    assert missing_tracking(stored, shipped(*parcels)) is None


def test_an_order_whose_parcel_has_no_number_yet_is_not_changed() -> None:
    assert missing_tracking(stored_order(), shipped(LATER_TRACKED)) is None
    assert missing_tracking(stored_order(tracking_number="", tracking_url=""), shipped(LATER_TRACKED)) is None


def test_an_empty_text_is_not_exchanged_for_null() -> None:
    stored = stored_order(tracking_number="", tracking_url="https://example.com/4")
    assert missing_tracking(stored, shipped(LINK_ONLY)) is None


def test_the_earliest_parcel_is_shown_and_all_are_kept_in_metadata() -> None:
    stored = stored_order(metadata={"cart": "c42"})
    merged = after(stored, missing_tracking(stored, shipped(SECOND, LATER_TRACKED, FIRST)))
    assert columns(merged) == ("N1", "https://example.com/N1")
    assert [parcel["id"] for parcel in merged.shipments] == ["1", "2", "3"]
    assert merged.metadata["cart"] == "c42"


def test_one_parcel_that_is_shown_needs_no_metadata() -> None:
    stored = stored_order()
    assert after(stored, missing_tracking(stored, shipped(FIRST))).shipments == ()


def test_a_second_parcel_erases_nothing_of_the_first() -> None:
    one = after(stored_order(), missing_tracking(stored_order(), shipped(FIRST)))
    two = after(one, missing_tracking(one, shipped(FIRST, SECOND)))
    assert columns(two) == columns(one)
    assert [parcel["tracking_number"] for parcel in two.shipments] == ["N1", "N2"]


def test_a_parcel_in_metadata_gains_what_is_new_and_keeps_what_printful_forgot() -> None:
    one = after(stored_order(), missing_tracking(stored_order(), shipped(FIRST, SECOND)))
    forgetful = {**SECOND, "carrier": None, "service": "Express"}
    two = after(one, missing_tracking(one, shipped(forgetful)))
    second = two.shipments[1]
    assert (second["carrier"], second["service"]) == ("USPS", "Express")
    assert [parcel["id"] for parcel in two.shipments] == ["1", "2"]


def test_tracking_that_was_taken_over_is_not_taken_over_again() -> None:
    parcels = (LINK_ONLY, SECOND, FIRST, LATER_TRACKED)
    merged = after(stored_order(), missing_tracking(stored_order(), shipped(*parcels)))
    assert missing_tracking(merged, shipped(*parcels)) is None


def test_parcels_of_equal_number_lend_each_other_their_link() -> None:
    again = {**FIRST, "id": 9, "ship_date": "2026-01-09"}
    linkless = {**FIRST, "tracking_url": None}
    merged = after(stored_order(), missing_tracking(stored_order(), shipped(linkless, again)))
    assert columns(merged) == ("N1", "https://example.com/N1")
    assert missing_tracking(merged, shipped(linkless, again)) is None


def test_what_metadata_holds_besides_parcels_is_no_parcel() -> None:
    for listed in ("text", None, [1, "a"], {"id": "1"}):
        assert stored_order(metadata={SHIPMENTS_KEY: listed}).shipments == ()


def test_the_order_in_which_printful_lists_parcels_does_not_matter() -> None:
    first, second = shipped(FIRST, SECOND), shipped(SECOND, FIRST)
    assert missing_tracking(stored_order(), first) == missing_tracking(stored_order(), second)


OWN_LINK = "https://shop.example.com/track"


@pytest.mark.parametrize(
    ("shown", "parcels", "is_more"),
    [
        ({}, (FIRST, SECOND), True),
        ({}, (FIRST,), False),
        ({}, (LATER_TRACKED,), False),
        ({"tracking_number": "N2", "tracking_url": "https://example.com/N2"}, (SECOND,), False),
        ({"tracking_number": "HAND-WRITTEN"}, (FIRST,), True),
        ({"tracking_url": OWN_LINK}, (FIRST,), True),
        ({"tracking_number": "", "tracking_url": ""}, (FIRST,), False),
    ],
)
def test_parcels_that_the_columns_do_not_show_need_metadata_that_can_be_read(
    shown: dict[str, Any], parcels: tuple[dict[str, Any], ...], is_more: bool
) -> None:
    unreadable = stored_order(unreadable=frozenset({"metadata"}), **shown)
    assert has_no_list(unreadable, shipped(*parcels)) is is_more
    assert not has_no_list(stored_order(**shown), shipped(*parcels))
    change = missing_tracking(unreadable, shipped(*parcels))
    assert change is None or change.shipments is None
