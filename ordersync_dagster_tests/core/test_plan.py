"""What a plan is made of: whose day it is, who waits for a later part, and that one order never stops the next."""

from dataclasses import replace
from datetime import date
from typing import Any

from ordersync_dagster.core.changes import AddItems, FillFields
from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.links import Links, Unread
from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import LineItem, as_stored
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.unlinked import Unlinked
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT
from ordersync_dagster_tests.support.builders import new_order, printful_answer, stored_order

DAY = date(2026, 9, 21)
LINE = LineItem(1, new_order().total)
WAITING = Unlinked(as_stored(new_order()), new_order(line_items=(LINE,)))
MADE = int(new_order().created.timestamp())
CANDIDATE = printful_answer(external_id=PAYMENT_INTENT, created=MADE, recipient=None, retail_costs=None)


def linked(**changes: Any) -> Plan:
    """The plan for the order that waits and the Printful order that carries its name."""
    return decide_links(replace(Links((WAITING,), (CANDIDATE,)), **changes), Limits())


def test_a_plan_is_of_the_day_of_its_sessions() -> None:
    assert decide_sessions(SessionDay(DAY), Stored()).day == DAY


def test_orders_without_a_printful_id_are_linked_in_a_later_part_where_there_is_one() -> None:
    day = SessionDay(DAY, (new_order(),))
    later = decide_sessions(replace(day, asks_printful=True), Stored())
    assert ([each.order.id for each in later.unlinked], later.notes) == ([new_order().id], ())
    at_once = decide_sessions(day, Stored())
    assert (at_once.unlinked, [note.problem_class for note in at_once.notes]) == ((), [ProblemClass.NOT_LOOKED_AT])


def test_a_printful_order_that_another_order_names_is_no_ones_else() -> None:
    assert linked(taken={CANDIDATE.printful_order_id}).updates == ()


def test_orders_are_linked_only_by_the_reference_that_the_shop_configured() -> None:
    assert linked(link_by="order_id").updates == ()
    assert len(linked(link_by="payment_intent").updates) == 1


def test_a_linked_order_gets_its_items_in_the_same_change_priced_from_its_session() -> None:
    (update,) = linked().updates
    fill, items = update.changes
    assert isinstance(fill, FillFields)
    assert fill.values == {"printful_order_id": CANDIDATE.printful_order_id}
    assert isinstance(items, AddItems)
    assert [item.price for item in items.items] == [LINE.unit_price]


def test_a_link_keeps_to_what_the_columns_hold() -> None:
    narrow = Limits(widths={"order_items.name": 3})
    plan = decide_links(Links((WAITING,), (CANDIDATE,)), narrow)
    assert ProblemClass.TEXT_DOES_NOT_FIT in {note.problem_class for note in plan.notes}


def test_two_orders_with_one_printful_order_are_found_and_do_not_stop_the_next() -> None:
    twins = [stored_order(id=name, session_id=name, printful_order_id="1") for name in ("a", "c")]
    third = stored_order(id="b", session_id="b", printful_order_id="2")
    answers = {key: printful_answer(id=int(key), status="fulfilled") for key in ("1", "2")}
    plan = decide_printful(PrintfulBatch(answers), Stored((*twins, third)))
    assert [update.seen.id for update in plan.updates] == ["b"]
    (note,) = [note for note in plan.notes if note.problem_class is ProblemClass.AMBIGUOUS_MATCH]
    assert "a, c" in note.sentence


def test_the_lines_of_an_earlier_part_price_the_items() -> None:
    order = stored_order()
    answer = printful_answer(id=int(order.printful_order_id or 0), status="inprocess", retail_costs=None)
    batch = PrintfulBatch({answer.printful_order_id: answer}, {order.session_id: Payment((LINE,))})
    (update,) = decide_printful(batch, Stored((order,))).updates
    (items,) = [change for change in update.changes if isinstance(change, AddItems)]
    assert [item.price for item in items.items] == [LINE.unit_price]


def test_where_the_list_was_not_read_to_its_end_nobody_is_said_to_wait() -> None:
    (note,) = linked(candidates=(), unread=Unread(reason="it went away"), now=2_000_000_000).notes
    assert note.problem_class is ProblemClass.PRINTFUL_NOT_ASKED
    assert "it went away" in note.sentence


def test_a_link_to_an_order_that_needs_nothing_else_changes_nothing_else() -> None:
    (update,) = linked(candidates=(replace(CANDIDATE, items=()),)).updates
    (fill,) = update.changes
    assert isinstance(fill, FillFields)


def test_an_order_that_cannot_be_linked_does_not_stop_the_next() -> None:
    lonely = new_order(session_id="cs_test_lonely", payment_intent_id="pi_lonely")
    orders = [Unlinked(replace(as_stored(each), id=name), each) for name, each in (("a", lonely), ("b", new_order()))]
    (update,) = linked(unlinked=tuple(orders)).updates
    assert update.seen.id == "b"


def test_a_store_that_knows_none_of_several_orders_is_doubted() -> None:
    assert decide_links(Links(not_found=4), Limits()).warnings == ()
    assert decide_links(Links(not_found=5), Limits()).warnings == (
        "Printful knows none of the 5 orders that it was asked for: PRINTFUL_API_KEY or PRINTFUL_STORE_ID may be "
        "another store's. The next run asks for all of them again.",
    )
