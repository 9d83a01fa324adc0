"""An order in a shop that waits for its parcels."""

from typing import Any

import pytest

from ordersync_dagster.core.changes import SetStatus, SetTracking
from ordersync_dagster.core.decide_printful import update_order
from ordersync_dagster.core.delivery import RawParcels, can_be_delivered, until_delivered, with_parcels
from ordersync_dagster.core.orders import Status
from ordersync_dagster.core.printful_order import STATUS, Missing, NotAsked, PrintfulOrder
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.sandbox import printful_item, printful_order, shipment
from ordersync_dagster.sandbox.world.parcels_v2 import parcel_v2
from ordersync_dagster_tests.support.builders import EXISTING_SHOP, printful_answer, stored_item, stored_order
from ordersync_dagster_tests.support.clock import NOW

SENT = {"status": "fulfilled", "shipments": [shipment()]}
LINK = "https://tracking.example.com/parcels/9400100000000000000001"


def parcel(word: str | None = "delivered", **overrides: Any) -> dict[str, Any]:
    """The parcel of `SENT`, as API v2 lists it."""
    dates = {"delivered_at": "2026-11-20T10:00:00Z" if word == "delivered" else None}
    return parcel_v2(printful_order(**SENT), shipment(), NOW, **{"delivery_status": word, **dates, **overrides})


def told(*parcels: dict[str, Any], answer: RawParcels | None = None, **overrides: Any) -> PrintfulOrder:
    return with_parcels(
        until_delivered(printful_answer(**{**SENT, **overrides})), parcels if answer is None else answer
    )


def decided(theirs: PrintfulOrder, status: str = "shipped", **columns: Any) -> tuple[list[Any], list[Problem]]:
    stored = stored_order(status=status, items=(stored_item(),), **columns)
    update, problems = update_order(stored, theirs, (), EXISTING_SHOP)
    return list(update.changes) if update else [], problems


def test_only_fulfilled_gets_another_meaning() -> None:
    for word, status in STATUS.items():
        read = until_delivered(printful_answer(status=word))
        assert read.status is (Status.SHIPPED if word == "fulfilled" else status)
        assert read.waits_for_parcels is (word == "fulfilled")


@pytest.mark.parametrize("status", ["pending", "processing", "failed"])
def test_what_printful_sent_is_shipped_until_its_parcels_arrive(status: str) -> None:
    for theirs in (told(parcel("in_transit")), until_delivered(printful_answer(**SENT))):
        changes, problems = decided(theirs, status)
        assert SetStatus(status, "shipped", "fulfilled") in changes
        assert problems == []


@pytest.mark.parametrize("status", ["pending", "processing", "failed", "shipped"])
def test_a_delivery_names_its_day_and_is_kept_with_the_parcel(status: str) -> None:
    changes, problems = decided(told(parcel()), status)
    (tracking,) = [each for each in changes if isinstance(each, SetTracking)]
    assert SetStatus(status, "delivered", "delivered on 2026-11-20") in changes
    assert [each["delivered_at"] for each in tracking.shipments or ()] == ["2026-11-20T10:00:00Z"]
    assert problems == []


def test_a_delivery_without_a_day_is_a_delivery() -> None:
    changes, _ = decided(told(parcel(delivered_at=None)), tracking_number="9400100000000000000001", tracking_url=LINK)
    assert changes == [SetStatus("shipped", "delivered", "delivered")]


def test_the_parcel_of_the_other_api_is_known_by_its_link_too() -> None:
    (dated,) = told(parcel(id=5)).shipments
    assert dated.delivered_at == "2026-11-20T10:00:00Z"
    (undated,) = told(parcel(id=5, tracking_url=None)).shipments
    assert undated.delivered_at is None


@pytest.mark.parametrize("status", ["delivered", "completed", "refunded"])
def test_an_order_that_said_delivered_before_is_left_alone_in_silence(status: str) -> None:
    for theirs in (told(parcel("in_transit")), told(parcel()), until_delivered(printful_answer(**SENT))):
        assert [each for each in decided(theirs, status)[0] if isinstance(each, SetStatus)] == []
        assert decided(theirs, status)[1] == []
    assert not can_be_delivered(stored_order(status=status), until_delivered(printful_answer(**SENT)))


