"""Orders without a Printful id: a certain link is made, a likely one is reported, and nobody who waits is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from ordersync_dagster.core.changes import FillFields, Limits, SetStatus
from ordersync_dagster.core.decide_links import Links, Unlinked, Unread, is_unlinked, link
from ordersync_dagster.core.orders import LineItem, Order, Status, StoredOrder, as_stored
from ordersync_dagster.core.printful_order import Fulfilment, read_fulfilment
from ordersync_dagster.core.problems import Problem, ProblemClass
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
    shipping_address=None,
    metadata={},
    created=CREATED,
    line_items=(LineItem(2, Decimal("10.00")),),
)
RECOVERED = Unlinked(as_stored(SESSION), SESSION)


def made(**changes: object) -> Fulfilment:
    fields = {
        "id": 77,
        "status": "inprocess",
        "external_id": None,
        "created": NOON,
        "items": [printful_item(quantity=2)],
    }
    order = printful_order(**(fields | changes))
    order["recipient"] = {**order["recipient"], "email": "mara@example.com"}
    fulfilment = read_fulfilment(order)
    assert isinstance(fulfilment, Fulfilment)
    return fulfilment


def linked(
    *strangers: Fulfilment, unlinked: Unlinked = RECOVERED, taken: tuple[str, ...] = (), now: int = NOON
) -> Links:
    return link([unlinked], strangers, taken, Limits(), now)


def classes(links: Links) -> list[ProblemClass]:
    return [note.problem_class for note in links.notes]


def test_an_order_is_linked_by_its_payment_and_brought_up_to_date_at_once() -> None:
    links = linked(made(external_id="pi_3AbCdEf", status="partial"))

    assert links.linked == (RECOVERED.order.id,)
    assert links.updates[0].seen == RECOVERED.order
    assert links.updates[0].changes[0] == FillFields({"printful_order_id": "77"})
    assert SetStatus("processing", "shipped", "partial") in links.updates[0].changes
    assert classes(links) == []


def test_an_order_is_linked_by_its_own_id_with_or_without_dashes() -> None:
    for name in (RECOVERED.order.id, RECOVERED.order.id.replace("-", "")):
        assert linked(made(external_id=name)).linked == (RECOVERED.order.id,)


def test_a_printful_order_that_another_order_names_is_not_linked() -> None:
    links = linked(made(external_id="pi_3AbCdEf"), taken=("77",))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.UNFULFILLED]


def test_two_orders_never_share_one_printful_order() -> None:
    other = Unlinked(
        replace(RECOVERED.order, id="shop-1", session_id="cs_test_2"), replace(SESSION, session_id="cs_test_2")
    )

    links = link([RECOVERED, other], [made(external_id="pi_3AbCdEf")], (), Limits(), NOON)

    assert len(links.updates) == 1


def test_same_recipient_day_and_goods_is_reported_and_never_written() -> None:
    links = linked(made(external_id="something-else"))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.POSSIBLE_LINK, ProblemClass.UNFULFILLED]
    assert links.notes[0].ids["printful_order_ids"] == "77"
    assert "example.com" not in links.notes[0].sentence


def test_another_day_or_another_number_of_goods_is_not_likely() -> None:
    for stranger in (made(created=NOON + 86_400), made(items=[printful_item(quantity=3)])):
        assert classes(linked(stranger)) == [ProblemClass.UNFULFILLED]


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

    assert link([RECOVERED], [by_payment], (), Limits(), NOON, "payment_intent").linked
    assert link([RECOVERED], [by_order], (), Limits(), NOON, "order_id").linked
    assert not link([RECOVERED], [by_payment], (), Limits(), NOON, "order_id").linked
    assert not link([RECOVERED], [by_order], (), Limits(), NOON, "payment_intent").linked


def test_nobody_is_said_to_wait_where_the_list_was_not_read_to_its_end() -> None:
    young = replace(RECOVERED, order=StoredOrder(id="shop-1", session_id="cs_test_1"))
    unread = Unread(reason="no answer within 60 s")

    for each in (RECOVERED, young):
        links = link([each], [], (), Limits(), NOON + 1, unread=unread)
        assert classes(links) == [ProblemClass.PRINTFUL_NOT_ASKED]
        assert links.notes[0].is_error
        assert links.notes[0].ids == {"order_id": each.order.id, "stripe_session_id": "cs_test_1"}
        assert links.notes[0].sentence == (
            f"Printful could not be asked for an order of order {each.order.id}: no answer within 60 s. "
            "The next run asks again."
        )


def test_what_was_read_before_the_list_broke_off_is_linked() -> None:
    links = link([RECOVERED], [made(external_id="pi_3AbCdEf")], (), Limits(), NOON, unread=Unread(reason="down"))

    assert links.linked == (RECOVERED.order.id,)
    assert classes(links) == []


def test_a_printful_order_that_cannot_be_read_hides_its_link_to_the_shops_order() -> None:
    broken = Problem(
        ProblemClass.MALFORMED_PRINTFUL_ORDER, "Printful order 7 was left alone: why.", {"printful_order_id": "7"}
    )

    for name, link_by in (("pi_3AbCdEf", None), (RECOVERED.order.id, "order_id")):
        unread = Unread({name: broken}, reason="down too")
        links = link([RECOVERED], [], (), Limits(), NOON, link_by, unread)
        assert classes(links) == [ProblemClass.MALFORMED_PRINTFUL_ORDER]
        assert links.notes[0].ids["printful_order_id"] == "7"
        assert links.notes[0].ids["order_id"] == RECOVERED.order.id
        belongs = f"It belongs to order {RECOVERED.order.id}, which was not linked to it."
        assert links.notes[0].sentence == f"Printful order 7 was left alone: why. {belongs}"
    assert classes(link([RECOVERED], [], (), Limits(), NOON, "order_id", Unread({"pi_3AbCdEf": broken}))) == [
        ProblemClass.UNFULFILLED
    ]
