"""A shop may take orders without a Stripe session: they are brought up to date like all others, and never doubled."""

from datetime import timedelta

import pytest

from ordersync_dagster.app.run import Run
from ordersync_dagster.sandbox import World
from ordersync_dagster.sync.account_guard import MIN_ORDERS_FOR_ACCOUNT_CHECK
from ordersync_dagster_tests.support.databases import refuse
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost_ids

pytestmark = pytest.mark.any_database

NULLABLE = {
    True: "ALTER TABLE orders ALTER stripe_session_id DROP NOT NULL;\n",
    False: "PRAGMA writable_schema = on;\n"
    "UPDATE sqlite_master SET sql = replace(sql, 'stripe_session_id TEXT NOT NULL', 'stripe_session_id TEXT');\n",
}


@pytest.fixture
def open_shop(each_shop: Shop) -> Shop:
    """The outage in a shop whose orders need no session."""
    each_shop.database.script(NULLABLE[each_shop.database.is_postgres])
    return each_shop


def changes(run: Run, order_ids: list[str]) -> list[tuple[str, str, str | None]]:
    rows = [each for each in run.outcome.changes if each["order_id"] in order_ids]
    return sorted((each["order_id"], each["field"], each["after"]) for each in rows)


def moving(shop: Shop, count: int = 2) -> list[str]:
    """The ids of orders of the shop's that Printful moves on."""
    moved = {each["order_id"] for each in shop.run(dry_run=True).outcome.changes if each["field"] == "status"}
    found = sorted(moved & set(shop.database.column("SELECT id FROM orders")))[:count]
    assert len(found) == count
    return found


def without_session(shop: Shop, order_ids: list[str]) -> None:
    for order_id in order_ids:
        shop.database.execute("UPDATE orders SET stripe_session_id = NULL WHERE id = :id", id=order_id)


def test_an_order_without_a_session_is_updated_from_printful_and_not_inserted(
    open_shop: Shop,
) -> None:
    usual, order_ids = open_shop.run(dry_run=True), moving(open_shop)
    without_session(open_shop, order_ids)
    previewed = open_shop.run(dry_run=True)
    for run in (previewed, open_shop.run()):
        assert run.outcome.summary.seven == usual.outcome.summary.seven
        assert changes(run, order_ids) == changes(usual, order_ids) != []
    again = open_shop.run()
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)


def test_a_session_whose_payment_an_order_without_a_session_names_is_a_notice(open_shop: Shop) -> None:
    (order_id,) = moving(open_shop, 1)
    (row,) = open_shop.database.rows("SELECT * FROM orders WHERE id = :id", id=order_id)
    without_session(open_shop, [order_id])
    run = open_shop.run()
    (problem,) = [each for each in run.outcome.problems if each.problem_class == "duplicate_order"]
    assert problem.ids == {
        "stripe_session_id": row["stripe_session_id"],
        "stripe_payment_intent_id": row["stripe_payment_intent_id"],
        "order_ids": order_id,
    }
    assert "set its stripe_session_id" in problem.sentence
    payment = "SELECT id FROM orders WHERE stripe_payment_intent_id = :payment"
    assert open_shop.database.column(payment, payment=row["stripe_payment_intent_id"]) == [order_id]


def test_an_order_without_a_session_that_others_change_is_left_to_the_next_run(open_shop: Shop) -> None:
    order_ids = moving(open_shop)
    without_session(open_shop, order_ids)
    touch = "UPDATE orders SET customer_name = 'Another' WHERE id = :id"
    run = open_shop.run(meanwhile=lambda: open_shop.database.execute(touch, id=order_ids[0]))
    moved = [each for each in run.outcome.problems if each.problem_class == "kept_changing"]
    assert [each.ids for each in moved] == [{"order_id": order_ids[0]}]
    again = open_shop.run()
    assert "kept_changing" not in classes(again)
    assert again.outcome.rows["orders_updated"] == 1


