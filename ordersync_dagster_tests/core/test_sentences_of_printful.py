"""What Printful says of an order, told whole: the class, every word and every id, as a shop owner reads it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.back_and_shipping import back_and_shipping
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful, update_order
from ordersync_dagster.core.delivery import with_parcels
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.margin import negative_margin
from ordersync_dagster.core.money import Capacity
from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import Price, StoredOrder
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import Lookup, Missing, NotAsked
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.sandbox import shipment
from ordersync_dagster.sandbox.world.printful_orders import costs
from ordersync_dagster_tests.support.builders import printful_answer, stored_item, stored_order

NAMED = {"order_id": "o1", "printful_order_id": "7"}
WITH_SESSION = {**NAMED, "stripe_session_id": "cs_1"}
STORED = stored_order(id="o1", session_id="cs_1", printful_order_id="7", status="shipped", items=(stored_item(),))


def answered(**fields: Any) -> Any:
    return printful_answer(**{"id": 7, "status": "partial", **fields})


def told(lookup: Lookup, limits: Limits = Limits(), **columns: Any) -> list[Problem]:
    return update_order(replace(STORED, **columns), lookup, (), limits)[1]


@pytest.mark.parametrize(
    ("lookup", "problem_class", "sentence"),
    [
        (
            NotAsked("7", "no answer"),
            ProblemClass.PRINTFUL_NOT_ASKED,
            "Printful could not be asked about order o1: no answer. The next run asks again.",
        ),
        (Missing("7"), ProblemClass.MISSING_AT_PRINTFUL, "Printful has no order 7, which order o1 names."),
        (
            answered(status="archived"),
            ProblemClass.UNKNOWN_STATUS,
            "Printful says 'archived' of order o1, which is not mapped; it stays shipped.",
        ),
        (
            answered(status="draft"),
            ProblemClass.REGRESS_BLOCKED,
            "Order o1 is shipped and stays so, although Printful says draft.",
        ),
        (
            answered(shipments=[None]),
            ProblemClass.MALFORMED_PRINTFUL_ORDER,
            "Not all parcels of order o1 can be read at Printful: its shipments are not a list of objects.",
        ),
    ],
)
def test_an_answer_that_changes_nothing_is_told_whole(
    lookup: Lookup, problem_class: ProblemClass, sentence: str
) -> None:
    assert told(lookup) == [Problem(problem_class, sentence, NAMED)]


def test_values_that_a_column_does_not_take_are_told_whole() -> None:
    parcel = answered(shipments=[shipment()])
    narrow = "The tracking of order o1 was left alone: orders.tracking_url is too narrow for it. Widen the column."
    assert told(parcel, Limits(widths={"orders.tracking_url": 5})) == [
        Problem(ProblemClass.TEXT_DOES_NOT_FIT, narrow, NAMED)
    ]
    listless = "The metadata of order o1 is no JSON object; it was left alone, and lists no parcels."
    assert told(parcel, unreadable=frozenset({"metadata"}), tracking_number="1") == [
        Problem(ProblemClass.UNREADABLE_COLUMN, listless, {**NAMED, "column": "metadata"})
    ]
    left_alone = "The items of order o1 were left alone:"
    (item,) = parcel.items
    assert told(parcel, Limits(price=Capacity(3, 2)), items=()) == [
        Problem(
            ProblemClass.AMOUNT_DOES_NOT_FIT, f"{left_alone} price cannot hold item {item.id} exactly. Widen it.", NAMED
        )
    ]
    assert told(parcel, Limits(widths={"order_items.name": 1}), items=()) == [
        Problem(
            ProblemClass.TEXT_DOES_NOT_FIT,
            f"{left_alone} order_items.name cannot hold item {item.id} exactly. Widen it.",
            NAMED,
        )
    ]
    assert told(parcel, items=(stored_item(variant_id="1"),)) == [
        Problem(
            ProblemClass.ITEMS_MISMATCH,
            f"{left_alone} 1 of Printful's 1 and 1 of the shop's 1 have no counterpart. Compare them by hand.",
            NAMED,
        )
    ]


def test_two_orders_of_one_printful_order_are_told_whole() -> None:
    rows = (STORED, replace(STORED, id="o2", session_id="cs_2"))
    plan = decide_printful(PrintfulBatch({"7": answered()}), Stored(rows))
    assert plan.notes == (
        Problem(
            ProblemClass.AMBIGUOUS_MATCH,
            "2 orders name the same Printful order 7 and were left alone: o1, o2.",
            {"printful_order_id": "7", "order_ids": "o1, o2"},
        ),
    )
    assert plan.updates == ()


@pytest.mark.parametrize(
    ("columns", "ids", "amount"),
    [
        ({}, WITH_SESSION, Price(Decimal("26.00"), "usd")),
        ({"session_id": ""}, NAMED, Price(Decimal("26.00"), "usd")),
        ({"total": None}, WITH_SESSION, None),
        ({"currency": None}, WITH_SESSION, None),
    ],
)
def test_a_problem_at_printful_has_the_session_and_the_amount_of_its_order(
    columns: dict[str, Any], ids: dict[str, str], amount: Price | None
) -> None:
    order: StoredOrder = replace(STORED, **columns)
    (problem,) = decide_printful(PrintfulBatch({"7": Missing("7")}), Stored((order,))).notes
    assert (problem.ids, problem.amount) == (ids, amount)


@pytest.mark.parametrize(
    ("parcels", "problem_class", "sentence"),
    [
        (
            NotAsked("7", "no answer"),
            ProblemClass.PRINTFUL_NOT_ASKED,
            "Printful could not be asked for the parcels of order o1: no answer. The next run asks again.",
        ),
        (
            Missing("7"),
            ProblemClass.MISSING_AT_PRINTFUL,
            "Printful's API v2 has no order 7, which its API v1 shows, so nobody knows whether order o1 was delivered.",
        ),
        (
            [
                {"id": 1, "shipment_status": "returned"},
                {"id": 2, "shipment_status": "shipped", "delivery_status": "failure"},
            ],
            ProblemClass.NOT_DELIVERED,
            "Order o1 did not reach its customer whole. Parcels, in Printful's words: 1 (returned), "
            "2 (shipped and failure).",
        ),
        (
            [{"id": 1, "shipment_status": "b" * 50}, {"id": 2, "shipment_status": "lent"}],
            ProblemClass.UNKNOWN_STATUS,
            f"Printful says '{'b' * 40}', 'lent' of a parcel of order o1, which is not mapped; it is not delivered "
            "yet.",
        ),
        (
            [None],
            ProblemClass.MALFORMED_PRINTFUL_ORDER,
            "Not all parcels of order o1 can be read at Printful: its shipments are not a list of objects.",
        ),
    ],
)
def test_parcels_that_are_not_delivered_are_told_whole(
    parcels: Any, problem_class: ProblemClass, sentence: str
) -> None:
    assert told(with_parcels(answered(status="fulfilled"), parcels)) == [Problem(problem_class, sentence, NAMED)]


def test_goods_whose_payment_went_back_are_told_whole() -> None:
    problem = back_and_shipping(STORED, answered(), Payment(is_refunded=True), 0)
    assert problem == Problem(
        ProblemClass.REFUNDED_BUT_SHIPPING,
        "The whole payment of order o1 went back to the customer, and Printful order 7 has sent a part of the goods. "
        "Ask Printful at once to cancel the rest, and ask for the goods back.",
        WITH_SESSION,
    )
    without = back_and_shipping(replace(STORED, session_id=""), answered(), Payment(is_refunded=True), 0)
    assert without
    assert without.ids == NAMED


@pytest.mark.parametrize(
    ("word", "state"), [("draft", "is still a draft"), ("partial", "has sent a part of the goods")]
)
def test_goods_whose_payment_is_disputed_are_told_whole(word: str, state: str) -> None:
    problem = back_and_shipping(STORED, answered(status=word), Payment(disputes=("dp_1", "dp_2")), 0)
    assert problem == Problem(
        ProblemClass.DISPUTED_BUT_SHIPPING,
        f"The customer's bank disputes the payment of order o1 (dp_1, dp_2), and Printful order 7 {state}. "
        "Have Printful stop it until the dispute is decided, and answer the dispute at Stripe.",
        {**WITH_SESSION, "stripe_dispute_ids": "dp_1, dp_2"},
    )
    assert problem.amount == Price(Decimal("17.34"), "usd")


@pytest.mark.parametrize(("is_whole", "what"), [(True, "the payment"), (False, "what is left of the payment")])
def test_a_loss_is_told_whole(is_whole: bool, what: str) -> None:
    theirs = answered(costs=costs(total="30.00"))
    problem = negative_margin(STORED, theirs, Payment(is_whole=is_whole, kept=Price(Decimal("26.00"), "usd")))
    assert problem == Problem(
        ProblemClass.NEGATIVE_MARGIN,
        f"Printful order 7 costs USD 30.00, and {what} of order o1 is USD 26.00: the shop loses USD 4.00. Look at your "
        "prices, at the shipping that the customer paid, and at Printful's costs.",
        WITH_SESSION,
    )
    nameless = negative_margin(replace(STORED, session_id=""), theirs, Payment(kept=Price(Decimal(1), "usd")))
    assert nameless
    assert nameless.ids == NAMED