@pytest.mark.parametrize("status", ["returned", "cancelled"])
def test_what_the_shop_itself_ended_stays_a_contradiction(status: str) -> None:
    _, problems = decided(until_delivered(printful_answer(**SENT)), status)
    assert [each.problem_class for each in problems] == ["regress_blocked"]


def test_a_delivered_order_that_printful_makes_again_is_still_told() -> None:
    _, problems = decided(until_delivered(printful_answer(status="inprocess")), "delivered")
    assert [each.problem_class for each in problems] == ["regress_blocked"]


ODD = [
    (NotAsked("1", "no answer"), "printful_not_asked", "no answer"),
    (Missing("1"), "missing_at_printful", "API v2 has no order 1, which its API v1 shows"),
    ([parcel("return_to_sender")], "not_delivered", "30000001 (shipped and return_to_sender)"),
    ([parcel("failure")], "not_delivered", "30000001 (shipped and failure)"),
    ([parcel("beamed")], "unknown_status", "'beamed'"),
    (["x"], "malformed_printful_order", "not a list of objects"),
]


@pytest.mark.parametrize(("raw", "name", "part"), ODD, ids=[each[1] for each in ODD])
def test_whatever_else_api_v2_says_leaves_the_order_shipped_and_is_told(raw: Any, name: str, part: str) -> None:
    for status in ("processing", "shipped"):
        changes, problems = decided(told(answer=raw), status)
        assert [each for each in changes if isinstance(each, SetStatus)] == (
            [SetStatus("processing", "shipped", "fulfilled")] if status == "processing" else []
        )
        assert [(each.problem_class, part in each.sentence) for each in problems] == [(name, True)]
        assert problems[0].ids["order_id"] == stored_order().id


def test_a_customer_who_was_erased_gets_the_status_and_no_parcel() -> None:
    stored = stored_order(status="shipped")
    update, _ = update_order(stored, told(parcel()), (), EXISTING_SHOP, is_erased=True)
    assert update
    assert update.changes == (SetStatus("shipped", "delivered", "delivered on 2026-11-20"),)


def test_a_day_alone_is_no_reason_to_tell_that_the_metadata_cannot_hold_it() -> None:
    shown = {"tracking_number": "9400100000000000000001", "tracking_url": LINK}
    _, problems = decided(told(parcel()), unreadable=frozenset({"metadata"}), **shown)
    assert problems == []


def test_only_an_order_that_waits_and_may_become_delivered_asks_for_its_parcels() -> None:
    waiting = until_delivered(printful_answer(**SENT))
    assert can_be_delivered(stored_order(status="shipped"), waiting)
    assert not can_be_delivered(stored_order(status="delivered"), waiting)
    assert not can_be_delivered(stored_order(status="refunded"), waiting)
    assert not can_be_delivered(stored_order(status="shipped"), printful_answer(**SENT))


def test_the_day_is_that_of_the_delivered_parcel_by_its_id_before_its_link() -> None:
    (one,) = told(parcel("in_transit", delivered_at="2026-11-19T10:00:00Z")).shipments
    assert one.delivered_at is None
    by_id, by_link = parcel(delivered_at="2026-11-18T10:00:00Z"), parcel(id=9, delivered_at="2026-11-19T10:00:00Z")
    (found,) = told(by_link, by_id).shipments
    assert found.delivered_at == "2026-11-18T10:00:00Z"
    (other,) = told(parcel(id=9, tracking_url="https://tracking.example.com/other")).shipments
    assert other.delivered_at is None


def test_an_order_is_delivered_only_with_all_of_its_pieces() -> None:
    whole = told(parcel())
    assert whole.status is Status.DELIVERED
    more = [printful_item(quantity=3)]
    part = told(parcel(), items=more)
    assert part.status is Status.SHIPPED
    unread = told(parcel(), items=[*more, {"id": 2}])
    assert unread.status is Status.DELIVERED, "nobody knows how many pieces there are"
