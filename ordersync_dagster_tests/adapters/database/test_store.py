"""Plans become rows: whole, once, and never over somebody else's work."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from ordersync_dagster.adapters.database.transactions import ORDERS_PER_TRANSACTION
from ordersync_dagster.core.changes import FillFields, SetTracking
from ordersync_dagster.core.part import Applied
from ordersync_dagster.core.plan import Plan
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.stores import (
    ADDRESS,
    SHIPPED,
    adding,
    changing,
    inserting,
    new_item,
    opened,
    order,
    stored,
)

TRACKED = SetTracking("1Z", "https://tracking.example.com/1Z", None)


def moment(value: Any) -> datetime:
    """A time of a column without a zone, however the driver gives it."""
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).replace(tzinfo=UTC)


def parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def test_a_paid_order_is_written_column_by_column(database: Database) -> None:
    with opened(database.url) as (store, _):
        assert store.apply(inserting(order(printful_order_id="77")), "run1") == Applied(orders_inserted=1)
    (row,) = database.rows("SELECT * FROM orders")
    assert moment(row.pop("created_at")) == NOW - timedelta(days=1)
    assert moment(row.pop("updated_at")) == NOW
    assert Decimal(row.pop("total_amount")) == Decimal("19.99")
    assert parsed(row.pop("shipping_address")) == ADDRESS
    assert parsed(row.pop("metadata")) == {"kind": "print", "note": "leave at 1 Pier Road"}
    assert row == {
        "id": order().id,
        "stripe_session_id": "cs_test_1",
        "stripe_payment_intent_id": "pi_1",
        "printful_order_id": "77",
        "status": "processing",
        "customer_email": "ada.example@example.com",
        "customer_name": "Ada Example",
        "currency": "usd",
        "tracking_number": None,
        "tracking_url": None,
    }


def test_what_is_read_back_agrees_with_what_was_planned(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order()), "run1")
        found = stored(store)
        assert (found.id, found.total, found.shipping_address) == (order().id, Decimal("19.99"), ADDRESS)
        assert store.orders([found.id]) == (found,)
        assert store.order_count() == 1
        assert store.statuses() == {"processing"}


def test_the_timeline_tells_of_each_order_once_a_run(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order()), "run1")
        store.apply(changing(stored(store), SHIPPED, TRACKED), "run1")
    events = database.rows("SELECT * FROM order_events ORDER BY event_type")
    assert [(event["order_id"], event["event_type"], event["status"]) for event in events] == [
        (order().id, "order_recovered", "success"),
        (order().id, "order_synced", "success"),
    ]
    assert parsed(events[0]["metadata"])["run_id"] == "run1"
    assert "processing → shipped because Printful says partial" in events[1]["message"]


def test_applying_a_plan_again_writes_nothing(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1), order(2)), "run1")
        seen = stored(store)
        store.apply(changing(seen, SHIPPED, adding(new_item(seen))), "run1")
        before = everything(database)
        again = store.apply(inserting(order(1), order(2)), "run2")
        assert (again.orders_inserted, again.written_first_by_others) == (0, 2)
        again = store.apply(changing(seen, SHIPPED, adding(new_item(seen))), "run2")
        assert (again.orders_updated, again.items_inserted, again.stale_sessions) == (0, 0, ("cs_test_1",))
    assert everything(database) == before


def test_an_empty_plan_writes_nothing(database: Database) -> None:
    before = everything(database)
    with opened(database.url) as (store, _):
        assert store.apply(Plan(), "run1") == Applied()
    assert everything(database) == before


def test_an_order_that_a_webhook_inserted_meanwhile_is_left_as_it_is(database: Database) -> None:
    database.execute(
        "INSERT INTO orders (id, stripe_session_id, status, customer_email, total_amount)"
        " VALUES ('theirs', 'cs_test_1', 'pending', 'ada@example.com', '19.99')"
    )
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1), order(2)), "run1")
    assert (applied.orders_inserted, applied.written_first_by_others) == (1, 1)
    assert database.column("SELECT id FROM orders ORDER BY stripe_session_id") == ["theirs", order(2).id]
    assert database.column("SELECT resource_id FROM audit_logs") == [order(2).id]
    assert database.column("SELECT order_id FROM order_events") == [order(2).id]


@pytest.mark.parametrize(
    "moved",
    [
        "UPDATE orders SET status = 'refunded'",
        "UPDATE orders SET tracking_number = 'theirs'",
        "UPDATE orders SET printful_order_id = '5'",
        'UPDATE orders SET metadata = \'{"printful_shipments": [{"id": "9"}]}\'',
        "INSERT INTO order_items (id, order_id, printful_product_id, printful_variant_id, name, quantity)"
        " SELECT 'x', id, '71', '4011', 'theirs', 2 FROM orders",
    ],
)
def test_an_order_that_moved_meanwhile_is_stale_and_untouched(database: Database, moved: str) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order()), "run1")
        seen = stored(store)
        database.execute(moved.replace(":", "\\:"))
        before = everything(database)
        applied = store.apply(changing(seen, SHIPPED, adding(new_item(seen))), "run2")
    assert applied == Applied(stale_sessions=("cs_test_1",))
    assert everything(database) == before


def test_an_order_that_is_gone_is_stale(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order()), "run1")
        seen = stored(store)
        database.execute("DELETE FROM order_events")
        database.execute("DELETE FROM orders")
        assert store.apply(changing(seen, SHIPPED), "run2").stale_sessions == ("cs_test_1",)


def test_one_stale_order_does_not_keep_the_others_back(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1), order(2)), "run1")
        first, second = stored(store, 1), stored(store, 2)
        database.execute("UPDATE orders SET status = 'refunded' WHERE stripe_session_id = 'cs_test_1'")
        plan = Plan(updates=(*changing(first, SHIPPED).updates, *changing(second, SHIPPED).updates))
        applied = store.apply(plan, "run2")
    assert (applied.orders_updated, applied.stale_sessions) == (1, ("cs_test_1",))
    assert database.column("SELECT status FROM orders ORDER BY stripe_session_id") == ["refunded", "shipped"]


def test_metadata_gains_the_shipments_and_keeps_everything_else(database: Database) -> None:
    parcels = ({"id": "1", "tracking_number": "1Z"}, {"id": "2", "tracking_number": "2Z"})
    with opened(database.url) as (store, _):
        store.apply(inserting(order()), "run1")
        seen = stored(store)
        database.execute('UPDATE orders SET metadata = \'{"kind"\\: "print", "gift"\\: true}\'')  # by the shop
        store.apply(changing(seen, SetTracking("1Z", "https://tracking.example.com/1Z", parcels)), "run2")
        assert stored(store).metadata == {"kind": "print", "gift": True, "printful_shipments": list(parcels)}
        assert stored(store).shipments == parcels


def test_empty_columns_are_filled_and_the_time_of_change_is_set(database: Database) -> None:
    bare = order(customer_name=None, shipping_address=None, payment_intent_id=None)
    with opened(database.url) as (store, _):
        store.apply(inserting(bare), "run1")
        values: dict[str, Any] = {"customer_name": "Ada Example", "shipping_address": ADDRESS, "printful_order_id": "8"}
        plan = changing(stored(store), FillFields(values))
        assert store.apply(Plan(completions=plan.updates), "run2").orders_updated == 1
        assert stored(store) == replace(
            stored(store), customer_name="Ada Example", shipping_address=ADDRESS, printful_order_id="8"
        )


def test_items_are_written_under_their_order(database: Database) -> None:
    with opened(database.url, NOW + timedelta(hours=1)) as (store, _):
        store.apply(inserting(order()), "run1")
        seen = stored(store)
        plan = changing(seen, adding(new_item(seen, 1), new_item(seen, 2, price=None, image_url=None)))
        applied = store.apply(plan, "run2")
        assert (applied.items_inserted, applied.orders_updated) == (2, 0)
        assert len(stored(store).items) == 2
    first, second = database.rows("SELECT * FROM order_items ORDER BY price IS NULL")
    assert (first["order_id"], Decimal(first["price"]), first["quantity"]) == (order().id, Decimal("26.00"), 2)
    assert (second["price"], second["image_url"]) == (None, None)
    assert moment(first["created_at"]) == NOW + timedelta(hours=1)


def test_every_order_that_names_a_printful_order_is_listed_with_its_status(database: Database) -> None:
    with opened(database.url) as (store, _):
        named = order(1, printful_order_id="11"), order(3, printful_order_id="33")
        store.apply(inserting(*named, order(2), order(4, printful_order_id="")), "run1")
        database.execute("UPDATE orders SET status = 'completed' WHERE printful_order_id = '33'")
        found = store.printful_ids()
    assert sorted(found) == sorted([(order(1).id, "11", "processing"), (order(3).id, "33", "completed")])


def test_a_thousand_orders_go_in_and_come_out(database: Database) -> None:
    many = [order(number) for number in range(1001)]
    with opened(database.url) as (store, _):
        assert store.apply(inserting(*many), "run1").orders_inserted == 1001
        assert len(store.orders_of_sessions([each.session_id for each in many])) == 1001
    assert database.count("audit_logs") == 1001


def test_a_busy_day_of_changes_is_written_some_orders_at_a_time_and_whole(database: Database) -> None:
    count = ORDERS_PER_TRANSACTION + 1
    with opened(database.url) as (store, engine):
        store.apply(inserting(*(order(number, customer_name=None) for number in range(1, count + 1))), "run1")
        orders = store.orders_of_sessions([f"cs_test_{number}" for number in range(1, count + 1)])
        updates = [changing(each, FillFields({"customer_name": "Ada"})).updates[0] for each in orders]
        written: list[int] = []

        def note(_connection: object, _cursor: object, statement: str, rows: Any, *_: object) -> None:
            if statement.startswith("UPDATE orders"):
                written.append(len(rows) if isinstance(rows, list) else 1)

        event.listen(engine, "before_cursor_execute", note)
        assert store.apply(Plan(completions=tuple(updates)), "run2").orders_updated == count
    assert written == [ORDERS_PER_TRANSACTION, 1]
    assert database.column("SELECT count(*) FROM ordersync_audit WHERE run_id = 'run2'") == [count]
    assert database.column("SELECT DISTINCT customer_name FROM orders") == ["Ada"]
