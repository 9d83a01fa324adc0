"""Undo takes back what one run wrote, and nothing that anybody else wrote since."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ordersync_dagster.adapters.database import chain, opening
from ordersync_dagster.adapters.database.connection import parse_url
from ordersync_dagster.adapters.database.mapping import Layout
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.database.undo import Undo
from ordersync_dagster.core.changes import FillFields, SetStatus, SetTracking
from ordersync_dagster.core.orders import Status
from ordersync_dagster.core.plan import Plan
from ordersync_dagster_tests.adapters.database.shops import (
    ADDRESS,
    EXISTING_SHOP,
    SHIPPED,
    adding,
    changing,
    inserting,
    new_item,
    opened,
    order,
    stored,
)
from ordersync_dagster_tests.adapters.database.undoing import run, sentences, shop_rows, undo
from ordersync_dagster_tests.conftest import seeded
from ordersync_dagster_tests.databases import Database, everything

TRACKED = SetTracking("1Z", "https://tracking.example.com/1Z", ({"id": "1", "tracking_number": "1Z"},))
FILLED = FillFields({"customer_name": "Ada Example", "shipping_address": ADDRESS, "printful_order_id": "8"})
WEBHOOKS_ORDER = """
INSERT INTO orders (id, stripe_session_id, status, customer_email, customer_name, total_amount, currency,
    shipping_address, metadata, created_at, updated_at)
VALUES ('theirs', 'cs_test_9', 'processing', 'bo@example.com', '', '5.00', 'usd', {address}, {metadata},
    '2026-11-01 10:00:00', '2026-11-02 10:00:00');
INSERT INTO order_items (id, order_id, printful_product_id, printful_variant_id, name, quantity, price)
VALUES ('x', 'theirs', '71', '9999', 'Mug', 1, '5.00');
"""
METADATA = [
    "NULL",
    "'{}'",
    '\'{"note":"für Bo","n":1}\'',
    '\'{"note"\\: "f\\u00fcr Bo"}\'',
    "'{\"printful_shipments\": []}'",
]


def webhooks_order(database: Database, metadata: str = "NULL", address: str = "NULL") -> None:
    """An order that the shop's own webhook wrote, with an item."""
    with database.engine.begin() as connection:
        for statement in WEBHOOKS_ORDER.format(metadata=metadata.replace("\\:", ":"), address=address).split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def repair(store: DatabaseStore, run_id: str = "run1") -> None:
    """A run that inserts an order, changes and completes others, and adds items to both."""
    theirs = stored(store, 9)
    run(
        store,
        run_id,
        inserting(order(1), order(2)),
        Plan(completions=changing(theirs, FILLED).updates),
    )
    theirs, ours = stored(store, 9), stored(store, 1)
    both = (
        changing(theirs, SHIPPED, TRACKED, adding(new_item(theirs, 7))),
        changing(ours, SHIPPED, adding(new_item(ours))),
    )
    with store.run(f"{run_id}b", None):
        for plan in both:
            assert store.apply(plan, run_id).stale_sessions == ()


@pytest.mark.parametrize("metadata", METADATA)
@pytest.mark.parametrize("address", ["NULL", "'{}'", "'{\"line1\":null}'"])
def test_after_an_undo_every_row_is_what_it_was(database: Database, metadata: str, address: str) -> None:
    webhooks_order(database, metadata, address)
    before = shop_rows(database)
    with opened(database.url) as (store, _):
        repair(store)
        assert shop_rows(database) != before
        undone = undo(store, "run1")
    assert undone.left == []
    assert undone.counts == {"orders_removed": 2, "orders_reversed": 1, "items_removed": 2, "left": 0}
    assert shop_rows(database) == before


@pytest.mark.parametrize(
    "types",
    [
        "",
        "ALTER TABLE orders ALTER status DROP DEFAULT;\n"
        f"CREATE TYPE step AS ENUM ({', '.join(repr(str(word)) for word in Status)});\n"
        "ALTER TABLE orders ALTER status TYPE step USING status::step;\n",
        "ALTER TABLE orders ALTER metadata TYPE json;\nALTER TABLE orders ALTER shipping_address TYPE json;\n",
    ],
)
def test_it_comes_back_in_the_shops_own_types(postgres_url: str, types: str) -> None:
    database = Database(postgres_url)
    database.script(EXISTING_SHOP)
    database.script(types)
    opening.initialise(parse_url(postgres_url))
    webhooks_order(database, '\'{"note":"für Bo"}\'', "'null'")
    before = shop_rows(database)
    with opened(database.url) as (store, _):
        repair(store)
        assert undo(store, "run1").left == []
    assert shop_rows(database) == before


