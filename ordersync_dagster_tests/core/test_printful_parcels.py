"""What the parcels of API v2 prove together."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ordersync_dagster.core.printful_parcels import (
    DELIVERY_STATUS,
    SHIPMENT_STATUS,
    Parcel,
    Parcels,
    ParcelState,
    parcel_time,
    read_parcels,
)

WORDS = {  # shipment_status, delivery_status → the state; stated here again, so that it cannot change by accident
    "pending": "ON_ITS_WAY", "onhold": "ON_ITS_WAY", "packaged": "ON_ITS_WAY", "shipped": "ON_ITS_WAY",
    "outstock": "ON_ITS_WAY", "returned": "NOT_DELIVERED", "canceled": "NOT_SENT",
}  # fmt: skip
CARRIER_WORDS = {
    "unknown": "ON_ITS_WAY", "pre_transit": "ON_ITS_WAY", "in_transit": "ON_ITS_WAY",
    "out_for_delivery": "ON_ITS_WAY", "available_for_pickup": "ON_ITS_WAY", "delivered": "DELIVERED",
    "return_to_sender": "NOT_DELIVERED", "failure": "NOT_DELIVERED", "canceled": "NOT_SENT",
}  # fmt: skip


def row(parcel_id: int = 1, word: str | None = "delivered", items: Any = ((7, 1),), **overrides: Any) -> dict[str, Any]:
    """A parcel as API v2 lists it; `items` are pairs of item and quantity."""
    inside = [{"order_item_id": item, "quantity": count} for item, count in items]
    known = {"id": parcel_id, "shipment_status": "shipped", "delivery_status": word, "shipment_items": inside}
    return {**known, "delivered_at": "2026-11-20T10:00:00Z", "is_reshipment": False, **overrides}


def delivered(*rows: object, parcels: int = 1, pieces: int | None = 1) -> bool:
    return read_parcels(rows).are_delivered(parcels, pieces)


def test_every_documented_word_has_its_state() -> None:
    assert {word: state.name for word, state in SHIPMENT_STATUS.items()} == WORDS
    assert {word: state.name for word, state in DELIVERY_STATUS.items()} == CARRIER_WORDS


@pytest.mark.parametrize("word", [None, *CARRIER_WORDS])
def test_one_parcel_is_delivered_by_one_word_alone(word: str | None) -> None:
    assert delivered(row(word=word)) is (word == "delivered")


@pytest.mark.parametrize("word", ["returned", "canceled"])
def test_a_parcel_that_went_back_or_never_left_was_not_delivered(word: str) -> None:
    assert not delivered(row(shipment_status=word))


def test_no_parcels_are_no_delivery() -> None:
    assert not delivered(parcels=0, pieces=0)
    assert not delivered(row(shipment_status="canceled"), parcels=0, pieces=0)


@pytest.mark.parametrize("second", ["in_transit", "unknown", None, "return_to_sender", "failure", "teleported"])
def test_one_of_two_parcels_is_no_delivery(second: str | None) -> None:
    assert not delivered(row(1), row(2, second), parcels=2, pieces=2)
    assert delivered(row(1), row(2), parcels=2, pieces=2)


def test_a_parcel_that_vanished_is_not_taken_for_delivered() -> None:
    assert not delivered(row(1, items=[(7, 2)]), parcels=2, pieces=2)
    assert not delivered(row(1), parcels=1, pieces=2)
    assert delivered(row(1, items=()), parcels=1, pieces=2)  # it does not say what is inside
    assert delivered(row(1), parcels=1, pieces=None)


def test_a_canceled_parcel_does_not_count_beside_the_one_that_took_its_place() -> None:
    assert delivered(row(1, "canceled"), row(2), parcels=2)
    assert not delivered(row(1, items=[(8, 1)]), row(2, "canceled"), parcels=2, pieces=2)


@pytest.mark.parametrize("lost", ["return_to_sender", "failure"])
def test_goods_that_were_sent_again_replace_a_lost_parcel(lost: str) -> None:
    first = row(1, lost)
    assert not delivered(first)
    assert delivered(first, row(2, is_reshipment=True))
    assert not delivered(first, row(2, "in_transit", is_reshipment=True))
    assert not delivered(first, row(2))  # another parcel of the order, not a second try
    assert not delivered(first, row(2, items=[(8, 1)], is_reshipment=True))  # of other goods
    assert delivered(first, row(2, items=(), is_reshipment=True))
    assert not delivered(first, row(2, lost, items=()), row(3, items=(), is_reshipment=True))  # one for two


def test_goods_that_are_sent_once_more_are_waited_for() -> None:
    assert not delivered(row(1), row(2, "in_transit", is_reshipment=True))


def test_a_parcel_is_lost_until_its_goods_are_on_their_way_again() -> None:
    first = row(1, "failure")
    assert [each.id for each in read_parcels([first]).lost] == ["1"]
    assert read_parcels([first, row(2, "pre_transit", is_reshipment=True)]).lost == ()
    again = [first, row(2, "failure", is_reshipment=True)]
    assert [each.id for each in read_parcels(again).lost] == ["1", "2"]


def test_an_unknown_word_proves_nothing_and_is_named() -> None:
    for odd in (row(word="teleported"), row(shipment_status="teleported")):
        read = read_parcels([odd])
        assert (read.unknown_words, read.are_delivered(1, 1)) == (("teleported",), False)


NO_OBJECT, NO_ID = "its shipments are not a list of objects", "one of its parcels has no id"
NO_WORD = "the {} of its parcel 1 is not a word"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (None, NO_OBJECT), ("x", NO_OBJECT), (3, NO_OBJECT), ({}, NO_ID), (row(id=None), NO_ID),
        (row(delivery_status=4), NO_WORD.format("delivery_status")),
        (row(shipment_status=[]), NO_WORD.format("shipment_status")),
        (row(carrier="\0"), "one of its shipments holds a NUL or half a surrogate pair"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_proves_nothing_and_hides_no_other(bad: object, why: str) -> None:
    read = read_parcels([row(1), bad, 7])
    assert [each.id for each in read.all] == ["1"]
    assert read.unread == why
    assert not read.are_delivered(1, 1)
    assert read_parcels([row(1)]).unread == ""


def test_the_day_is_the_last_parcels_and_may_be_unknown() -> None:
    rows = [row(1, delivered_at="2026-11-20T10:00:00Z"), row(2, delivered_at="2026-11-22T08:00:00+02:00")]
    assert read_parcels(rows).delivered_at == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert read_parcels([row(delivered_at=None)]).delivered_at is None
    assert delivered(row(delivered_at=None))
    assert read_parcels([row(word="in_transit")]).delivered_at is None


@pytest.mark.parametrize("text", [None, 1_700_000_000, "", "soon", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-23:00"])
def test_what_is_no_time_is_none(text: object) -> None:
    assert parcel_time(text) is None


def test_a_parcel_that_is_listed_twice_counts_once_as_it_was_listed_last() -> None:
    assert delivered(row(1, "in_transit"), row(1))
    assert not delivered(row(1), row(1), parcels=2, pieces=None)


def test_a_parcel_is_read_with_its_words_its_time_its_link_and_its_pieces() -> None:
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    inside = ((7, 1), (8, 2), (7, 2))
    sent = Parcel("1", ParcelState.DELIVERED, ("shipped", "delivered"), at, "https://a", {"7": 3, "8": 2}, True, "")
    assert read_parcels([row(items=inside, tracking_url="https://a", is_reshipment=True)]).all == (sent,)
    (new,) = read_parcels([row(word=None, shipment_status=" pending ", items=(), delivered_at=None)]).all
    assert new == Parcel("1", ParcelState.ON_ITS_WAY, ("pending",))


@pytest.mark.parametrize(
    "inside", [[], [None], [(None, 1)], [(7, None)], [(7, 0)], [(7, True)], [(7, "1")], [(7, 1), (8, 1.5)]]
)
def test_a_parcel_whose_pieces_cannot_be_counted_does_not_say_what_is_inside(inside: Any) -> None:
    rows = [each and {"order_item_id": each[0], "quantity": each[1]} for each in inside]
    for items in (rows, None, "x"):
        (read,) = read_parcels([row(shipment_items=items)]).all
        assert read.pieces is None


@pytest.mark.parametrize(
    ("rows", "lost"),
    [
        ([row(1), row(2, "failure")], ["2"]),
        ([row(1, "failure", items=())], ["1"]),
        ([row(1, "failure", items=()), row(2, is_reshipment=True)], []),
        ([row(1, "failure"), row(2, "failure"), row(3, is_reshipment=True)], ["2"]),
        ([row(1, "failure", [(7, 2)]), row(2, "failure"), row(3, is_reshipment=True)], ["1"]),
        ([row(1, "failure", ()), row(2, "failure", ()), *(row(n, is_reshipment=True) for n in (3, 4))], []),
        ([row(1, "failure", ()), row(2, "failure", ()), row(3, items=(), is_reshipment=True)], ["2"]),
    ],
)
def test_one_parcel_that_is_sent_again_takes_the_place_of_one(rows: list[Any], lost: list[str]) -> None:
    assert [each.id for each in read_parcels(rows).lost] == lost


def test_a_lost_parcel_is_not_made_up_for_by_others_of_unknown_contents() -> None:
    assert not delivered(row(1, items=()), row(2, "failure", items=()), parcels=2, pieces=None)


def test_a_time_without_a_zone_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        found = [parcel_time(text) for text in ("2026-11-20T10:00:00", "2026-11-20T12:00:00+02:00")]
    time.tzset()
    assert [str(each) for each in found] == ["2026-11-20 10:00:00+00:00"] * 2


_WORDS = some.sampled_from([*CARRIER_WORDS, "teleported"])
_ROWS = some.lists(
    some.builds(
        lambda number, word, sent, again, items: row(number, word, items, shipment_status=sent, is_reshipment=again),
        some.integers(1, 6), _WORDS, some.sampled_from([*WORDS, "odd"]), some.booleans(),
        some.lists(some.tuples(some.integers(1, 3), some.integers(1, 2)), max_size=2),
    ),
    max_size=6,
)  # fmt: skip


@given(_ROWS, some.integers(0, 4), some.integers(0, 4))
def test_what_is_delivered_rests_on_delivered_parcels_and_stays_so(rows: list[Any], parcels: int, pieces: int) -> None:
    """Another parcel that arrives never takes a delivery back, and one on its way always does."""
    read = read_parcels(rows)
    if not read.are_delivered(parcels, pieces):
        return
    states = {each.state for each in read.all}
    assert ParcelState.DELIVERED in states
    assert ParcelState.ON_ITS_WAY not in states
    assert read_parcels([*rows, row(99)]).are_delivered(parcels, pieces)
    assert not read_parcels([*rows, row(99, "in_transit")]).are_delivered(parcels, pieces)


@given(_ROWS, some.randoms())
def test_the_order_of_the_list_does_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    once = list({each["id"]: each for each in rows}.values())
    shuffled = random.sample(once, len(once))
    verdicts = [verdict(read_parcels(each)) for each in (once, shuffled)]
    assert verdicts[0] == verdicts[1]


def verdict(read: Parcels) -> tuple[bool, datetime | None, bool]:
    return read.are_delivered(1, 1), read.delivered_at, bool(read.lost)
