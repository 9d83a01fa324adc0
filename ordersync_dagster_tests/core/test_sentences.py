"""A problem names the rows that it is about, says what is so in a sentence, and is the same to a program."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.decide_printful import update_order
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.errors import WrongModeError
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.links import Links
from ordersync_dagster.core.money import Capacity
from ordersync_dagster.core.orders import LineItem, StoredOrder, as_stored
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import Missing
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.unlinked import NOTHING_TO_SHIP, Unlinked, not_looked_at, unfulfilled
from ordersync_dagster.sandbox import checkout_session, printful_item, shipment
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import (
    ORDER_ID,
    PRINTFUL_ID,
    malformed,
    new_order,
    order_of,
    printful_answer,
    problem_of,
    stored_item,
    stored_order,
)

OF_ORDER = {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID}
AT_PRINTFUL = {"order_id": ORDER_ID, "printful_order_id": PRINTFUL_ID}
LATER = int(new_order().created.timestamp()) + 100_000


def of_session(limits: Limits, *stored: StoredOrder, **order: object) -> list[Problem]:
    return list(decide_sessions(SessionDay(sessions=(new_order(**order),)), Stored(stored, limits)).problems)


def of_printful(limits: Limits = Limits(), stored: StoredOrder | None = None, **answer: object) -> list[Problem]:
    return update_order(stored or stored_order(items=(stored_item(),)), printful_answer(**answer), (), limits)[1]


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ("stripe_payment_intent_id", {}),
        ("printful_order_id", {"printful_order_id": "12345678"}),
        ("customer_email", {}),
        ("stripe_session_id", {}),
    ],
)
def test_a_session_whose_text_no_column_holds_is_named_with_the_column(column: str, order: dict[str, str]) -> None:
    (problem,) = of_session(Limits(widths={f"orders.{column}": 5}), **order)
    assert problem.ids == {"stripe_session_id": SESSION_ID}
    assert SESSION_ID in problem.sentence
    assert f"orders.{column} is too narrow" in problem.sentence


def test_a_session_whose_amount_no_column_holds_is_named_with_the_amount() -> None:
    (problem,) = of_session(Limits(total=Capacity(3, 2)))
    assert problem.ids == {"stripe_session_id": SESSION_ID}
    assert "numeric(3,2) and cannot hold USD 26.00" in problem.sentence


def test_an_order_that_cannot_be_completed_is_named_with_the_column() -> None:
    stored = stored_order(customer_name=None)
    problems = of_session(Limits(widths={"orders.customer_name": 3}), stored)
    (problem,) = [each for each in problems if "completed" in each.sentence]
    assert problem.ids == OF_ORDER
    assert f"Order {ORDER_ID} was not completed: orders.customer_name is too narrow" in problem.sentence


def test_tracking_that_no_column_holds_is_named_with_the_column() -> None:
    (problem,) = of_printful(Limits(widths={"orders.tracking_number": 3}), shipments=[shipment()])
    assert problem.ids == AT_PRINTFUL
    assert f"order {ORDER_ID}" in problem.sentence
    assert "orders.tracking_number is too narrow" in problem.sentence


@pytest.mark.parametrize(
    ("limits", "column"),
    [(Limits(price=Capacity(3, 2)), "price"), (Limits(widths={"order_items.name": 3}), "order_items.name")],
    ids=["price", "name"],
)
def test_items_that_no_column_holds_are_named_with_the_column(limits: Limits, column: str) -> None:
    (problem,) = of_printful(limits, stored_order())
    assert problem.ids == AT_PRINTFUL
    assert f"order {ORDER_ID} were left alone: {column} cannot hold item" in problem.sentence


def test_items_that_do_not_agree_are_counted_on_both_sides() -> None:
    stored = stored_order(items=(stored_item(), stored_item(id="other", variant_id="1")))
    (problem,) = of_printful(stored=stored)
    assert "0 of Printful's 1 and 1 of the shop's 2 have no counterpart. Compare" in problem.sentence
    (problem,) = of_printful(stored=stored, incomplete_items=[{}, {}])
    assert "no counterpart; 2 more are not synced at Printful. Compare" in problem.sentence


def test_an_item_that_cannot_be_read_is_named_and_the_items_stay() -> None:
    (problem,) = of_printful(items=[printful_item(id=9, quantity=0)])
    assert (problem.problem_class, problem.ids) == ("items_mismatch", AT_PRINTFUL)
    assert problem.sentence == (
        f"The items of order {ORDER_ID} were left alone: Printful order {PRINTFUL_ID} has some that cannot be read "
        "(the quantity of its item 9 is not a whole number above 0). Compare them by hand."
    )


def test_a_parcel_that_cannot_be_read_is_an_error_of_the_order() -> None:
    (problem,) = of_printful(shipments=["lost"])
    assert (problem.problem_class, problem.ids) == ("malformed_printful_order", AT_PRINTFUL)
    assert f"Not all parcels of order {ORDER_ID} can be read at Printful: its shipments are not" in problem.sentence


def test_a_word_that_is_not_mapped_is_shown_as_far_as_is_useful() -> None:
    (problem,) = of_printful(status="x" * 50)
    assert problem.ids == AT_PRINTFUL
    assert f"says '{'x' * 40}' of" in problem.sentence


def test_an_order_that_printful_does_not_have_is_named_by_both_ids() -> None:
    (problem,) = update_order(stored_order(), Missing(PRINTFUL_ID), (), Limits())[1]
    assert problem.ids == AT_PRINTFUL
    assert problem.sentence == f"Printful has no order {PRINTFUL_ID}, which order {ORDER_ID} names."
    unnamed = stored_order(printful_order_id=None)
    assert update_order(unnamed, Missing("1"), (), Limits())[1][0].ids["printful_order_id"] == ""


@pytest.mark.parametrize(
    ("order", "why", "marked"),
    [
        (as_stored(new_order()), "was missing in the shop", {"recovered": "yes"}),
        (stored_order(printful_order_id=None), "was paid more than a day ago", {}),
    ],
    ids=["recovered", "the shop's own"],
)
def test_an_order_that_waits_says_since_when(order: StoredOrder, why: str, marked: dict[str, str]) -> None:
    (problem,) = unfulfilled([Unlinked(order, new_order())], LATER)
    assert problem.ids == {"order_id": order.id, "stripe_session_id": SESSION_ID} | marked
    assert problem.sentence == f"Order {order.id} {why} and has nothing at Printful: its customer waits."
    (problem,) = not_looked_at([Unlinked(order, new_order())], LATER)
    assert problem.ids == {"order_id": order.id, "stripe_session_id": SESSION_ID}
    names_none = "names no Printful order. This run did not look at Printful."
    assert problem.sentence == f"Order {order.id} {why} and {names_none}"


def test_an_order_without_a_shipping_address_may_have_nothing_to_ship() -> None:
    bare, session = stored_order(printful_order_id=None, shipping_address=None), new_order(shipping_address=None)
    (problem,) = unfulfilled([Unlinked(bare, session)], LATER)
    assert problem.sentence.endswith(f"its customer waits. {NOTHING_TO_SHIP}")
    (problem,) = unfulfilled([Unlinked(bare, new_order())], LATER)
    assert problem.sentence.endswith("its customer waits.")


def test_a_likely_link_names_every_candidate() -> None:
    session = new_order(line_items=(LineItem(1, Decimal("26.00")),))
    made = printful_answer(id=8, created=int(session.created.timestamp()))
    alike = Unlinked(stored_order(printful_order_id=None), session)
    candidates = tuple(replace(made, printful_order_id=name, recipient=alike.recipient) for name in ("8", "7"))
    problem = decide_links(Links((alike,), candidates), Limits()).notes[0]
    assert problem.ids == OF_ORDER | {"printful_order_ids": "7, 8"}
    assert f"Order {ORDER_ID} may be Printful order 7, 8: the same recipient, at that time." in problem.sentence


def test_orders_of_one_payment_are_named_together_and_others_are_not() -> None:
    rows = [stored_order(id=name, session_id=name) for name in ("b", "a")]
    other = stored_order(id="c", session_id="c", payment_intent_id="pi_other")
    plan = decide_sessions(SessionDay(sessions=(new_order(session_id="a"),)), Stored((*rows, other)))
    (problem,) = [each for each in plan.notes if "Cancel all but one" in each.sentence]
    assert problem.ids == {"stripe_payment_intent_id": PAYMENT_INTENT, "order_ids": "a, b"}
    assert f"2 orders name the same payment {PAYMENT_INTENT}: a, b." in problem.sentence


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ({"payment_status": "maybe"}, "its payment_status is none of paid, unpaid, no_payment_required"),
        ({"metadata": []}, "its metadata is not an object"),
        ({"metadata": {"rate": Decimal("1.5")}}, "its metadata holds more than texts and whole numbers"),
        ({"metadata": {"rate": float("nan")}}, "its metadata holds more than texts and whole numbers"),
        ({"customer_details": None}, "it has no e-mail address, which every order needs"),
        ({"amount_total": 1.5}, "its amount_total is not a whole number of minor units"),
        ({"currency": None}, "it has no currency"),
        ({"currency": "xyz"}, "currency 'xyz' is not one that Stripe lists"),
        (
            {"metadata": {"note": "\0"}},
            "it holds a NUL or half a surrogate pair, which no database stores; correct it at Stripe",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_session_that_cannot_be_read_says_why(field: dict[str, object], why: str) -> None:
    problem = problem_of(checkout_session(**field))
    assert problem.sentence == f"Session {SESSION_ID} became no order: {why}."
    assert problem.ids == {"stripe_session_id": SESSION_ID}


def test_what_is_no_session_at_all_says_so_without_an_id() -> None:
    problem = problem_of("not a session")
    assert problem.sentence == "Session (no id) became no order: Stripe listed something that is not a session."


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"id": None}, "Printful order (no id) was left alone: it has no id."),
        ({"status": None}, f"Printful order {PRINTFUL_ID} was left alone: its status is not a word."),
    ],
    ids=["id", "status"],
)
def test_a_printful_order_that_cannot_be_read_says_why(order: dict[str, object], why: str) -> None:
    assert why in malformed(**order).sentence


def test_the_other_mode_stops_the_run_and_says_what_to_do() -> None:
    for is_live, mine, its in ((False, "test", "live"), (True, "live", "test")):
        with pytest.raises(WrongModeError) as error:
            order_of(checkout_session(livemode=not is_live), SessionRules(live=is_live))
        assert str(error.value) == (
            f"the Stripe key is a {mine} key, but session {SESSION_ID} is from {its} mode; the run stopped there. "
            "Use the key of the mode that this database belongs to."
        )
