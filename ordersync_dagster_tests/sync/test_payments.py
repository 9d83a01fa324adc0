"""What became of payments, over the wire: which of Stripe's lists a run reads, and what it does without them."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.sandbox import INVOICE, Fault, World, dispute, invoice_payment, refund
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost

OPTIONAL = ("/v1/refunds", "/v1/disputes", "/v1/invoice_payments")
GIVEN_BACK = "UPDATE orders SET status = 'refunded'"


def asked(shop: Shop) -> Counter[str]:
    """How often each of the lists was asked for."""
    return Counter(request.path for request in shop.sandbox.requests if request.path in OPTIONAL)


def newest_lost(world: World) -> dict[str, Any]:
    """A lost session that names no Printful order."""
    return next(each for each in lost(world) if "printfulOrderId" not in each["metadata"])


def of_payment(session: dict[str, Any]) -> dict[str, Any]:
    """What a refund or a dispute of the whole session says."""
    return {
        "payment_intent": session["payment_intent"],
        "amount": session["amount_total"],
        "currency": session["currency"],
        "created": session["created"] + 60,
    }


def subscribed(shop: Shop, world: World, **changes: Any) -> str:
    """Make the newest lost session one of a subscription, whose payment went back; its id."""
    session = newest_lost(world)
    changed = {**session, "mode": "subscription", "payment_intent": None, "invoice": INVOICE, **changes}
    shop.sandbox.put_session(changed)
    shop.sandbox.put_refund(refund(**of_payment(session)))
    payment = {"type": "payment_intent", "payment_intent": session["payment_intent"]}
    shop.sandbox.put_invoice_payment(invoice_payment(created=session["created"] + 30, payment=payment))
    return str(session["id"])


def test_a_lost_dispute_becomes_a_refunded_order_and_nobody_waits(each_shop: Shop, outage: World) -> None:
    session = newest_lost(outage)
    each_shop.sandbox.put_dispute(dispute(status="lost", **of_payment(session)))
    run = each_shop.run()
    order = each_shop.order(session["id"])
    assert order["status"] == "refunded"
    assert order["id"] not in {ids["order_id"] for ids in of_class(run, "unfulfilled")}


def test_an_open_dispute_is_a_live_order_and_a_notice_that_names_it(shop: Shop, outage: World) -> None:
    session = newest_lost(outage)
    shop.sandbox.put_dispute(dispute(**of_payment(session)))
    run = shop.run()
    order = shop.order(session["id"])
    assert order["status"] == "processing"
    assert [ids["order_id"] for ids in of_class(run, "disputed")] == [order["id"]]
    assert order["id"] not in {ids["order_id"] for ids in of_class(run, "unfulfilled")}
    assert (run.outcome.summary.errors, shop.run(dry_run=True).outcome.counts["disputed"]) == (0, 1)


def test_a_subscription_that_was_refunded_is_found_through_its_invoice(each_shop: Shop, outage: World) -> None:
    session_id = subscribed(each_shop, outage)
    run = each_shop.run()
    assert each_shop.order(session_id)["status"] == "refunded"
    assert "refund_unknown" not in classes(run)


def test_where_invoice_payments_cannot_be_read_one_warning_says_so(shop: Shop, outage: World) -> None:
    for status, why in ((403, "it lacks the permission “Invoices: Read”"), (404, "HTTP 404")):
        session_id = subscribed(shop, outage)
        shop.sandbox.faults.add(Fault("/v1/invoice_payments", "status", status, times=None))
        run = shop.run(dry_run=True)
        (warning,) = [each for each in run.ready.stripe.warnings if "invoice payments" in each]
        assert why in warning
        assert [ids["stripe_session_id"] for ids in of_class(run, "refund_unknown")] == [session_id]
        assert session_id not in {ids["stripe_session_id"] for ids in of_class(run, "unfulfilled")}
        shop.sandbox.faults.clear()


@pytest.mark.parametrize(
    ("path", "permission"), [("/v1/refunds", "Charges and Refunds: Read"), ("/v1/disputes", "Disputes: Read")]
)
def test_a_key_that_may_not_read_a_list_is_told_and_the_run_goes_on(shop: Shop, path: str, permission: str) -> None:
    shop.sandbox.faults.add(Fault(path, "status", 403, times=None))
    run = shop.run()
    assert run.outcome.summary.stripe_sessions_added > 0
    (warning,) = run.ready.stripe.warnings
    assert f"“{permission}”" in warning
    assert asked(shop) == {"/v1/refunds": 1, "/v1/disputes": 1}


def test_each_list_is_read_once_and_those_of_invoices_only_for_subscriptions(shop: Shop, outage: World) -> None:
    shop.run(dry_run=True)
    assert asked(shop) == {"/v1/refunds": 1, "/v1/disputes": 1}
    subscribed(shop, outage)
    shop.sandbox.requests.clear()
    shop.run(dry_run=True)
    assert asked(shop) == dict.fromkeys(OPTIONAL, 1)


def test_where_nothing_is_added_and_every_order_is_refunded_no_list_is_read(shop: Shop) -> None:
    shop.run()
    shop.database.execute(GIVEN_BACK)
    shop.sandbox.requests.clear()
    shop.run()
    assert asked(shop) == {}


@pytest.mark.parametrize("problem", ["disputed", "partly_refunded"])
def test_an_existing_order_whose_payment_may_go_back_is_named_and_left_alone(shop: Shop, problem: str) -> None:
    row = shop.of_printful("inprocess")
    (session,) = [each for each in shop.sandbox.world.sessions if each["id"] == row["stripe_session_id"]]
    about = of_payment(session)
    if problem == "disputed":
        shop.sandbox.put_dispute(dispute(**about))
    else:
        shop.sandbox.put_refund(refund(**about | {"amount": 1}))
    run = shop.run()
    named = {"disputed": "disputed_but_shipping"}.get(problem, problem)  # Printful makes its goods
    assert [ids["order_id"] for ids in of_class(run, named)] == [row["id"]]
    assert "disputed" not in classes(run)
    assert shop.order(row["stripe_session_id"])["status"] == row["status"]


def test_a_refund_of_a_day_that_is_decided_later_is_known_then_too(shop: Shop, outage: World) -> None:
    """The lists are read for the newest day that needs them; they reach back to the start of the window."""
    oldest = min(lost(outage), key=lambda each: each["created"])
    about = of_payment(oldest)
    late = int((shop.time.now - timedelta(minutes=1)).timestamp())
    shop.sandbox.put_refund(refund(**{**about, "created": late}))
    shop.run()
    assert shop.order(oldest["id"])["status"] == "refunded"


def test_an_order_that_names_the_payment_of_an_invoice_is_the_subscriptions_order(shop: Shop, outage: World) -> None:
    session = newest_lost(outage)
    session_id = subscribed(shop, outage)
    row = shop.of_printful("inprocess")
    pay = "UPDATE orders SET stripe_payment_intent_id = :payment, stripe_session_id = 'cs_test_left' WHERE id = :id"
    shop.database.execute(pay, payment=session["payment_intent"], id=row["id"])
    run = shop.run()
    assert session_id not in shop.database.column("SELECT stripe_session_id FROM orders")
    assert [ids["order_id"] for ids in of_class(run, "superseded_session")] == [row["id"]]


def test_a_subscriptions_order_gets_its_payment_and_asks_for_no_invoice_again(shop: Shop, outage: World) -> None:
    session_id = subscribed(shop, outage)
    shop.run()
    assert shop.order(session_id)["stripe_payment_intent_id"] == newest_lost(outage)["payment_intent"]
    shop.database.execute("UPDATE orders SET status = 'processing' WHERE stripe_session_id = :id", id=session_id)
    shop.sandbox.requests.clear()
    run = shop.run()
    assert asked(shop) == {"/v1/refunds": 1, "/v1/disputes": 1}
    told = [ids["stripe_session_id"] for ids in of_class(run, "payment_refunded")]
    assert told == [session_id], "its payment is known, and somebody took the status back"
    assert "order_disagrees" not in classes(run)


def test_an_existing_order_of_a_subscription_keeps_its_empty_payment(shop: Shop, outage: World) -> None:
    session_id = subscribed(shop, outage)
    shop.run()
    empty = "UPDATE orders SET stripe_payment_intent_id = NULL WHERE stripe_session_id = :id"
    shop.database.execute(empty, id=session_id)
    assert shop.run().outcome.summary.orders_completed == 0
    assert shop.order(session_id)["stripe_payment_intent_id"] is None
