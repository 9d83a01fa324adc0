"""Printful orders that no order names: the sentences, the ids and the limits of what is told. See decision 20."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.back_and_shipping import ON_ITS_WAY_FOR
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.unclaimed import (
    MAX_ORPHANS,
    SETTLES_WITHIN,
    Unclaimed,
    decide_unclaimed,
    goods_for,
    is_payment,
    recipients_of,
)
from ordersync_dagster.sandbox import printful_item
from ordersync_dagster.sandbox.world.printful_orders import recipient
from ordersync_dagster_tests.support.builders import ORDER_ID, printful_answer, stored_order

NOW = 1_790_000_000  # 2026-09-21
LONG_AGO = NOW - 86_400
COST = Price(Decimal("17.34"), "usd")


def free(printful_id: int = 7, **changes: Any) -> PrintfulOrder:
    return printful_answer(**{"id": printful_id, "external_id": "pi_nobody", "created": LONG_AGO, **changes})


def decided(*orders: PrintfulOrder, **facts: Any) -> Any:
    return decide_unclaimed(Unclaimed(free=orders, **{"unpaid": {"pi_nobody"}, "now": NOW, **facts}))


def test_an_order_that_nobody_paid_for_is_named_with_its_day_and_its_cost() -> None:
    (problem,) = decided(free()).notes
    assert problem.problem_class is ProblemClass.ORPHAN_PRINTFUL
    assert problem.sentence == (
        "Printful makes order 7 of 2026-09-20 for USD 17.34, and nobody paid for it: no order of the shop names it, "
        "and no paid Checkout Session belongs to it. Cancel it at Printful, or set the printful_order_id of its order."
    )
    assert (problem.ids, problem.day, problem.amount) == ({"printful_order_id": "7"}, date(2026, 9, 20), COST)
    (without_costs,) = decided(free(costs=None)).notes
    assert without_costs.sentence.startswith("Printful makes order 7 of 2026-09-20, and nobody paid for it:")
    assert without_costs.amount is None


@pytest.mark.parametrize(
    ("created", "is_told"),
    [(NOW - SETTLES_WITHIN - 1, True), (NOW - SETTLES_WITHIN, False), (NOW, False), (None, False)],
)
def test_an_order_of_the_last_hour_may_still_be_written_down(created: int | None, is_told: bool) -> None:
    assert bool(decided(replace(free(), created=created)).notes) is is_told


def test_twenty_are_told_one_by_one_the_oldest_first_and_a_warning_counts_the_rest() -> None:
    orders = [free(number, created=LONG_AGO - number) for number in range(1, MAX_ORPHANS + 4)]
    plan = decided(*orders)
    assert [each.ids["printful_order_id"] for each in plan.notes] == [str(number) for number in range(23, 3, -1)]
    assert plan.warnings == (
        "Printful makes 3 more orders of this period that nobody paid for. If its store also serves other sales "
        "channels, set ORDERSYNC_OTHER_CHANNELS=true: then no such order is told.",
    )
    assert (plan.is_of_links, plan.looked_for_unclaimed) == (True, True)
    assert (len(decided(*orders[:MAX_ORPHANS]).notes), decided(*orders[:MAX_ORPHANS]).warnings) == (MAX_ORPHANS, ())


def test_a_second_order_of_a_payment_is_named_beside_the_first() -> None:
    order = stored_order(printful_order_id="3")
    second, third = free(9, external_id="pi_1"), free(8, external_id=ORDER_ID, created=LONG_AGO - 1)
    (problem,) = decided(second, third, rows={"pi_1": order, ORDER_ID: order}, alive={"3"}).notes
    assert problem.problem_class is ProblemClass.DUPLICATE_FULFILMENT
    assert problem.sentence == (
        f"Printful has more than one order for the one payment of order {ORDER_ID}: 3, 8, 9. Cancel at Printful what "
        "is too many, unless you sent the goods again on purpose."
    )
    assert problem.ids == {
        "order_id": ORDER_ID, "stripe_session_id": order.session_id, "printful_order_ids": "3, 8, 9",
    }  # fmt: skip
    assert (problem.day, problem.amount) == (date(2026, 9, 20), COST)


def test_a_second_order_of_an_order_without_a_session_names_none() -> None:
    order = stored_order(printful_order_id="3", session_id="")
    (problem,) = decided(free(external_id=None), twins={"7": order}, alive={"3"}).notes
    assert problem.ids == {"order_id": ORDER_ID, "printful_order_ids": "3, 7"}


def test_an_order_whose_first_one_was_given_up_is_no_second_one() -> None:
    rows = {"pi_1": stored_order(printful_order_id="3")}
    assert decided(free(external_id="pi_1"), rows=rows, alive={"4"}).notes == ()


def test_the_goods_of_a_refunded_order_without_a_printful_id_are_told_with_their_day() -> None:
    refunded = stored_order(printful_order_id=None, status="refunded")
    (problem,) = decided(free(external_id="pi_1"), rows={"pi_1": refunded}).notes
    assert (problem.problem_class, problem.day) == (ProblemClass.REFUNDED_BUT_SHIPPING, date(2026, 9, 20))
    assert decided(free(external_id="pi_1"), rows={"pi_1": replace(refunded, printful_order_id="3")}).notes == ()
    assert decided(free(external_id="pi_1", status="canceled"), rows={"pi_1": refunded}).notes == ()


@pytest.mark.parametrize(
    ("name", "is_one"), [("pi_3A", True), ("pi_", False), ("xpi_3A", False), ("pi_3A ", False), (None, False)]
)
def test_a_name_is_a_payment_by_its_form(name: str | None, is_one: bool) -> None:
    assert is_payment(name) is is_one


def test_the_same_goods_for_the_same_recipient_share_a_key() -> None:
    def keys(*items: tuple[int, int], **changes: Any) -> frozenset[int]:
        rows = [
            printful_item(id=place, variant_id=variant, quantity=count) for place, (variant, count) in enumerate(items)
        ]
        return goods_for(printful_answer(items=rows, **changes))

    one = keys((1, 1), (2, 3))
    other_name = recipient(name="Bo Example")
    assert len(one) == 2  # by e-mail address, and by name and postal code
    assert one == keys((2, 3), (1, 1))
    assert len(one & keys((1, 1), (2, 3), recipient=other_name)) == 1
    assert one.isdisjoint(keys((1, 3), (2, 1)))
    assert keys((1, 1), recipient=None) == keys() == frozenset()
    assert goods_for(printful_answer(items=[printful_item(), None])) == frozenset()


def test_what_may_take_the_place_of_an_order_that_was_given_up_is_told() -> None:
    order = stored_order(printful_order_id="3")
    (problem,) = decided(free(external_id="pi_1"), rows={"pi_1": order}, given_up={"3"}).notes
    assert problem.problem_class is ProblemClass.POSSIBLE_LINK
    assert problem.sentence == (
        f"Printful order 7 may take the place of Printful order 3 of order {ORDER_ID}, which Printful does not make. "
        "If it does, set the order's printful_order_id to it. Do not order the goods again before you have looked."
    )
    ids = {"order_id": ORDER_ID, "stripe_session_id": order.session_id, "printful_order_ids": "7"}
    assert (problem.ids, problem.day, problem.amount) == (ids, date(2026, 9, 20), COST)
    (of_hand,) = decided(free(external_id="pi_1"), rows={"pi_1": replace(order, session_id="")}, given_up={"3"}).notes
    assert of_hand.ids == {"order_id": ORDER_ID, "printful_order_ids": "7"}


def test_so_is_one_without_a_payments_name_for_the_same_recipient() -> None:
    near = {"7": stored_order(printful_order_id="3")}
    (problem,) = decided(free(external_id=None), near=near, given_up={"3"}).notes
    assert problem.problem_class is ProblemClass.POSSIBLE_LINK
    (of_a_payment,) = decided(free(), near=near, given_up={"3"}).notes
    assert of_a_payment.problem_class is ProblemClass.ORPHAN_PRINTFUL
    assert decided(free(external_id=None), near=near, given_up={"4"}).notes == ()
    assert decided(free(external_id=None), near={"8": near["7"]}, given_up={"3"}).notes == ()


def test_nobody_orders_the_goods_of_a_payment_that_went_back_again() -> None:
    rows = {"pi_1": stored_order(printful_order_id="3", status="refunded")}
    assert decided(free(external_id="pi_1", status="canceled"), rows=rows, given_up={"3"}).notes == ()


def test_an_orphan_for_the_recipient_of_an_order_names_that_order() -> None:
    (problem,) = decided(free(), near={"7": stored_order()}).notes
    assert problem.sentence == (
        "Printful makes order 7 of 2026-09-20 for USD 17.34, and no order of the shop names it. Order "
        f"{ORDER_ID} is for the same recipient: look whether it is made for that one, before you cancel it at Printful."
    )


def test_a_name_in_the_form_of_an_orders_id_is_the_shops_where_it_names_by_id() -> None:
    theirs = free(external_id=ORDER_ID)
    assert decided(theirs).notes == ()
    assert [each.problem_class for each in decided(theirs, names_by_id=True).notes] == [ProblemClass.ORPHAN_PRINTFUL]
    assert decided(free(external_id="1001"), names_by_id=True).notes == ()
    assert decided(free(external_id=None), names_by_id=True).notes == ()


def test_two_that_are_told_one_by_one_leave_no_warning_and_a_third_one_more_does() -> None:
    orders = [free(number, created=LONG_AGO - number) for number in range(1, MAX_ORPHANS + 2)]
    assert len(decided(*orders).warnings) == 1


def test_orders_that_share_an_address_or_a_recipient_go_to_the_same_one() -> None:
    def keys(**changes: Any) -> frozenset[int]:
        return recipients_of(printful_answer(recipient=recipient(**changes)))

    assert keys() & keys(email="other@example.com")
    assert keys() & keys(name="Bo Example")
    assert not keys() & keys(email="other@example.com", name="Bo Example")
    assert None not in keys()


def test_a_parcel_that_was_sent_long_before_a_refund_is_not_to_be_stopped() -> None:
    row = stored_order(status="refunded", printful_order_id=None)
    for age, is_told in ((ON_ITS_WAY_FOR + 1, False), (ON_ITS_WAY_FOR, True)):
        sent = replace(free(external_id=ORDER_ID, status="fulfilled"), created=NOW - age, shipments=())
        notes = decided(sent, rows={ORDER_ID: row}).notes
        assert [each.problem_class for each in notes] == [ProblemClass.REFUNDED_BUT_SHIPPING] * is_told
