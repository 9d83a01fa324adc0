"""A payment that is found under another session, and an order that does not know that it is paid, on both databases."""

from typing import Any

import pytest

from ordersync_dagster.app.run import Run
from ordersync_dagster.app.watch import open_watch
from ordersync_dagster.core.window import day_of
from ordersync_dagster.sandbox import Fault, World, refund
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost_ids

LEFT = "cs_test_left"  # a session that the customer opened and left


def made_before_payment(shop: Shop, outage: World, **columns: Any) -> dict[str, Any]:
    """A lost session of the outage, and an order under another session that its reference names."""
    session = next(each for each in outage.sessions if each["id"] == lost_ids(outage)[0])
    row = next(row for row in shop.database.rows("SELECT * FROM orders") if row["status"] == "delivered")
    values = {"status": "pending", "payment": None, "total": session["amount_total"] / 100, "left": LEFT, **columns}
    shop.database.execute(
        "UPDATE orders SET stripe_session_id = :left, stripe_payment_intent_id = :payment, status = :status, "
        "total_amount = :total, currency = :currency, printful_order_id = NULL WHERE id = :id",
        **values,
        currency=session["currency"],
        id=row["id"],
    )
    shop.sandbox.put_session({**session, "client_reference_id": row["id"]})
    return {"session": session, "order_id": row["id"]}


def status_of(shop: Shop, order_id: str) -> str:
    (status,) = shop.database.column("SELECT status FROM orders WHERE id = :id", id=order_id)
    return str(status)


@pytest.mark.full
@pytest.mark.databases
def test_the_order_that_the_reference_names_is_completed_without_a_second_one(each_shop: Shop, outage: World) -> None:
    made = made_before_payment(each_shop, outage)
    planned = each_shop.run(dry_run=True)
    run = each_shop.run()
    assert planned.outcome.summary == run.outcome.summary
    assert [ids["other_stripe_session_id"] for ids in of_class(run, "superseded_session")] == [LEFT]
    assert status_of(each_shop, made["order_id"]) == "processing"
    assert made["session"]["id"] not in each_shop.database.column("SELECT stripe_session_id FROM orders")
    told = [change for change in run.outcome.changes if change["order_id"] == made["order_id"]]
    assert {"field": "status", "before": "pending", "after": "processing", "why": "Stripe says paid"}.items() <= next(
        change.items() for change in told if change["field"] == "status"
    )
    again = each_shop.run()
    assert (again.outcome.rows, status_of(each_shop, made["order_id"])) == (
        dict.fromkeys(again.outcome.rows, 0),
        "processing",
    )


@pytest.mark.databases
def test_a_webhook_that_comes_meanwhile_is_not_written_over(each_shop: Shop, outage: World) -> None:
    made = made_before_payment(each_shop, outage)
    change = "UPDATE orders SET customer_name = 'By Webhook', stripe_payment_intent_id = :payment WHERE id = :id"
    values = {"payment": made["session"]["payment_intent"], "id": made["order_id"]}
    each_shop.run(meanwhile=lambda: each_shop.database.execute(change, **values))
    assert status_of(each_shop, made["order_id"]) == "processing"
    names = each_shop.database.column("SELECT customer_name FROM orders WHERE id = :id", id=made["order_id"])
    assert names == ["By Webhook"]


@pytest.mark.examples
@pytest.mark.parametrize("change", ["status = 'cancelled'", "status = 'processing', printful_order_id = '424242'"])
def test_an_order_that_the_shop_changes_meanwhile_is_not_said_to_wait(shop: Shop, outage: World, change: str) -> None:
    order = str(made_before_payment(shop, outage)["order_id"])
    assert order in shop.run(dry_run=True).outcome.waiting_long
    sql = f"UPDATE orders SET {change} WHERE id = :id"
    run = shop.run(meanwhile=lambda: shop.database.execute(sql, id=order))
    assert order not in run.outcome.waiting_long
    assert run.outcome.waiting  # the others wait


def test_where_stripe_calls_the_other_session_paid_too_both_are_orders(each_shop: Shop, outage: World) -> None:
    made = made_before_payment(each_shop, outage)
    other = {
        **made["session"],
        "id": LEFT,
        "payment_intent": "pi_left",
        "created": made["session"]["created"] - 40 * 86400,
    }
    each_shop.sandbox.put_session(other)
    run = each_shop.run()
    (ids,) = of_class(run, "double_payment")
    assert set(ids["stripe_session_ids"].split(", ")) == {LEFT, made["session"]["id"]}
    assert each_shop.order(made["session"]["id"])["id"] != made["order_id"]
    assert "superseded_session" not in classes(run)


