"""Orders without a Printful id: a certain link is made, a likely one is reported, and nobody who waits is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from ordersync_dagster.core.changes import FillFields, SetStatus
from ordersync_dagster.core.decide_links import Links, Unread, decide_links
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import LineItem, Order, Status, StoredOrder, as_stored
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import PrintfulOrder, read_printful_order
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.unlinked import Unlinked, is_unlinked
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


def made(**changes: object) -> PrintfulOrder:
    fields = {
        "id": 77,
        "status": "inprocess",
        "external_id": None,
        "created": NOON,
        "items": [printful_item(quantity=2)],
    }
    order = printful_order(**(fields | changes))
    order["recipient"] = {**order["recipient"], "email": "mara@example.com"}
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
) -> Plan:
    return decide_links(Links((unlinked,), candidates, unread, taken, link_by, now=now), Limits())


def classes(links: Plan) -> list[ProblemClass]:
    return [note.problem_class for note in links.notes]


def test_an_order_is_linked_by_its_payment_and_brought_up_to_date_at_once() -> None:
    links = linked(made(external_id="pi_3AbCdEf", status="partial"))

    assert links.printful_orders == (RECOVERED.order.id,)
    assert links.updates[0].seen == RECOVERED.order
    assert links.updates[0].changes[0] == FillFields({"printful_order_id": "77"})
    assert SetStatus("processing", "shipped", "partial") in links.updates[0].changes
    assert classes(links) == []


def test_an_order_is_linked_by_its_own_id_with_or_without_dashes() -> None:
    for name in (RECOVERED.order.id, RECOVERED.order.id.replace("-", "")):
        assert linked(made(external_id=name)).printful_orders == (RECOVERED.order.id,)


def test_a_printful_order_that_another_order_names_is_not_linked() -> None:
    links = linked(made(external_id="pi_3AbCdEf"), taken=("77",))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.UNFULFILLED]


def test_two_orders_never_share_one_printful_order() -> None:
    other = Unlinked(
        replace(RECOVERED.order, id="shop-1", session_id="cs_test_2"), replace(SESSION, session_id="cs_test_2")
    )

    links = decide_links(Links((RECOVERED, other), (made(external_id="pi_3AbCdEf"),)), Limits())

    assert len(links.updates) == 1


def test_same_recipient_day_and_goods_is_reported_never_written_and_nobody_waits() -> None:
    links = linked(made(external_id="something-else"))

    assert links.updates == ()
    assert classes(links) == [ProblemClass.POSSIBLE_LINK]
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
