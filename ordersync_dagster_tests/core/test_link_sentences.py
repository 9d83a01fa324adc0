"""Links that are not made, and goods that nobody makes, are told in sentences that say what to do."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.links import Links
from ordersync_dagster.core.not_made import MakingRules, Payment, not_made
from ordersync_dagster.core.orders import LineItem
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.recipient import Recipient
from ordersync_dagster.core.unlinked import Unlinked
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import ORDER_ID, PRINTFUL_ID, new_order, printful_answer, stored_order

OF_ORDER = {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID}
LATER = int(new_order().created.timestamp()) + 100_000
UNLINKED = Unlinked(stored_order(printful_order_id=None), new_order(line_items=(LineItem(1, Decimal("26.00")),)))
NAMED = printful_answer(
    external_id=PAYMENT_INTENT, recipient={"email": "asta@example.com"}, created=int(new_order().created.timestamp())
)


def told(*theirs: PrintfulOrder, names: str = PRINTFUL_ID, **facts: Any) -> Problem:
    """The one problem of the order without a link; it names the Printful orders `names`."""
    (problem,) = decide_links(Links((UNLINKED,), theirs, **facts), Limits()).notes
    assert problem.ids == OF_ORDER | {"printful_order_ids": names}
    return problem


def test_a_name_that_much_contradicts_is_told_with_every_reason() -> None:
    odd = replace(NAMED, created=1, recipient=Recipient("other"), items=NAMED.items * 2)
    assert told(odd).sentence == (
        f"Printful order {PRINTFUL_ID} has a name of order {ORDER_ID} as external_id, but it was made before the "
        "payment and its recipient is another and it has more pieces than were paid: it was not linked. If it "
        "is the order's, set the order's printful_order_id."
    )


def test_a_likely_order_says_what_not_to_do() -> None:
    assert told(replace(NAMED, external_id=None)).sentence == (
        f"Order {ORDER_ID} may be Printful order {PRINTFUL_ID}: the same recipient, at that time. If it is, set its "
        "printful_order_id. Do not send the order before you have looked."
    )


def test_a_link_that_was_taken_back_says_so() -> None:
    assert told(NAMED, taken_back={ORDER_ID: {PRINTFUL_ID}}).sentence == (
        f"Order {ORDER_ID} was linked to Printful order {PRINTFUL_ID} by an earlier run, and somebody took that back: "
        "it was not linked again. If the link is right, set the order's printful_order_id."
    )
    named = new_order(printful_order_id=PRINTFUL_ID)
    taken_back = {ORDER_ID: {PRINTFUL_ID}}
    day = SessionDay(sessions=(named,), taken_back=taken_back, asks_printful=True)
    plan = decide_sessions(day, Stored((UNLINKED.order,)))
    assert (plan.completions, plan.unlinked) == ((), ())
    (problem,) = plan.problems
    assert (problem.problem_class, problem.ids) == ("possible_link", OF_ORDER | {"printful_order_ids": PRINTFUL_ID})
    assert problem.sentence == (
        f"The session of order {ORDER_ID} names Printful order {PRINTFUL_ID}. An earlier run linked them, and "
        "somebody took that back: it was not linked again. If the link is right, set the order's printful_order_id."
    )
    another = decide_sessions(replace(day, taken_back={ORDER_ID: {"1"}}), Stored((UNLINKED.order,)))
    assert [update.completed.printful_order_id for update in another.completions] == [PRINTFUL_ID]


def test_several_printful_orders_of_one_order_are_named() -> None:
    problem = told(replace(NAMED, printful_order_id="8"), replace(NAMED, printful_order_id="7"), names="7, 8")
    assert problem.problem_class == "ambiguous_match"
    assert problem.sentence == (
        f"2 Printful orders have a name of order {ORDER_ID} as external_id, and none was linked: 7, 8. If one is too "
        "many, cancel it at Printful. Then set the order's printful_order_id."
    )


def test_a_printful_order_of_several_orders_is_named_with_each() -> None:
    twin = replace(UNLINKED, order=replace(UNLINKED.order, id="twin", session_id="cs_test_twin"))
    third = replace(UNLINKED, order=replace(UNLINKED.order, id="third", session_id="cs_test_third"))
    notes = decide_links(Links((UNLINKED, twin, third), (NAMED,)), Limits()).notes
    (problem,) = [note for note in notes if note.ids["order_id"] == ORDER_ID]
    assert (problem.problem_class, problem.ids["printful_order_ids"]) == ("ambiguous_match", PRINTFUL_ID)
    assert problem.sentence == (
        f"Printful order {PRINTFUL_ID} may be made for order {ORDER_ID} or for order third, twin, and was linked to "
        "none. Set the printful_order_id of the right one."
    )


def test_a_printful_order_that_another_order_names_is_told() -> None:
    assert told(taken_names={PAYMENT_INTENT: PRINTFUL_ID}).sentence == (
        f"Printful order {PRINTFUL_ID} has a name of order {ORDER_ID} as external_id, and another order names it as "
        "its own. Compare both orders before you send any goods."
    )


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("draft", "of 2026-09-20 is still a draft: nobody makes its goods. Confirm it at Printful."),
        ("pending", "of 2026-09-20 is still pending: nobody makes its goods. Look why Printful has not accepted it."),
        ("onhold", "of 2026-09-20 is on hold: nobody makes its goods. Look at Printful what it waits for."),
        (
            "failed",
            "has failed. If no other one takes its place, correct it at Printful and send it again, or refund the "
            "customer.",
        ),
        ("canceled", "is canceled. If no other one takes its place, order the goods again, or refund the customer."),
    ],
)
def test_goods_that_nobody_makes_are_told_with_what_to_do(word: str, sentence: str) -> None:
    theirs = printful_answer(status=word, created=LATER - 186_400)
    (problem,) = not_made(stored_order(), theirs, Payment(), MakingRules(), LATER)
    assert problem.sentence == f"Order {ORDER_ID} is paid, and Printful order {PRINTFUL_ID} {sentence}"


def test_goods_that_are_missing_are_told_with_what_to_do() -> None:
    payment = Payment((LineItem(3, Decimal("26.00")),), is_kept=True)
    (problem,) = not_made(stored_order(), printful_answer(), payment, MakingRules(), LATER)
    assert problem.sentence == (
        f"Printful order {PRINTFUL_ID} has 1 of the 3 paid pieces of order {ORDER_ID}. If no other one has the rest, "
        "order it at Printful, or send it yourself."
    )