def test_a_payment_that_another_order_names_is_not_inserted_again(each_shop: Shop, outage: World) -> None:
    made = made_before_payment(each_shop, outage)
    payment = made["session"]["payment_intent"]
    change = "UPDATE orders SET stripe_payment_intent_id = :payment, status = 'shipped' WHERE id = :id"
    each_shop.database.execute(change, payment=payment, id=made["order_id"])
    each_shop.sandbox.put_session({**made["session"], "client_reference_id": None})
    run = each_shop.run()
    assert [ids["order_id"] for ids in of_class(run, "superseded_session")] == [made["order_id"]]
    assert (
        each_shop.database.column("SELECT id FROM orders WHERE stripe_session_id = :id", id=made["session"]["id"]) == []
    )


@pytest.mark.databases
def test_a_reference_that_cannot_be_an_id_of_the_table_is_the_id_of_no_order(each_shop: Shop, outage: World) -> None:
    session = next(each for each in outage.sessions if each["id"] == lost_ids(outage)[0])
    each_shop.sandbox.put_session({**session, "client_reference_id": "cart 'c42'; \N{SNOWMAN}"})
    assert each_shop.run().outcome.summary.errors == each_shop.run().outcome.summary.errors
    assert each_shop.order(session["id"])


def test_a_pending_order_is_the_same_in_a_dry_run_and_in_the_run(each_shop: Shop) -> None:
    row = each_shop.of_printful("inprocess")
    each_shop.database.execute("UPDATE orders SET status = 'pending' WHERE id = :id", id=row["id"])
    planned = each_shop.run(dry_run=True)
    run = each_shop.run()
    assert planned.outcome.changes == run.outcome.changes
    assert next(each["why"] for each in run.outcome.changes if each["order_id"] == row["id"]) == "Stripe says paid"
    assert status_of(each_shop, row["id"]) == "processing"


def test_an_order_that_does_not_know_that_it_is_paid_is_a_missed_webhook(shop: Shop) -> None:
    row = shop.of_printful("inprocess")
    session_id = row["stripe_session_id"]
    watch = open_watch(settings_for(shop.sandbox, shop.database.url), shop.time.tools(1))
    assert watch.without_order([session_id, "cs_test_none"]) == {"cs_test_none"}
    shop.database.execute("UPDATE orders SET status = 'pending' WHERE id = :id", id=row["id"])
    assert watch.without_order([session_id]) == {session_id}
    shop.run(printful=PrintfulScope.none)
    assert watch.without_order([session_id]) == set()


@pytest.mark.parametrize("status", [403, 500])
def test_an_order_without_an_answer_of_stripe_waits_and_the_others_are_done(
    shop: Shop, outage: World, status: int
) -> None:
    made = made_before_payment(shop, outage)
    shop.sandbox.faults.add(Fault(f"/v1/checkout/sessions/{LEFT}", "status", times=None, status=status))
    run = shop.run()
    assert [ids["order_id"] for ids in of_class(run, "stripe_not_read")] == [made["order_id"]]
    assert run.outcome.rows["orders_inserted"] > 0


def test_an_own_session_that_is_paid_but_too_recent_keeps_its_order(each_shop: Shop, outage: World) -> None:
    made = made_before_payment(each_shop, outage)
    just_now = int(each_shop.time.now.timestamp()) - 60
    newest = {**made["session"], "created": just_now - 3600, "client_reference_id": made["order_id"]}
    each_shop.sandbox.put_session(newest)
    each_shop.sandbox.put_session({**newest, "id": LEFT, "payment_intent": "pi_left", "created": just_now})
    run = each_shop.run()
    assert len(of_class(run, "double_payment")) == 1
    assert each_shop.order(newest["id"])["id"] != made["order_id"]
    assert status_of(each_shop, made["order_id"]) == "pending"


def test_a_payment_that_was_only_tried_makes_no_second_order_in_the_next_run(each_shop: Shop, outage: World) -> None:
    made = made_before_payment(each_shop, outage, payment="pi_tried")
    each_shop.run()
    assert status_of(each_shop, made["order_id"]) == "processing"
    again = each_shop.run()
    assert (again.outcome.rows, "double_payment" in classes(again)) == (dict.fromkeys(again.outcome.rows, 0), False)


