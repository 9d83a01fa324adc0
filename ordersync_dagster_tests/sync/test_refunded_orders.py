"""Orders that exist and whose whole payment went back become refunded, whenever it went back."""

from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.app.history import History
from ordersync_dagster.sandbox import Fault, dispute, refund
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched
from ordersync_dagster_tests.support.world import Counters

OFF = {"ORDERSYNC_SET_REFUNDED": "false"}


def a_sale(shop: Shop, status: str = "inprocess") -> tuple[dict[str, Any], dict[str, Any]]:
    """An order that stands so at Printful, and its session."""
    row = shop.of_printful(status)
    (session,) = [each for each in shop.sandbox.world.sessions if each["id"] == row["stripe_session_id"]]
    return row, session


def of_payment(session: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a refund or a dispute of the whole session says."""
    about = {name: session[name] for name in ("payment_intent", "currency")}
    return {**about, "amount": session["amount_total"], "created": session["created"] + 60, **changes}


def changes_of_status(run: Any) -> list[tuple[str, str | None, str | None, str]]:
    rows = (each for each in run.outcome.changes if each["field"] == "status")
    return [
        (each["order_id"], each["before"], each["after"], each["why"]) for each in rows if each["after"] == "refunded"
    ]


@pytest.mark.parametrize("kind", ["refund", "lost dispute", "refund and lost dispute"])
def test_an_order_whose_whole_payment_went_back_becomes_refunded(each_shop: Shop, kind: str) -> None:
    row, session = a_sale(each_shop)
    if "refund" in kind:
        part = {"amount": session["amount_total"] - 100} if "dispute" in kind else {}
        each_shop.sandbox.put_refund(refund(**of_payment(session, **part)))
    if "dispute" in kind:
        part = {"amount": 100} if "refund" in kind else {}
        each_shop.sandbox.put_dispute(dispute(status="lost", **of_payment(session, **part)))
    dry, run = each_shop.run(dry_run=True), each_shop.run()
    expected = [(row["id"], row["status"], "refunded", "Stripe says the whole payment went back")]
    assert changes_of_status(dry) == changes_of_status(run) == expected
    assert each_shop.order(session["id"])["status"] == "refunded"
    assert "payment_refunded" not in classes(run)
    for each in (dry, run, each_shop.run(), each_shop.run(dry_run=True)):
        assert [ids["order_id"] for ids in of_class(each, "refunded_but_shipping")] == [row["id"]]
    assert run.outcome.summary.orders_completed == dry.outcome.summary.orders_completed
    assert changes_of_status(each_shop.run()) == []


@pytest.mark.parametrize(
    "part", [{"amount": 1}, {"status": "failed"}, {"status": "canceled"}, {"status": "requires_action"}]
)
def test_a_part_or_a_refund_that_did_not_arrive_changes_no_status(shop: Shop, part: dict[str, Any]) -> None:
    row, session = a_sale(shop)
    shop.sandbox.put_refund(refund(**of_payment(session, **part)))
    shop.sandbox.put_dispute(dispute(status="won", **of_payment(session)))
    assert changes_of_status(shop.run()) == []
    assert shop.order(session["id"])["status"] == row["status"]


def test_a_refund_on_its_way_is_told_and_set_when_it_has_arrived(shop: Shop) -> None:
    row, session = a_sale(shop, "fulfilled")
    shop.sandbox.put_refund(refund(**of_payment(session, status="pending")))
    run = shop.run()
    assert changes_of_status(run) == []
    assert [ids["order_id"] for ids in of_class(run, "payment_refunded")] == [row["id"]]
    shop.sandbox.put_refund(refund(**of_payment(session)))
    assert [order_id for order_id, *_ in changes_of_status(shop.run())] == [row["id"]]


def test_the_shop_may_set_the_status_itself(shop: Shop) -> None:
    row, session = a_sale(shop, "fulfilled")
    shop.sandbox.put_refund(refund(**of_payment(session)))
    settings = settings_for(shop.sandbox, shop.database.url, **OFF)
    run = launched(settings, tools=shop.time.tools(3))
    assert list(run.parts)
    assert changes_of_status(run) == []
    assert [ids["order_id"] for ids in of_class(run, "payment_refunded")] == [row["id"]]


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_what_comes_back_after_the_sessions_day_left_the_period_is_seen(each_shop: Shop, kind: str) -> None:
    """Most refunds and disputes come weeks after the payment; the scheduled run covers 15 days."""
    row, session = a_sale(each_shop)
    late = int((each_shop.time.now - timedelta(hours=3)).timestamp())
    old = {**session, "created": int((each_shop.time.now - timedelta(days=40)).timestamp())}
    each_shop.sandbox.put_session(old)
    before = each_shop.run(dry_run=True)
    if kind == "refund":
        each_shop.sandbox.put_refund(refund(**of_payment(old, created=late)))
    else:
        each_shop.sandbox.put_dispute(dispute(**of_payment(old, created=late)))
    dry, run = each_shop.run(dry_run=True), each_shop.run()
    if kind == "refund":
        assert [order_id for order_id, *_ in changes_of_status(dry)] == [row["id"]]
        assert changes_of_status(dry) == changes_of_status(run)
        assert each_shop.order(session["id"])["status"] == "refunded"
    else:
        assert each_shop.order(session["id"])["status"] == row["status"]
        told = [*of_class(run, "disputed"), *of_class(run, "disputed_but_shipping")]
        assert [ids["order_id"] for ids in told] == [row["id"]]
    for name in Counters.__dataclass_fields__:
        assert before.outcome.summary[name] == dry.outcome.summary[name] == run.outcome.summary[name], name


def test_stripe_is_asked_for_an_older_payment_only_if_all_of_it_may_have_gone_back(shop: Shop) -> None:
    _, session = a_sale(shop)
    late = int((shop.time.now - timedelta(hours=3)).timestamp())
    shop.sandbox.put_session({**session, "created": int((shop.time.now - timedelta(days=40)).timestamp())})
    for amount, asked in ((session["amount_total"] - 1, 0), (session["amount_total"], 1)):
        shop.sandbox.put_refund(refund(**of_payment(session, amount=amount, created=late)))
        shop.sandbox.requests.clear()
        shop.run()
        single = [each for each in shop.sandbox.requests if "payment_intent=" in each.query]
        assert len(single) == asked
    shop.sandbox.requests.clear()
    shop.run()  # it is refunded now
    assert not [each for each in shop.sandbox.requests if "payment_intent=" in each.query]


def test_an_order_that_changes_meanwhile_is_decided_again(shop: Shop) -> None:
    row, session = a_sale(shop)
    shop.sandbox.put_refund(refund(**of_payment(session)))
    cancel = "UPDATE orders SET status = 'returned' WHERE id = :id"
    run = shop.run(meanwhile=lambda: shop.database.execute(cancel, id=row["id"]))
    assert shop.order(session["id"])["status"] == "returned"
    assert changes_of_status(run) == []


def test_without_the_list_of_refunds_nothing_is_set(shop: Shop) -> None:
    row, session = a_sale(shop)
    shop.sandbox.put_refund(refund(**of_payment(session)))
    shop.sandbox.faults.add(Fault("/v1/refunds", "status", 403, times=None))
    shop.run()
    assert shop.order(session["id"])["status"] == row["status"]


@pytest.mark.parametrize("by", ["undo", "hand"])
def test_a_status_that_somebody_took_back_is_told_once_and_not_set_again(each_shop: Shop, by: str) -> None:
    row, session = a_sale(each_shop, "fulfilled")
    each_shop.sandbox.put_refund(refund(**of_payment(session)))
    run = each_shop.run()
    if by == "undo":
        history = History(settings_for(each_shop.sandbox, each_shop.database.url), each_shop.time.tools())
        history.undo(run.outcome.run_id, dry_run=False)
    else:
        each_shop.database.execute("UPDATE orders SET status = 'processing' WHERE id = :id", id=row["id"])
    for again in (each_shop.run(dry_run=True), each_shop.run(), each_shop.run()):
        assert changes_of_status(again) == []
        told = [each for each in again.outcome.problems if each.ids.get("order_id") == row["id"]]
        assert [str(each.problem_class) for each in told] == ["payment_refunded"]
        assert "somebody took that back" in told[0].sentence
    assert each_shop.order(session["id"])["status"] == "delivered"


@pytest.mark.parametrize("word", ["pending", "failed"])
def test_it_is_told_also_of_an_order_that_does_not_say_it_is_paid(shop: Shop, word: str) -> None:
    row, session = a_sale(shop, "fulfilled")
    shop.sandbox.put_refund(refund(**of_payment(session)))
    shop.run()
    shop.database.execute(
        "UPDATE orders SET status = :word, printful_order_id = NULL WHERE id = :id", word=word, id=row["id"]
    )
    run = shop.run()
    assert changes_of_status(run) == []
    assert [ids["order_id"] for ids in of_class(run, "payment_refunded")] == [row["id"]]


def test_a_status_that_an_older_payment_gave_is_not_set_again_either(shop: Shop) -> None:
    row, session = a_sale(shop, "fulfilled")
    late = int((shop.time.now - timedelta(hours=3)).timestamp())
    old = {**session, "created": int((shop.time.now - timedelta(days=40)).timestamp())}
    shop.sandbox.put_session(old)
    shop.sandbox.put_refund(refund(**of_payment(old, created=late)))
    assert [order_id for order_id, *_ in changes_of_status(shop.run())] == [row["id"]]
    shop.database.execute("UPDATE orders SET status = 'shipped' WHERE id = :id", id=row["id"])
    run = shop.run()
    assert changes_of_status(run) == []
    assert [ids["order_id"] for ids in of_class(run, "payment_refunded")] == [row["id"]]


def test_an_undo_gives_the_order_its_status_back(each_shop: Shop) -> None:
    row, session = a_sale(each_shop)
    each_shop.sandbox.put_refund(refund(**of_payment(session)))
    run = each_shop.run()
    undone = History(settings_for(each_shop.sandbox, each_shop.database.url), each_shop.time.tools()).undo(
        run.outcome.run_id, dry_run=False
    )
    assert undone.kept == []
    assert each_shop.order(session["id"])["status"] == row["status"]
    log = "SELECT changes_after FROM audit_logs WHERE action = 'order_update' AND resource_id = :id ORDER BY created_at"
    set_to = str(each_shop.database.column(log, id=row["id"]))
    assert ("refunded" in set_to, row["status"] in set_to) == (True, True)
