"""The whole job on the pretend shop: what is added, updated, left alone, and never done twice."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ordersync_dagster.core.orders import order_id
from ordersync_dagster.sandbox import Sandbox, World, build, refund
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.outcomes import classes, counters
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import expected_counters, lost, lost_ids

pytestmark = pytest.mark.databases


def test_the_outage_is_repaired_with_the_numbers_that_its_data_hold(each_shop: Shop, outage: World) -> None:
    orders, items = each_shop.database.count("orders"), each_shop.database.count("order_items")
    run = each_shop.run()
    expected = expected_counters(outage)
    assert counters(run) == expected
    assert each_shop.database.count("orders") == orders + expected.stripe_sessions_added
    assert each_shop.database.count("order_items") == items + expected.printful_items_added
    assert set(lost_ids(outage)) <= set(each_shop.database.column("SELECT stripe_session_id FROM orders"))


def test_a_dry_run_counts_what_the_run_then_does(each_shop: Shop) -> None:
    preview, repair = each_shop.run(dry_run=True), each_shop.run()
    assert preview.outcome.summary == repair.outcome.summary
    assert preview.outcome.changes == repair.outcome.changes
    assert [each.sentence for each in preview.outcome.problems] == [each.sentence for each in repair.outcome.problems]


def test_a_second_run_changes_nothing(each_shop: Shop) -> None:
    each_shop.run()
    before = each_shop.tables()
    again = each_shop.run()
    assert again.outcome.changes == []
    assert set(again.outcome.rows.values()) <= {0}
    assert each_shop.tables() == before


def test_a_dry_run_changes_nothing_anywhere(each_shop: Shop) -> None:
    before = everything(each_shop.database)
    each_shop.run(dry_run=True)
    assert everything(each_shop.database) == before


def test_a_dry_run_leaves_an_sqlite_file_byte_for_byte_and_no_file_beside_it(shop: Shop) -> None:
    folder = shop.database.path.parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shop.run(dry_run=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_dry_run_beside_a_writer_sees_what_was_written_and_adds_no_file(shop: Shop) -> None:
    with shop.database.engine.connect() as writer:
        writer.exec_driver_sql("UPDATE orders SET status = 'refunded'")
        writer.commit()
        names = sorted(path.name for path in shop.database.path.parent.iterdir())
        assert len(names) > 1  # the writer's log is there
        run = shop.run(dry_run=True)
        assert sorted(path.name for path in shop.database.path.parent.iterdir()) == names
    known = set(shop.database.column("SELECT id FROM orders"))
    assert not any(each["field"] == "status" and each["order_id"] in known for each in run.outcome.changes)


def test_a_dry_run_on_no_database_plans_everything_and_makes_none(
    sandbox: Sandbox, sqlite_url: str, time: FakeTime, outage: World
) -> None:
    shop = Shop(sandbox, Database(sqlite_url), time)
    run = shop.run(dry_run=True)
    paid = len(lost(replace(outage, shop=type(outage.shop)())))
    assert run.outcome.summary.stripe_sessions_added == paid
    assert "holds no tables yet" in run.ready.warnings[0]
    assert not shop.database.path.exists()


def test_a_run_on_no_database_makes_it_and_says_so(sandbox: Sandbox, sqlite_url: str, time: FakeTime) -> None:
    shop = Shop(sandbox, Database(sqlite_url), time)
    run = shop.run()
    assert run.ready.warnings[0].startswith("Created in ")
    assert shop.database.count("orders") == run.outcome.summary.stripe_sessions_added > 0


def test_only_get_leaves_and_few_of_them(sandbox: Sandbox, shop: Shop) -> None:
    shop.run()
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert len(sandbox.requests) < 10


def test_items_that_the_webhook_wrote_are_never_doubled(each_shop: Shop) -> None:
    each_shop.run()
    at_printful = {
        str(order["id"]): sorted((str(item["variant_id"]), item["quantity"]) for item in order["items"])
        for order in each_shop.sandbox.world.printful_orders
    }
    for row in each_shop.database.rows("SELECT * FROM orders WHERE printful_order_id IS NOT NULL"):
        mine = sorted((variant, quantity) for owner, variant, quantity in each_shop.items() if owner == row["id"])
        if row["printful_order_id"] in at_printful:
            assert mine == at_printful[row["printful_order_id"]]


def test_a_webhook_that_inserts_the_order_first_keeps_it_and_its_items_come_under_it(
    each_shop: Shop, outage: World
) -> None:
    (session,) = [session for session in lost(outage) if session["metadata"]]
    insert = (
        "INSERT INTO orders (id, stripe_session_id, stripe_payment_intent_id, printful_order_id, status,"
        " customer_email, customer_name, total_amount) VALUES"
        " ('theirs', :session, :intent, :printful, 'processing', 'kim@example.com', 'Kim Example', '1.00')"
    )
    values = {"session": session["id"], "intent": session["payment_intent"]}
    values["printful"] = session["metadata"]["printfulOrderId"]
    run = each_shop.run(meanwhile=lambda: each_shop.database.execute(insert, **values))
    assert run.outcome.rows["written_first_by_others"] == 1
    assert run.outcome.summary.errors == 0
    assert each_shop.order(session["id"])["id"] == "theirs"
    assert len([item for item in each_shop.items() if item[0] == "theirs"]) == 3
    assert order_id(session["id"]) not in {item[0] for item in each_shop.items()}


def test_an_order_that_is_refunded_meanwhile_stays_refunded(each_shop: Shop) -> None:
    row = each_shop.of_printful("fulfilled")
    change = "UPDATE orders SET status = 'refunded' WHERE id = :id"
    run = each_shop.run(meanwhile=lambda: each_shop.database.execute(change, id=row["id"]))
    assert each_shop.order(row["stripe_session_id"])["status"] == "refunded"
    assert run.outcome.summary.errors == 0


def test_items_that_a_webhook_writes_meanwhile_are_not_doubled(each_shop: Shop) -> None:
    row = each_shop.of_printful("inprocess")
    (order,) = [each for each in each_shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]

    def webhook() -> None:
        for place, item in enumerate(order["items"]):
            each_shop.database.execute(
                "INSERT INTO order_items (id, order_id, printful_product_id, printful_variant_id, name, quantity)"
                " VALUES (:id, :owner, '1', :variant, 'theirs', :quantity)",
                id=f"theirs{place}", owner=row["id"], variant=str(item["variant_id"]), quantity=item["quantity"],
            )  # fmt: skip

    each_shop.run(meanwhile=webhook)
    assert len([item for item in each_shop.items() if item[0] == row["id"]]) == len(order["items"])


def test_a_lost_payment_that_was_given_back_becomes_a_refunded_order(shop: Shop, outage: World) -> None:
    session = next(session for session in lost(outage) if not session["metadata"])
    shop.sandbox.put_refund(
        refund(
            payment_intent=session["payment_intent"], amount=session["amount_total"], currency=session["currency"],
            created=session["created"] + 60,
        )
    )  # fmt: skip
    run = shop.run()
    assert shop.order(session["id"])["status"] == "refunded"
    assert order_id(session["id"]) not in run.outcome.waiting


def test_recovered_orders_without_printful_are_named_in_every_run(shop: Shop, outage: World) -> None:
    waiting = {order_id(session["id"]) for session in lost(outage) if not session["metadata"]}
    assert set(shop.run().outcome.waiting) == waiting
    assert set(shop.run().outcome.waiting) == waiting


def test_a_payment_of_five_minutes_ago_is_left_to_the_webhook_until_it_is_older(shop: Shop, time: FakeTime) -> None:
    assert shop.run().outcome.summary["skipped_too_recent"] == 1
    time.now += timedelta(minutes=20)
    later = shop.run()
    assert (later.outcome.summary["skipped_too_recent"], later.outcome.summary.stripe_sessions_added) == (0, 1)


def test_an_empty_address_is_filled_and_a_given_one_is_kept(shop: Shop) -> None:
    first, second = (shop.of_printful(status) for status in ("inprocess", "canceled"))
    shop.database.execute("UPDATE orders SET shipping_address = NULL WHERE id = :id", id=first["id"])
    shop.database.execute('UPDATE orders SET shipping_address = \'{"line1"\\: "x"}\' WHERE id = :id', id=second["id"])
    assert shop.run().outcome.summary["orders_completed"] == 1
    assert json.loads(shop.order(first["stripe_session_id"])["shipping_address"]) == json.loads(
        first["shipping_address"]
    )
    assert json.loads(shop.order(second["stripe_session_id"])["shipping_address"]) == {"line1": "x"}


def test_an_amount_that_disagrees_is_said_and_left_alone(shop: Shop) -> None:
    row = shop.of_printful("canceled")
    shop.database.execute("UPDATE orders SET total_amount = '1.00' WHERE id = :id", id=row["id"])
    run = shop.run()
    assert ("order_disagrees" in classes(run), run.outcome.summary.errors) == (True, 0)
    assert Decimal(shop.order(row["stripe_session_id"])["total_amount"]) == Decimal("1.00")


def test_every_one_of_many_sessions_becomes_an_order(sandbox: Sandbox, sqlite_url: str, time: FakeTime) -> None:
    world = build("large", now=NOW, size=350)
    sandbox.replace(world)
    shop = Shop(sandbox, Database(sqlite_url), time)
    run = shop.run()
    ripe = {s["id"] for s in world.sessions if s["created"] < (NOW - timedelta(minutes=15)).timestamp()}
    assert set(shop.database.column("SELECT stripe_session_id FROM orders")) == ripe
    assert run.outcome.summary.stripe_sessions_checked == 350
