"""Printful orders that no order of the shop names: second ones of a payment, and those that nobody paid for."""

from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.app.run import Run
from ordersync_dagster.sandbox import Fault, checkout_session, printful_order, refund
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched

NEW = {"orphan_printful", "duplicate_fulfilment"}


def made(shop: Shop, *, hours: float = 30, **changes: Any) -> str:
    """Printful has one more order; its id."""
    created = int((shop.time.now - timedelta(hours=hours)).timestamp())
    known = {"id": 555_000_001, "external_id": "pi_3NobodyPaidThis", "created": created, **changes}
    shop.sandbox.put_printful_order(printful_order(**known))
    return str(known["id"])


def told(run: Run) -> list[tuple[str, str]]:
    problems = [each for each in run.outcome.problems if each.problem_class in NEW]
    names = ("printful_order_id", "printful_order_ids")
    return [(str(each.problem_class), next(each.ids[name] for name in names if name in each.ids)) for each in problems]


def set_to(shop: Shop, *, dry_run: bool = True, **settings: str) -> Run:
    run = launched(settings_for(shop.sandbox, shop.database.url, **settings), dry_run=dry_run, tools=shop.time.tools(3))
    assert list(run.parts)
    return run


def test_an_order_that_carries_a_payment_which_nobody_made_is_an_orphan(each_shop: Shop) -> None:
    assert told(each_shop.run(dry_run=True)) == []
    orphan = made(each_shop)
    for dry_run in (True, False, False):
        assert told(each_shop.run(dry_run=dry_run)) == [("orphan_printful", orphan)]
    each_shop.sandbox.put_printful_order(printful_order(id=int(orphan), status="canceled"))
    assert told(each_shop.run()) == []


@pytest.mark.parametrize("word", ["draft", "canceled", "failed", "archived"])
def test_what_printful_does_not_make_is_no_orphan(shop: Shop, word: str) -> None:
    made(shop, status=word)
    assert told(shop.run(dry_run=True)) == []


@pytest.mark.parametrize(
    "changes",
    [{"is_sample": True}, {"hours": 24 * 40}, {"hours": 0.5}, {"external_id": "market-1"}, {"external_id": None}],
    ids=["a sample", "before the period", "just made", "of another channel", "without a name"],
)
def test_what_may_have_another_reason_is_no_orphan(shop: Shop, changes: dict[str, Any]) -> None:
    made(shop, **changes)
    assert told(shop.run(dry_run=True)) == []


def test_the_shop_says_whether_other_channels_use_its_printful_store(shop: Shop) -> None:
    others = [each for each in shop.sandbox.world.printful_orders if str(each["external_id"]).startswith("market-")]
    kept = [each for each in others if each["status"] in ("pending", "inprocess", "onhold", "partial", "fulfilled")]
    start = (shop.time.now - timedelta(days=30)).replace(hour=0, minute=0, second=0).timestamp()
    expected = {str(each["id"]) for each in kept if each["created"] >= start}
    found = told(set_to(shop, ORDERSYNC_OTHER_CHANNELS="false"))
    assert (len(expected) > 3, {name for _, name in found}) == (True, expected)
    made(shop)
    assert told(set_to(shop, ORDERSYNC_OTHER_CHANNELS="true")) == []
    assert len(told(set_to(shop))) == 1


def test_many_orders_that_nobody_paid_for_are_twenty_notices_and_one_warning(shop: Shop) -> None:
    for number in range(25):
        made(shop, id=555_000_001 + number, external_id=f"pi_3Nobody{number}")
    run = shop.run(dry_run=True)
    assert len(told(run)) == 20
    assert [each for each in run.outcome.warnings if "5 more orders" in each]


def test_a_payment_that_stripe_knows_of_any_session_is_behind_an_order(shop: Shop) -> None:
    created = int((shop.time.now - timedelta(days=60)).timestamp())
    old = checkout_session(id="cs_test_old", payment_intent="pi_3NobodyPaidThis", created=created)
    shop.sandbox.put_session(old)
    orphan = made(shop)
    assert told(shop.run(dry_run=True)) == []
    shop.sandbox.put_session({**old, "payment_status": "unpaid"})
    assert told(shop.run(dry_run=True)) == [("orphan_printful", orphan)]


def test_where_one_side_was_not_read_to_its_end_nothing_is_said(shop: Shop) -> None:
    made(shop)
    for fault in (Fault("/orders", "status", 500, times=None), Fault("/v1/refunds", "status", 500, times=None)):
        shop.sandbox.faults.add(fault)
        run = launched(settings_for(shop.sandbox, shop.database.url), dry_run=True, tools=shop.time.tools(1))
        try:
            for _ in run.parts:
                continue
        except Exception:  # Stripe is away
            pass
        assert told(run) == []
        shop.sandbox.faults.clear()
    assert told(shop.run(dry_run=True, printful=PrintfulScope.none)) == []