def test_a_dry_run_tells_the_same_and_writes_nothing(database: Database) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, _):
        repair(store)
        database.execute("UPDATE orders SET status = 'refunded' WHERE id = 'theirs'")
        before = everything(database)
        preview = Undo(store, "run1").preview()
        assert everything(database) == before
        undone = undo(store, "run1")
    assert preview.counts == undone.counts
    assert sentences(preview) == sentences(undone) != ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE orders SET status = 'delivered' WHERE id = 'theirs'", "status changed since"),
        ("UPDATE orders SET customer_name = 'Bo' WHERE id = 'theirs'", "customer_name changed since"),
        ("UPDATE orders SET updated_at = '2026-11-30 00:00:00' WHERE id = 'theirs'", "updated_at changed since"),
        ("UPDATE orders SET metadata = NULL WHERE id = 'theirs'", "metadata changed since"),
        ("UPDATE order_items SET quantity = 9 WHERE order_id = 'theirs' AND id <> 'x'", "somebody changed its item"),
    ],
)
def test_an_order_that_somebody_changed_since_is_left_and_named(database: Database, change: str, named: str) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, _):
        repair(store)
        database.execute(change)
        touched = stored(store, 9)
        undone = undo(store, "run1")
        assert stored(store, 9) == touched
    assert [left.order_id for left in undone.left] == ["theirs"]
    assert named in sentences(undone)
    assert database.column("SELECT id FROM orders") == ["theirs"]  # the untouched ones went


TOUCHES = [
    ("UPDATE orders SET status = 'refunded' WHERE id = '{id}'", "somebody changed it since"),
    ("UPDATE orders SET warehouse = 'north' WHERE id = '{id}'", "somebody changed it since"),
    ("UPDATE orders SET metadata = '{{}}' WHERE id = '{id}'", "somebody changed it since"),
    ("UPDATE order_items SET quantity = 9 WHERE order_id = '{id}'", "somebody changed its item"),
    ("DELETE FROM order_items WHERE order_id = '{id}'", "somebody removed its item"),
    (
        "INSERT INTO order_items (id, order_id, printful_product_id, printful_variant_id, name, quantity)"
        " VALUES ('y', '{id}', '71', '1', 'Mug', 1)",
        "it has item y, which somebody else wrote",
    ),
    (
        "INSERT INTO order_events (id, order_id, event_type, status) VALUES ('y', '{id}', 'mail', 'success')",
        "its timeline has entries that others wrote",
    ),
    ("INSERT INTO invoices (number, bought) VALUES (1, '{id}')", "others refer to it from invoices"),
    (
        "INSERT INTO packing (item) SELECT id FROM order_items WHERE order_id = '{id}'",
        "others refer to it from packing",
    ),
]


@pytest.mark.parametrize(("touch", "named"), TOUCHES)
def test_an_inserted_order_that_somebody_touched_stays_and_is_named(database: Database, touch: str, named: str) -> None:
    database.script(
        "ALTER TABLE orders ADD COLUMN warehouse text;\n"
        "CREATE TABLE invoices (number integer, bought text REFERENCES orders (id) ON DELETE CASCADE);\n"
        "CREATE TABLE packing (item text REFERENCES order_items (id) ON DELETE CASCADE);\n"
    )
    webhooks_order(database)
    with opened(database.url) as (store, _):
        repair(store)
        database.execute(touch.format(id=order(1).id).replace(":", "\\:"))
        before = rows_of(database, order(1).id)
        undone = undo(store, "run1")
    assert [left.order_id for left in undone.left] == [order(1).id]
    assert named in sentences(undone)
    assert rows_of(database, order(1).id) == before
    assert sorted(database.column("SELECT id FROM orders")) == sorted(["theirs", order(1).id])


def rows_of(database: Database, order_id: str) -> list[str]:
    """All that belongs to one order."""
    tables = {"orders": "id", "order_items": "order_id", "order_events": "order_id", "invoices": "bought"}
    return [
        repr(row)
        for table, column in tables.items()
        for row in database.rows(f"SELECT * FROM {table} WHERE {column} = :id", id=order_id)
    ]


def test_our_own_later_runs_do_not_count_as_a_touch(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1)))
        seen = stored(store)
        run(store, "run2", changing(seen, SHIPPED, TRACKED, adding(new_item(seen))))
        undone = undo(store, "run1")
    assert undone.left == []
    assert [database.count(table) for table in ("orders", "order_items", "order_events")] == [0, 0, 0]


def test_an_update_that_a_later_run_built_on_names_that_run(database: Database) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, _):
        run(store, "run1", changing(stored(store, 9), SHIPPED))
        run(store, "run2", changing(stored(store, 9), SetStatus("shipped", "delivered", "fulfilled")))
        assert "run run2: undo that one first" in sentences(undo(store, "run1"))
        assert undo(store, "run2", "undo2").left == []
        assert undo(store, "run1", "undo3").left == []
        assert stored(store, 9).status == "processing"


def test_a_second_undo_finds_nothing_left_to_do(database: Database) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, _):
        repair(store)
        undo(store, "run1")
        before = everything(database)
        again = undo(store, "run1", "undo2")
    assert (again.removed, again.reversed, again.left) == ([], [], [])
    after = everything(database)
    assert {name for name in after if after[name] != before[name]} == {"ordersync_runs"}


