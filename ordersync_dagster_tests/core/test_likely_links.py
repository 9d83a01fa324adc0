"""A Printful order that may be an order's: told and never written; and which orders wait for one."""

from dataclasses import replace
from typing import Any

import pytest

from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.link_evidence import LIKELY_FOR
from ordersync_dagster.core.links import Links, Unread
from ordersync_dagster.core.orders import StoredOrder, as_stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.unlinked import DAY, Unlinked, is_unlinked
from ordersync_dagster.sandbox import printful_item
from ordersync_dagster_tests.core.linking import MARA, NOBODY, NOON, RECOVERED, SESSION, classes, linked, made


def test_the_same_recipient_at_that_time_is_told_never_written_and_nobody_waits() -> None:
    links = linked(made(external_id="something-else"))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.POSSIBLE_LINK]
    assert links.notes[0].ids["printful_order_ids"] == "77"
    assert "example.com" not in links.notes[0].sentence


@pytest.mark.parametrize(
    "fields",
    [
        {"created": NOON + DAY},
        {"created": NOON + LIKELY_FOR},
        {"created": NOON - DAY},
        {"created": None},
        {"items": [printful_item(quantity=3)]},
        {"items": "broken"},
        {"recipient": {**MARA, "email": None}},
        {"recipient": {**MARA, "email": "orders@shop.example.com"}},
    ],
    ids=str,
)
def test_goods_of_another_number_or_day_may_still_be_the_same(fields: dict[str, Any]) -> None:
    assert classes(linked(made(**fields))) == [ProblemClass.POSSIBLE_LINK]


@pytest.mark.parametrize(
    "fields",
    [
        {"created": NOON + LIKELY_FOR + 1},
        {"created": NOON - DAY - 1},
        {"recipient": NOBODY},
        {"recipient": None},
        {"recipient": {**MARA, "email": "ida@example.com", "zip": "1"}},
    ],
    ids=str,
)
def test_another_time_or_another_recipient_is_not_likely(fields: dict[str, Any]) -> None:
    assert classes(linked(made(**fields))) == [ProblemClass.UNFULFILLED]


def test_a_printful_order_that_is_linked_is_not_likely_another_orders() -> None:
    later = replace(SESSION, session_id="cs_test_2", payment_intent_id="pi_other")
    other = Unlinked(as_stored(later), later)

    links = decide_links(Links((RECOVERED, other), (made(external_id="pi_3AbCdEf"),), now=NOON), Limits())

    assert links.printful_orders == (RECOVERED.order.id,)
    assert classes(links) == [ProblemClass.UNFULFILLED]


def test_a_recovered_order_waits_at_once_and_the_shops_own_after_a_day() -> None:
    own = replace(RECOVERED, order=StoredOrder(id="shop-1", session_id="cs_test_1"))

    assert classes(linked()) == [ProblemClass.UNFULFILLED]
    assert linked().notes[0].ids["recovered"] == "yes"
    assert classes(linked(unlinked=own, now=NOON + 3600)) == []
    assert classes(linked(unlinked=own, now=NOON + 86_401)) == [ProblemClass.UNFULFILLED]


def test_only_open_orders_without_a_printful_id_wait() -> None:
    assert is_unlinked(StoredOrder(id="a", session_id="s", status="processing"))
    assert not is_unlinked(StoredOrder(id="a", session_id="s", status="processing", printful_order_id="5"))
    assert not is_unlinked(StoredOrder(id="a", session_id="s", status="refunded"))
    assert not is_unlinked(StoredOrder(id="a", session_id="s", status="completed"))


def test_a_shop_that_says_what_it_puts_into_external_id_is_taken_at_its_word() -> None:
    by_payment, by_order = made(external_id="pi_3AbCdEf"), made(external_id=RECOVERED.order.id)

    assert linked(by_payment, link_by="payment_intent").updates
    assert linked(by_order, link_by="order_id").updates
    assert not linked(by_payment, link_by="order_id").updates
    assert not linked(by_order, link_by="payment_intent").updates


def test_nobody_is_said_to_wait_where_the_list_was_not_read_to_its_end() -> None:
    young = replace(RECOVERED, order=StoredOrder(id="shop-1", session_id="cs_test_1"))
    unread = Unread(reason="no answer within 60 s")

    for each in (RECOVERED, young):
        links = linked(unlinked=each, now=NOON + 1, unread=unread)
        assert classes(links) == [ProblemClass.PRINTFUL_NOT_ASKED]
        assert links.notes[0].is_error
        assert links.notes[0].ids == {"order_id": each.order.id, "stripe_session_id": "cs_test_1"}
        assert links.notes[0].sentence == (
            f"Printful could not be asked for an order of order {each.order.id}: no answer within 60 s. "
            "The next run asks again."
        )


@pytest.mark.parametrize(
    "noted", ["123,124", "#123", "PF123", 10**5000, ["123"]], ids=["two", "hash", "word", "long", "list"]
)
def test_an_order_whose_session_names_no_single_printful_order_does_not_wait(noted: Any) -> None:
    order = replace(SESSION, metadata={"printfulOrderId": noted})
    (note,) = linked(unlinked=replace(RECOVERED, session=order)).notes
    assert note.problem_class is ProblemClass.POSSIBLE_LINK
    assert "under printfulOrderId that is not the number of one Printful order" in note.sentence


@pytest.mark.parametrize("noted", [None, "", "  "])
def test_an_empty_printful_id_in_the_metadata_names_none(noted: Any) -> None:
    order = replace(SESSION, metadata={"printful_order_id": noted})
    assert classes(linked(unlinked=replace(RECOVERED, session=order))) == [ProblemClass.UNFULFILLED]