def test_a_payment_of_another_paid_session_keeps_the_order(each_shop: Shop, outage: World) -> None:
    made = made_before_payment(each_shop, outage, payment="pi_third", status="shipped")
    older = made["session"]["created"] - 40 * 86400
    third = {**made["session"], "id": "cs_test_third", "payment_intent": "pi_third", "created": older}
    each_shop.sandbox.put_session(third)
    (ids,) = of_class(each_shop.run(), "double_payment")
    assert "cs_test_third" in ids["stripe_session_ids"]
    assert each_shop.order(made["session"]["id"])["id"] != made["order_id"]


def test_a_refunded_pending_order_that_changes_meanwhile_becomes_refunded(each_shop: Shop, outage: World) -> None:
    row = each_shop.of_printful("inprocess")
    session = next(each for each in outage.sessions if each["id"] == row["stripe_session_id"])
    given_back = {"payment_intent": session["payment_intent"], "amount": session["amount_total"]}
    each_shop.sandbox.put_refund(refund(**given_back, currency=session["currency"], created=session["created"] + 60))
    prepare = "UPDATE orders SET status = 'pending', customer_name = NULL, printful_order_id = NULL WHERE id = :id"
    each_shop.database.execute(prepare, id=row["id"])
    change = "UPDATE orders SET tracking_number = 'BY-HAND' WHERE id = :id"
    each_shop.run(meanwhile=lambda: each_shop.database.execute(change, id=row["id"]), printful=PrintfulScope.none)
    after = each_shop.order(session["id"])
    assert (after["status"], after["tracking_number"], bool(after["customer_name"])) == ("refunded", "BY-HAND", True)


def test_stripe_without_an_answer_about_one_session_costs_it_alone(each_shop: Shop, outage: World) -> None:
    made = made_before_payment(each_shop, outage)
    fault = Fault(f"/v1/checkout/sessions/{LEFT}", "status", times=None)
    each_shop.sandbox.faults.add(fault)
    run = each_shop.run()
    assert [ids["stripe_session_id"] for ids in of_class(run, "stripe_not_read")] == [made["session"]["id"]]
    assert status_of(each_shop, made["order_id"]) == "pending"
    assert run.outcome.rows["orders_inserted"] > 0
    each_shop.sandbox.faults.clear()
    each_shop.run()
    assert status_of(each_shop, made["order_id"]) == "processing"


@pytest.mark.parametrize("scope", PrintfulScope)
def test_a_paid_order_that_printful_canceled_is_told_once_in_every_run(shop: Shop, scope: PrintfulScope) -> None:
    row = shop.of_printful("canceled")
    shop.database.execute("UPDATE orders SET status = 'processing' WHERE id = :id", id=row["id"])

    def told(run: Run) -> list[str]:
        problems = run.outcome.problems
        return [str(each.problem_class) for each in problems if each.ids.get("order_id") == row["id"]]

    assert told(shop.run()) == ["cancelled_at_printful"]
    is_asked = scope is PrintfulScope.all
    assert told(shop.run(printful=scope)) == (["cancelled_at_printful"] if is_asked else ["paid_but_not_live"])


def test_a_cancelled_order_that_is_paid_stays_known_by_the_day_of_its_session(shop: Shop) -> None:
    row = shop.of_printful("inprocess")
    shop.database.execute("UPDATE orders SET status = 'cancelled' WHERE id = :id", id=row["id"])
    (problem,) = (each for each in shop.run().outcome.problems if each.problem_class == "paid_but_not_live")
    session = next(each for each in shop.sandbox.world.sessions if each["id"] == row["stripe_session_id"])
    assert (problem.ids["order_id"], problem.day) == (row["id"], day_of(session["created"]))


def test_an_order_that_a_newer_day_moves_is_the_same_for_an_older_day_of_a_dry_run(shop: Shop, outage: World) -> None:
    made = made_before_payment(shop, outage)
    older = {"id": "cs_test_older", "payment_intent": "pi_older", "created": made["session"]["created"] - 2 * 86400}
    other = {**made["session"]["customer_details"], "email": "other@example.com"}
    shop.sandbox.put_session(
        {**made["session"], **older, "customer_details": other, "client_reference_id": made["order_id"][:13]}
    )
    short, email = made["order_id"][:13], made["session"]["customer_details"]["email"]
    change = "UPDATE orders SET id = :short, customer_email = :email WHERE id = :id"
    shop.database.execute(change, short=short, email=email, id=made["order_id"])
    shop.sandbox.put_session({**made["session"], "client_reference_id": short})
    planned, run = shop.run(dry_run=True), shop.run()
    assert status_of(shop, short) == "processing"
    assert planned.outcome.problems == run.outcome.problems
