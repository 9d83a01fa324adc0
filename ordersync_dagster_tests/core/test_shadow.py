"""The changes of shadow mode: each is kept once without personal data, and judged by the shop's row as it is later."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from ordersync_dagster.core.changes import (
    AddItems,
    Change,
    FillFields,
    InsertOrder,
    NewItem,
    OrderUpdate,
    SetStatus,
    SetTracking,
)
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.shadow import (
    Intent,
    ShadowFigures,
    ShadowOutcome,
    ShadowRecord,
    dropped_by,
    intents_of,
    judged,
    superseded_by,
)
from ordersync_dagster_tests.support.builders import new_order, stored_item, stored_order

DAY = date(2026, 9, 21)
AT = datetime(2026, 9, 22, tzinfo=UTC)
OPEN, BY_SHOP, WRONG, DROPPED = ShadowOutcome
ITEM = NewItem("i1", "71", "4011", "Tee", 2, Decimal(26), None, {"sync_variant_id": "86"})


def hashed(text: str) -> str:
    return f"hash of {len(text)}"


def of_insert(**changes: Any) -> Intent:
    (intent,) = intents_of(Plan(day=DAY, inserts=(InsertOrder(new_order(**changes)),)), hashed)
    return intent


def of_change(change: Change, seen: StoredOrder | None = None) -> Intent:
    (intent,) = intents_of(Plan(updates=(OrderUpdate(seen or stored_order(), (change,)),)), hashed)
    return intent


def outcome(intent: Intent, **row: Any) -> tuple[ShadowOutcome, str]:
    return judged(intent, stored_order(**row), hashed)


def test_a_new_order_is_kept_by_amount_and_words_alone() -> None:
    intent = of_insert(total=Decimal("26.00"), printful_order_id="7")
    kept = {"total_amount": "26", "currency": "usd", "status": "processing", "printful_order_id": "7"}
    assert (intent.change, intent.day, intent.before, intent.planned) == ("insert_order", DAY, None, kept)
    assert (intent.order_id, intent.session_id, intent.payment) == (
        new_order().id, new_order().session_id, new_order().payment_intent_id,
    )  # fmt: skip
    assert judged(intent, None, hashed) == (OPEN, "")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"status": "processing"}, (BY_SHOP, "")),
        ({"status": "delivered"}, (BY_SHOP, "")),
        ({"status": "processing", "total": None, "currency": None, "printful_order_id": None}, (BY_SHOP, "")),
        ({"status": "processing", "currency": "USD"}, (BY_SHOP, "")),
        ({"status": "pending"}, (WRONG, "the shop's own order row has another status")),
        ({"status": "processing", "total": Decimal(1)}, (WRONG, "the shop's own order row has another total_amount")),
        (
            {"status": "cancelled", "currency": "eur", "printful_order_id": "8"},
            (WRONG, "the shop's own order row has another currency, printful_order_id, status"),
        ),
    ],
)
def test_a_new_order_is_judged_by_the_shops_own(row: dict[str, Any], expected: tuple[ShadowOutcome, str]) -> None:
    assert outcome(of_insert(printful_order_id="7"), **{"id": "row", "printful_order_id": "7", **row}) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("processing", (OPEN, "")),
        ("shipped", (BY_SHOP, "")),
        ("returned", (BY_SHOP, "")),
        ("failed", (WRONG, "the order became failed, and shipped was planned")),
    ],
)
def test_a_status_is_judged_by_the_status_now(now: str, expected: tuple[ShadowOutcome, str]) -> None:
    assert outcome(of_change(SetStatus("processing", "shipped", "partial")), status=now) == expected


def test_tracking_is_done_by_any_of_the_parcels_and_only_our_list_is_no_change() -> None:
    parcels: tuple[dict[str, Any], ...] = ({"tracking_number": "B"}, {"tracking_number": None})
    intent = of_change(SetTracking("A", "https://example.com/A", parcels))
    assert (intent.planned, intent.detail) == ({"numbers": ["A", "B"]}, "A")
    assert outcome(intent) == (OPEN, "")
    assert outcome(intent, tracking_number="") == (OPEN, "")
    assert outcome(intent, tracking_number="B") == (BY_SHOP, "")
    assert outcome(intent, tracking_number="C") == (WRONG, "the order has another tracking_number")
    seen = stored_order(tracking_number="A", tracking_url="")
    assert not [*intents_of(Plan(updates=(OrderUpdate(seen, (SetTracking("A", None, parcels),)),)), hashed)]
    link = of_change(SetTracking(None, "https://example.com/A", None))
    assert (outcome(link), outcome(link, tracking_url="https://example.com/A")) == ((OPEN, ""), (BY_SHOP, ""))


def test_tracking_that_was_there_before_is_open_until_it_changes() -> None:
    seen = stored_order(tracking_number="Z", tracking_url="https://example.com/Z")
    intent = of_change(SetTracking("A", "https://example.com/Z", None), seen)
    assert (intent.before, outcome(intent, tracking_number="Z")) == ("Z", (OPEN, ""))
    assert outcome(intent, tracking_number="A") == (BY_SHOP, "")
    number = of_change(SetTracking("A", None, None))
    assert outcome(number, tracking_url="https://example.com/A") == (OPEN, "")
    same = SetTracking("Z", "https://example.com/Z", ({"tracking_number": "B"},))
    assert not [*intents_of(Plan(updates=(OrderUpdate(seen, (same,)),)), hashed)]


def test_the_same_address_is_the_same_in_whatever_order_its_fields_stand() -> None:
    fill = FillFields({"shipping_address": {"line1": "1 Test Street", "floor": Decimal(2)}})
    (intent,) = intents_of(Plan(updates=(OrderUpdate(stored_order(), (fill,)),)), str.upper)
    row = stored_order(shipping_address={"floor": Decimal(2), "line1": "1 Test Street"})
    assert judged(intent, row, str.upper) == (BY_SHOP, "")


def test_items_are_done_when_each_is_there_by_either_variant() -> None:
    own = stored_item(quantity=1)
    intent = of_change(AddItems((ITEM, replace(ITEM, id="i0"))), stored_order(items=(own,)))
    assert (intent.before, intent.detail) == ("1", "i0,i1")
    both = (stored_item(quantity=2), stored_item(variant_id="86", quantity=2))
    assert outcome(intent, items=(own,)) == (OPEN, "")
    assert outcome(intent, items=(own, *both)) == (BY_SHOP, "")
    assert outcome(intent, items=(own, both[0])) == (WRONG, "the order has other items")


def test_filled_fields_are_compared_by_hash_and_ids_as_they_are() -> None:
    intent = of_change(FillFields({"printful_order_id": "7", "customer_name": "Asta"}))
    assert intent.planned == {"printful_order_id": "7", "customer_name": "hash of 6"}
    assert intent.detail == "customer_name,printful_order_id"
    assert outcome(intent, printful_order_id=None, customer_name="Asta") == (OPEN, "")
    assert outcome(intent, printful_order_id="7", customer_name="Asta") == (BY_SHOP, "")
    assert outcome(intent, printful_order_id="8", customer_name=None) == (
        WRONG,
        "the order has another printful_order_id",
    )
    assert outcome(intent, printful_order_id="7", customer_name="Bo")[0] is WRONG


def test_a_change_of_an_order_that_is_gone_is_dropped_and_of_a_planned_one_open() -> None:
    change = SetStatus("processing", "shipped", "partial")
    assert judged(of_change(change), None, hashed) == (DROPPED, "the order is gone")
    planned = stored_order(id=new_order().id)
    numbered = stored_order(id=f"new:{new_order().session_id}")
    for seen in (planned, numbered):
        assert of_change(change, seen).is_of_new_order
        assert judged(of_change(change, seen), None, hashed) == (OPEN, "")
    assert not of_change(change, stored_order(session_id="")).is_of_new_order


def test_the_same_change_has_the_same_id_whichever_run_plans_it() -> None:
    name = f"set_status:{stored_order().session_id}:shipped"  # the database holds the hash of it
    assert of_change(SetStatus("processing", "shipped", "partial")).id == sha256(name.encode()).hexdigest()[:24]
    first = of_change(SetStatus("processing", "shipped", "partial"))
    assert first.id == of_change(SetStatus("failed", "shipped", "partial")).id
    others = [of_change(SetStatus("processing", "delivered", "fulfilled")), of_insert()]
    others.append(of_change(SetStatus("processing", "shipped", "partial"), stored_order(session_id="", id="x")))
    assert len({first.id, *(each.id for each in others)}) == 4


def record(intent: Intent, **changes: Any) -> ShadowRecord:
    return ShadowRecord(intent, AT, **changes)


def test_a_run_that_looked_and_no_longer_plans_a_change_drops_it() -> None:
    of_day, of_printful = of_insert(), of_change(SetStatus("processing", "shipped", "partial"))
    records = [record(of_day), record(of_printful)]
    looked = Plan(printful_orders=(of_printful.order_id,))
    assert [*dropped_by(Plan(day=DAY), (), records)] == [of_day.id]
    assert [*dropped_by(Plan(day=DAY), [of_day.id], records)] == []
    assert [*dropped_by(Plan(day=DAY + timedelta(days=1)), (), records)] == []
    assert [*dropped_by(looked, (), records)] == [of_printful.id]
    assert [*dropped_by(Plan(), (), records)] == []
    unread = Problem(ProblemClass.STRIPE_NOT_READ, "?", {"day": str(DAY)})
    silent = Problem(ProblemClass.PRINTFUL_NOT_ASKED, "?", {"order_id": of_printful.order_id})
    assert [*dropped_by(Plan(day=DAY, notes=(unread,)), (), records)] == []
    assert [*dropped_by(replace(looked, notes=(silent,)), (), records)] == []


def test_a_payment_that_went_back_meanwhile_shows_that_the_first_plan_was_wrong() -> None:
    first, back = of_insert(), of_insert(status="refunded")
    assert superseded_by(first, back) == "the whole payment went back before the shop had an order"
    moved = of_change(SetStatus("processing", "refunded", "x"))
    assert [superseded_by(*each) for each in ((first, first), (back, back), (back, first), (moved, back))] == [""] * 4


def test_the_figures_count_each_outcome_and_begin_with_the_first_change() -> None:
    intent = of_insert()
    records = [record(intent), record(intent, outcome=WRONG), ShadowRecord(intent, AT - timedelta(days=1), BY_SHOP)]
    figures = ShadowFigures.of(records)
    assert figures.since == AT - timedelta(days=1)
    assert figures.by_name == {
        "shadow_repairs": 3, "shadow_open": 1, "shadow_done_by_shop": 1, "shadow_would_be_wrong": 1,
        "shadow_dropped": 0,
    }  # fmt: skip
    assert ShadowFigures.of([]) == ShadowFigures(None, {})


def test_a_change_keeps_the_payment_and_the_day_of_its_order() -> None:
    fill = FillFields({"printful_order_id": "7", "customer_name": "Kim"})
    (intent,) = intents_of(Plan(day=DAY, completions=(OrderUpdate(stored_order(), (fill,)),)), hashed)
    assert (intent.change, intent.detail) == ("fill_fields", "customer_name,printful_order_id")
    assert (intent.payment, intent.day) == (stored_order().payment_intent_id, DAY)
    assert of_change(SetTracking(None, "https://example.com/A", None)).detail == ""


def test_an_order_that_is_nowhere_is_waited_for_only_where_it_was_to_be_new() -> None:
    insert = replace(of_insert(), order_id="of-another-form")
    assert judged(insert, None, hashed) == (OPEN, "")
    gone = of_change(SetStatus("processing", "shipped", "partial"))
    assert judged(gone, None, hashed) == (DROPPED, "the order is gone")


def test_a_status_from_which_no_order_goes_on_is_contradicted_by_any_other() -> None:
    intent = of_change(SetStatus("processing", "failed", "failed"))
    assert outcome(intent, status="shipped") == (WRONG, "the order became shipped, and failed was planned")