def test_an_order_that_a_later_run_inserted_anew_is_not_the_first_runs(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1)))
        undo(store, "run1")
        run(store, "run2", inserting(order(1)))
        assert undo(store, "run1", "undo2").counts["orders_removed"] == 0
        assert undo(store, "run2", "undo3").counts["orders_removed"] == 1
    assert database.count("orders") == 0


def test_each_row_that_an_undo_writes_has_one_entry_and_the_shop_is_told(database: Database) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, engine):
        repair(store)
        undo(store, "run1")
        with engine.connect() as connection:
            assert chain.verify(connection).broken is None
    for table in ("ordersync_audit", "audit_logs"):
        condition = "run_id = 'undo1'" if table == "ordersync_audit" else "CAST(metadata AS text) LIKE '%undo1%'"
        written = database.rows(f"SELECT action, resource FROM {table} WHERE {condition} ORDER BY action, resource")
        assert [(row["action"], row["resource"]) for row in written] == [
            ("order_delete", "order"),
            ("order_delete", "order"),
            ("order_delete", "order_item"),
            ("order_delete", "order_item"),
            ("order_update", "order"),
        ]
    told = database.column("SELECT event_type FROM order_events WHERE order_id = 'theirs'")
    assert "order_sync_undone" in told


def test_what_was_filled_in_is_taken_out_only_while_it_is_ours(database: Database) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, _):
        run(store, "run1", Plan(completions=changing(stored(store, 9), FILLED).updates))
        other = json.dumps({**ADDRESS, "line1": "2 Pier Road"}).replace(":", "\\:")
        database.execute(f"UPDATE orders SET shipping_address = '{other}' WHERE id = 'theirs'")
        undone = undo(store, "run1")
        assert "shipping_address changed since" in sentences(undone)
        assert stored(store, 9).customer_name == "Ada Example"


@contextmanager
def role(database: Database, *, is_undoing: bool) -> Iterator[str]:
    """The URL of a role that has what `ordersync db grants` prints, and no more."""
    url = database.engine.url
    name = f"writer_{url.database}"
    database.execute(f"CREATE ROLE {name} LOGIN")
    try:
        for grant in opening.grant_script(url, Layout(), name, is_writing=True, is_undoing=is_undoing):
            database.execute(grant)
        yield url.set(username=name).render_as_string(hide_password=False)
    finally:
        database.execute(f"DROP OWNED BY {name}")
        database.execute(f"DROP ROLE {name}")


def test_a_role_that_may_not_delete_sets_back_and_lists_the_rest(postgres_url: str) -> None:
    database = seeded(postgres_url)
    webhooks_order(database)
    with role(database, is_undoing=False) as url, opened(url) as (store, _):
        repair(store)
        undone = undo(store, "run1")
        assert stored(store, 9).status == "processing"
    assert undone.counts == {"orders_removed": 0, "orders_reversed": 1, "items_removed": 0, "left": 3}
    assert {left.order_id for left in undone.left} == {"theirs", order(1).id, order(2).id}
    assert "this role may not delete (`ordersync db grants --undo`)" in sentences(undone)
    assert database.count("orders") == 3
    with role(database, is_undoing=True) as url, opened(url) as (store, _):
        assert undo(store, "run1", "undo2").counts == {
            "orders_removed": 2, "orders_reversed": 0, "items_removed": 2, "left": 0,
        }  # fmt: skip
    assert (database.column("SELECT id FROM orders"), database.column("SELECT id FROM order_items")) == (
        ["theirs"],
        ["x"],
    )


@pytest.mark.parametrize(("on_delete", "is_left"), [("CASCADE", True), ("SET NULL", True), ("RESTRICT", False)])
def test_a_table_that_would_lose_rows_unseen_keeps_its_orders(postgres_url: str, on_delete: str, is_left: bool) -> None:
    database = seeded(postgres_url)
    database.execute(f"CREATE TABLE invoices (bought text REFERENCES orders (id) ON DELETE {on_delete})")
    with role(database, is_undoing=True) as url, opened(url) as (store, _):
        run(store, "run1", inserting(order(1)))
        database.execute("REVOKE ALL ON invoices FROM PUBLIC")
        undone = undo(store, "run1")
    assert ("invoices, which this role may not read" in sentences(undone)) == is_left
    assert database.count("orders") == is_left


def test_one_order_that_the_database_keeps_does_not_keep_the_others(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1), order(2)))
        _keep(database, order(1).id)
        undone = undo(store, "run1")
    assert [left.order_id for left in undone.left] == [order(1).id]
    assert "the database refused it" in sentences(undone)
    assert database.column("SELECT id FROM orders") == [order(1).id]
    assert database.count("order_events") == 1


def _keep(database: Database, order_id: str) -> None:
    if database.is_postgres:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN IF OLD.id = '{order_id}' THEN RAISE EXCEPTION 'kept'; END IF; RETURN OLD; END $$"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION keep()"
            )
    else:
        database.execute(
            f"CREATE TRIGGER keep BEFORE DELETE ON orders WHEN OLD.id = '{order_id}'"
            " BEGIN SELECT RAISE(ABORT, 'kept'); END"
        )