def test_an_order_without_a_session_waits_also_where_another_order_is_refused(open_shop: Shop, outage: World) -> None:
    waiting, refused = lost_ids(outage)[:2]
    session = next(each for each in outage.sessions if each["id"] == waiting)
    (order_id,) = moving(open_shop, 1)
    change = (
        "stripe_payment_intent_id = :payment, total_amount = :total, currency = :currency, printful_order_id = NULL"
    )
    values = {"payment": session["payment_intent"], "currency": session["currency"], "id": order_id}
    values["total"] = session["amount_total"] / 100
    open_shop.database.execute(f"UPDATE orders SET {change} WHERE id = :id", **values)
    without_session(open_shop, [order_id])
    assert order_id in open_shop.run(dry_run=True).outcome.waiting_long
    refuse(open_shop.database, refused)
    run = open_shop.run()
    assert of_class(run, "database_refused")
    assert order_id in run.outcome.waiting_long


def test_an_order_without_a_session_that_the_database_refuses_is_named_by_its_id(shop: Shop) -> None:
    shop.database.script(NULLABLE[False])
    order_ids = moving(shop)
    without_session(shop, order_ids)
    shop.database.execute(
        f"CREATE TRIGGER guard BEFORE UPDATE ON orders WHEN OLD.id = '{order_ids[0]}'"
        " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    )
    refused = [each for each in shop.run().outcome.problems if each.problem_class == "database_refused"]
    assert [each.ids for each in refused] == [{"order_id": order_ids[0]}]
    assert refused[0].sentence.startswith(f"Order {order_ids[0]} was not written: ")


def test_orders_without_a_session_are_no_sign_of_another_account(open_shop: Shop) -> None:
    """They are taken by telephone while the webhooks are down, and no session can ever match them."""
    database = open_shop.database
    columns = "id, status, customer_email, total_amount, currency, created_at"
    first = "SELECT min(id) FROM orders"
    for n in range(MIN_ORDERS_FOR_ACCOUNT_CHECK):
        database.execute(
            f"INSERT INTO orders ({columns}) SELECT 'by telephone {n}', status, customer_email, total_amount, currency,"
            f" created_at FROM orders WHERE id = ({first})"
        )
    database.execute("DELETE FROM order_items")
    database.execute("DELETE FROM orders WHERE stripe_session_id IS NOT NULL")
    database.execute("UPDATE orders SET created_at = :now", now=open_shop.time.now - timedelta(days=2))
    assert open_shop.run().outcome.rows["orders_inserted"] > MIN_ORDERS_FOR_ACCOUNT_CHECK


def test_an_order_with_and_one_without_the_session_of_a_payment_are_named_together(open_shop: Shop) -> None:
    order_id, other = moving(open_shop)
    without_session(open_shop, [order_id])
    payment = "UPDATE orders SET stripe_payment_intent_id = 'pi_shared' WHERE id = :id"
    for each in (order_id, other):
        open_shop.database.execute(payment, id=each)
    (session_id,) = open_shop.database.column("SELECT stripe_session_id FROM orders WHERE id = :id", id=other)
    world = open_shop.sandbox.world
    (session,) = [each for each in world.sessions if each["id"] == session_id]
    open_shop.sandbox.replace(world.with_session({**session, "payment_intent": "pi_shared"}))
    named = [each for each in open_shop.run().outcome.problems if each.problem_class == "duplicate_order"]
    assert ", ".join(sorted([order_id, other])) in [each.ids["order_ids"] for each in named]


def test_an_order_without_a_session_whose_payment_stays_unpaid_is_named(open_shop: Shop) -> None:
    (order_id,) = moving(open_shop, 1)
    (row,) = open_shop.database.rows("SELECT * FROM orders WHERE id = :id", id=order_id)
    (session,) = [each for each in open_shop.sandbox.world.sessions if each["id"] == row["stripe_session_id"]]
    created = int((open_shop.time.now - timedelta(days=20)).timestamp())
    open_shop.sandbox.put_session({**session, "payment_status": "unpaid", "created": created})
    without_session(open_shop, [order_id])
    assert [ids["order_id"] for ids in of_class(open_shop.run(), "order_without_payment")] == [order_id]
