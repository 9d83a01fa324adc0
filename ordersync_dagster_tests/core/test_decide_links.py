"""Orders without a Printful id: a certain link is made, a likely one is reported, and nobody who waits is forgotten."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.changes import FillFields, SetStatus
from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.links import Links, Unread
from ordersync_dagster.core.orders import Price, StoredOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import DAY, Unlinked
from ordersync_dagster.sandbox import printful_item
from ordersync_dagster_tests.core.linking import MARA, NOBODY, NOON, RECOVERED, SESSION, classes, linked, made


def test_an_erased_customers_order_is_linked_but_gets_no_goods_and_no_parcels() -> None:
    (update,) = linked(made(external_id="pi_3AbCdEf", status="partial"), erased=frozenset({"cs_test_1"})).updates
    assert [type(change) for change in update.changes] == [FillFields, SetStatus]


def test_an_order_is_linked_by_its_payment_and_brought_up_to_date_at_once() -> None:
    links = linked(made(external_id="pi_3AbCdEf", status="partial"))

    assert links.printful_orders == (RECOVERED.order.id,)
    assert links.updates[0].seen == RECOVERED.order
    source = "Printful order 77, whose external_id is the order's payment"
    assert links.updates[0].changes[0] == FillFields({"printful_order_id": "77"}, source)
    assert SetStatus("processing", "shipped", "partial") in links.updates[0].changes
    assert classes(links) == []


def test_an_order_is_linked_by_its_own_id_with_or_without_dashes() -> None:
    for name in (RECOVERED.order.id, RECOVERED.order.id.replace("-", "")):
        assert linked(made(external_id=name)).printful_orders == (RECOVERED.order.id,)


def test_a_printful_order_that_another_order_names_is_not_linked() -> None:
    links = linked(made(external_id="pi_3AbCdEf", recipient=None), taken=("77",))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.UNFULFILLED]


def test_goods_of_this_payment_that_another_order_names_are_told_and_nobody_waits() -> None:
    links = linked(taken=("77",), taken_names={"pi_3AbCdEf": "77"})

    assert classes(links) == [ProblemClass.AMBIGUOUS_MATCH]
    assert links.notes[0].ids == RECOVERED.ids | {"printful_order_ids": "77"}


def test_a_printful_order_that_two_orders_may_be_is_linked_to_neither() -> None:
    other = Unlinked(
        replace(RECOVERED.order, id="shop-1", session_id="cs_test_2"), replace(SESSION, session_id="cs_test_2")
    )

    links = decide_links(Links((RECOVERED, other), (made(external_id="pi_3AbCdEf"),)), Limits())

    assert links.updates == ()
    assert classes(links) == [ProblemClass.AMBIGUOUS_MATCH] * 2
    assert {note.ids["order_id"] for note in links.notes} == {RECOVERED.order.id, "shop-1"}


def test_two_printful_orders_that_qualify_are_told_and_neither_is_linked() -> None:
    links = linked(made(id=8, external_id="pi_3AbCdEf"), made(id=7, external_id=RECOVERED.order.id))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.AMBIGUOUS_MATCH]
    assert links.notes[0].ids["printful_order_ids"] == "7, 8"


def test_one_that_qualifies_is_linked_beside_one_that_does_not() -> None:
    links = linked(made(id=8, external_id="pi_3AbCdEf", status="canceled"), made(id=7, external_id=RECOVERED.order.id))

    assert links.updates[0].changes[0].values == {"printful_order_id": "7"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"created": NOON - DAY - 1}, "it was made before the payment"),
        ({"recipient": NOBODY}, "its recipient is another"),
        ({"recipient": {**NOBODY, "email": None}}, "its recipient is another"),
        ({"items": [printful_item(id=1, quantity=2), printful_item(id=2)]}, "it has more pieces than were paid"),
    ],
)
def test_a_name_that_something_contradicts_is_told_and_not_linked(fields: dict[str, Any], why: str) -> None:
    links = linked(made(external_id="pi_3AbCdEf", **fields))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.POSSIBLE_LINK]
    assert links.notes[0].ids == RECOVERED.ids | {"printful_order_ids": "77"}
    assert why in links.notes[0].sentence
    assert "example.com" not in links.notes[0].sentence


@pytest.mark.parametrize(
    "fields",
    [
        {"created": NOON - DAY},
        {"created": None},
        {"created": NOON + 40 * DAY},
        {"recipient": None},
        {"recipient": {**NOBODY, "email": "MARA@example.com "}},
        {"recipient": {**MARA, "email": "orders@shop.example.com"}},
        {"recipient": {**MARA, "email": None, "zip": "1"}},
        {"recipient": {**MARA, "email": None, "name": "Ida Other"}},
        {"recipient": {"name": None, "zip": "99999", "email": None}},
        {"items": [printful_item(quantity=1)]},
        {"items": [printful_item(quantity=0)]},
    ],
    ids=str,
)
def test_what_contradicts_nothing_is_linked(fields: dict[str, Any]) -> None:
    assert linked(made(external_id="pi_3AbCdEf", **fields)).printful_orders == (RECOVERED.order.id,)


def test_pieces_that_stripe_did_not_list_contradict_nothing() -> None:
    unlisted = replace(RECOVERED, session=replace(SESSION, line_items=()))
    assert linked(made(external_id="pi_3AbCdEf"), unlinked=unlisted).updates


def test_where_another_one_may_take_its_place_nobody_is_told_to_order_again() -> None:
    canceled, again = made(external_id="pi_3AbCdEf", status="canceled"), made(id=78)
    links = linked(canceled, again)
    assert classes(links) == [ProblemClass.POSSIBLE_LINK]
    assert links.notes[0].ids["printful_order_ids"] == "78"


def test_a_canceled_printful_order_is_never_linked_and_is_told() -> None:
    links = linked(made(external_id="pi_3AbCdEf", status="canceled"))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.CANCELLED_AT_PRINTFUL]
    assert links.notes[0].ids == RECOVERED.ids | {"printful_order_id": "77"}
    assert classes(linked(made(status="canceled"))) == [ProblemClass.UNFULFILLED], "without a name it is nobody's"
    anothers = made(external_id="pi_3AbCdEf", status="canceled", recipient=NOBODY)
    assert classes(linked(anothers)) == [ProblemClass.UNFULFILLED]


def test_a_link_that_somebody_took_back_is_told_and_not_made_again() -> None:
    theirs, back = made(external_id="pi_3AbCdEf"), {RECOVERED.order.id: {"77"}}
    links = linked(theirs, taken_back=back)

    assert links.updates == ()
    assert classes(links) == [ProblemClass.POSSIBLE_LINK]
    assert "by an earlier run, and somebody took that back" in links.notes[0].sentence
    assert linked(theirs, taken_back={RECOVERED.order.id: {"78"}, "other": {"77"}}).updates


@pytest.mark.parametrize("name", ["17", "o-17", "clx2k9f3v0000abcd1234efgh"])
def test_an_order_id_that_is_no_uuid_counts_only_where_the_shop_says_so(name: str) -> None:
    own = Unlinked(StoredOrder(id=name, session_id="cs_test_1"), SESSION)
    theirs = made(external_id=name, recipient=None)

    assert linked(theirs, unlinked=own).updates == ()
    assert linked(theirs, unlinked=own, link_by="order_id").updates


def test_a_uuid_is_the_same_in_capitals() -> None:
    own = Unlinked(StoredOrder(id=RECOVERED.order.id.upper(), session_id="cs_test_1"), SESSION)
    assert linked(made(external_id=RECOVERED.order.id.replace("-", "")), unlinked=own).updates


def test_a_link_says_where_it_comes_from() -> None:
    for name, of in (("pi_3AbCdEf", "payment"), (RECOVERED.order.id, "id")):
        (fill, *_) = linked(made(external_id=name)).updates[0].changes
        assert isinstance(fill, FillFields)
        assert fill.source == f"Printful order 77, whose external_id is the order's {of}"


def test_what_was_read_before_the_list_broke_off_is_linked() -> None:
    links = linked(made(external_id="pi_3AbCdEf"), unread=Unread(reason="down"))

    assert links.printful_orders == (RECOVERED.order.id,)
    assert classes(links) == []


def test_a_printful_order_that_cannot_be_read_hides_its_link_to_the_shops_order() -> None:
    broken = Problem(
        ProblemClass.MALFORMED_PRINTFUL_ORDER, "Printful order 7 was left alone: why.", {"printful_order_id": "7"}
    )

    for name, link_by in (("pi_3AbCdEf", None), (RECOVERED.order.id, "order_id")):
        unread = Unread({name: broken}, reason="down too")
        links = linked(link_by=link_by, unread=unread)
        assert classes(links) == [ProblemClass.MALFORMED_PRINTFUL_ORDER]
        assert links.notes[0].ids["printful_order_id"] == "7"
        assert links.notes[0].ids["order_id"] == RECOVERED.order.id
        belongs = f"It belongs to order {RECOVERED.order.id}, which was not linked to it."
        assert links.notes[0].sentence == f"Printful order 7 was left alone: why. {belongs}"
    assert classes(linked(link_by="order_id", unread=Unread({"pi_3AbCdEf": broken}))) == [ProblemClass.UNFULFILLED]


def test_each_notice_of_a_link_carries_the_day_and_the_amount_of_its_session() -> None:
    plan = linked(taken=("77",), taken_names={"pi_3AbCdEf": "77"})
    assert plan.is_of_links
    assert [(each.day, each.amount) for each in plan.notes] == [(SESSION.created.date(), Price(SESSION.total, "usd"))]
    costly = Problem(
        ProblemClass.UNKNOWN_STATUS, "?", {"order_id": RECOVERED.order.id}, amount=Price(Decimal(3), "eur")
    )
    (told, _) = linked(left={RECOVERED.order.id: (costly,)}).notes
    assert told.amount == Price(Decimal(3), "eur")
    assert told.ids == RECOVERED.ids


def test_what_the_stripe_side_left_of_an_order_is_told_with_its_link_too() -> None:
    left = Problem(ProblemClass.PARTLY_REFUNDED, "A part went back.", RECOVERED.ids)
    links = linked(made(external_id="pi_3AbCdEf"), left={RECOVERED.order.id: [left]})
    assert links.printful_orders == (RECOVERED.order.id,)
    assert classes(links) == [ProblemClass.PARTLY_REFUNDED]