@pytest.mark.parametrize("name", ["payment", "order", "none"])
def test_a_second_printful_order_of_one_payment_is_told_once(each_shop: Shop, name: str) -> None:
    row = each_shop.of_printful("inprocess")
    (first,) = [each for each in each_shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    each_shop.sandbox.put_printful_order({**first, "external_id": None})  # a name is unique at Printful
    external_id = {"payment": row["stripe_payment_intent_id"], "order": row["id"].replace("-", ""), "none": None}[name]
    second = {**first, "id": 555_000_009, "external_id": external_id, "created": first["created"] + 600}
    each_shop.sandbox.put_printful_order(second)
    both = f"{row['printful_order_id']}, 555000009"
    for dry_run in (True, False, False):
        run = each_shop.run(dry_run=dry_run)
        assert told(run) == [("duplicate_fulfilment", both)]
        assert [ids["order_id"] for ids in of_class(run, "duplicate_fulfilment")] == [row["id"]]
    each_shop.sandbox.put_printful_order({**second, "status": "canceled"})
    assert told(each_shop.run()) == []


@pytest.mark.parametrize("changes", [{"created": 3 * 86_400}, {"quantity": 3}, {"recipient": "other@example.com"}])
def test_another_purchase_of_a_customer_is_no_second_order(shop: Shop, changes: dict[str, Any]) -> None:
    row = shop.of_printful("inprocess")
    (first,) = [each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    second = {**first, "id": 555_000_009, "external_id": None, "created": first["created"] - changes.get("created", 0)}
    if "quantity" in changes:
        second["items"] = [{**each, "quantity": 3} for each in first["items"]]
    if "recipient" in changes:
        second["recipient"] = {**first["recipient"], "email": changes["recipient"], "name": "Other", "zip": "X"}
    shop.sandbox.put_printful_order(second)
    assert told(shop.run(dry_run=True)) == []


def test_a_printful_order_of_a_canceled_one_takes_its_place(shop: Shop) -> None:
    row = shop.of_printful("canceled")
    (first,) = [each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    again = {**first, "id": 555_000_009, "external_id": None, "status": "inprocess", "created": first["created"] + 60}
    for name in (None, row["stripe_payment_intent_id"]):
        shop.sandbox.put_printful_order({**again, "external_id": name})
        for run in (set_to(shop), set_to(shop, ORDERSYNC_OTHER_CHANNELS="false")):
            assert "555000009" not in {printful_ids for _, printful_ids in told(run)}
            (problem,) = [each for each in run.outcome.problems if "555000009" in each.sentence]
            assert problem.ids["order_id"] == row["id"]
            assert problem.sentence == (
                f"Printful order 555000009 may take the place of Printful order {first['id']} of order {row['id']}, "
                "which Printful does not make. If it does, set the order's printful_order_id to it. Do not order the "
                "goods again before you have looked."
            )
    other = {"email": "other@example.com", "name": "Other", "zip": "X"}
    shop.sandbox.put_printful_order({**again, "recipient": {**first["recipient"], **other}})
    assert not [each for each in set_to(shop).outcome.problems if "555000009" in each.sentence]


def test_a_printful_order_may_take_the_place_of_one_that_is_gone(shop: Shop) -> None:
    row = shop.of_printful("inprocess")
    shop.sandbox.remove_printful_order(int(row["printful_order_id"]))
    made(shop, external_id=row["stripe_payment_intent_id"])
    for dry_run in (True, False, False):
        run = shop.run(dry_run=dry_run)
        assert row["id"] in {ids["order_id"] for ids in of_class(run, "missing_at_printful")}
        (ids,) = [each for each in of_class(run, "possible_link") if each["order_id"] == row["id"]]
        assert (ids["printful_order_ids"], told(run)) == ("555000001", [])


def test_an_order_for_the_recipient_of_a_paid_one_is_not_said_to_be_nobodys(shop: Shop) -> None:
    row = shop.of_printful("inprocess")
    (first,) = [each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    rest = {**first, "id": 555_000_009, "external_id": None, "created": first["created"] + 60, "items": []}
    shop.sandbox.put_printful_order(rest)
    run = set_to(shop, ORDERSYNC_OTHER_CHANNELS="false")
    (problem,) = [each for each in run.outcome.problems if "555000009" in each.sentence]
    assert problem.sentence.endswith(
        f", and no order of the shop names it. Order {row['id']} is for the same recipient: look whether it is made "
        "for that one, before you cancel it at Printful."
    )


def test_goods_of_a_refunded_order_that_names_no_printful_order_are_told(each_shop: Shop) -> None:
    session = next(each for each in each_shop.sandbox.world.sessions if each["id"] in _lost(each_shop))
    about = {"payment_intent": session["payment_intent"], "currency": session["currency"]}
    each_shop.sandbox.put_refund(refund(**about, amount=session["amount_total"], created=session["created"] + 60))
    made(each_shop, external_id=session["payment_intent"], created=session["created"] + 90)
    for dry_run in (True, False, False):
        run = each_shop.run(dry_run=dry_run)
        told_of = of_class(run, "refunded_but_shipping")
        assert [ids["printful_order_id"] for ids in told_of] == ["555000001"]
        assert not NEW & classes(run)


def _lost(shop: Shop) -> set[str]:
    stored = set(shop.database.column("SELECT stripe_session_id FROM orders"))
    return {
        each["id"]
        for each in shop.sandbox.world.sessions
        if each["payment_status"] == "paid" and each["id"] not in stored and "printfulOrderId" not in each["metadata"]
        and each["created"] < (shop.time.now - timedelta(hours=2)).timestamp()
    }  # fmt: skip


def test_what_takes_the_place_of_a_failed_order_is_told_in_the_run_that_links(each_shop: Shop) -> None:
    row = each_shop.of_printful("failed")
    (first,) = [each for each in each_shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    again = {**first, "id": 555_000_009, "external_id": None, "status": "inprocess", "created": first["created"] + 60}
    each_shop.sandbox.put_printful_order(again)
    each_shop.sandbox.put_printful_order({**first, "external_id": row["stripe_payment_intent_id"]})
    each_shop.database.execute("UPDATE orders SET printful_order_id = NULL WHERE id = :id", id=row["id"])
    for dry_run in (True, False, False):
        run = each_shop.run(dry_run=dry_run)
        assert row["id"] in {ids["order_id"] for ids in of_class(run, "cancelled_at_printful")}
        (ids,) = [each for each in of_class(run, "possible_link") if each["order_id"] == row["id"]]
        assert ids["printful_order_ids"] == "555000009"
