"""Orders without a Printful id: a certain link is made, a likely one is reported, and nobody who waits is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.changes import FillFields, SetStatus
from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.link_evidence import LIKELY_FOR
from ordersync_dagster.core.links import Links, Unread
from ordersync_dagster.core.orders import LineItem, Order, Status, StoredOrder, as_stored
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import PrintfulOrder, read_printful_order
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import DAY, Unlinked, is_unlinked
from ordersync_dagster.sandbox import printful_item, printful_order

CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON = int(CREATED.timestamp())
SESSION = Order(
    session_id="cs_test_1",
    payment_intent_id="pi_3AbCdEf",
    printful_order_id=None,
    status=Status.PROCESSING,
    customer_email="Mara@Example.com",
    customer_name=None,
    total=Decimal("20.00"),
    currency="usd",
    shipping_address={"name": "Mara Ozola", "line1": "1 Test Street", "postal_code": "LV-1010", "country": "LV"},
    metadata={},
    created=CREATED,
    line_items=(LineItem(2, Decimal("10.00")),),
)
RECOVERED = Unlinked(as_stored(SESSION), SESSION)


MARA = {"name": "mara  OZOLA", "zip": "LV 1010", "email": "mara@example.com"}
NOBODY = {"name": "Ida Other", "zip": "99999", "email": "ida@example.com"}


def made(**changes: object) -> PrintfulOrder:
    fields = {
        "id": 77,
        "status": "inprocess",
        "external_id": None,
        "created": NOON,
        "items": [printful_item(quantity=2)],
    }
    order = printful_order(**({"recipient": MARA} | fields | changes))
    read = read_printful_order(order)
    assert isinstance(read, PrintfulOrder)
    return read


def linked(
    *candidates: PrintfulOrder,
    unlinked: Unlinked = RECOVERED,
    taken: tuple[str, ...] = (),
    now: int = NOON,
    link_by: str | None = None,
    unread: Unread = Unread(),
    **facts: Any,
) -> Plan:
    return decide_links(Links((unlinked,), candidates, unread, taken, link_by=link_by, now=now, **facts), Limits())


def classes(links: Plan) -> list[ProblemClass]:
    return [note.problem_class for note in links.notes]


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


def test_a_canceled_printful_order_is_never_linked_and_is_told() -> None:
    links = linked(made(external_id="pi_3AbCdEf", status="canceled"))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.CANCELLED_AT_PRINTFUL]
    assert links.notes[0].ids == {"order_id": RECOVERED.order.id, "printful_order_id": "77"}
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
