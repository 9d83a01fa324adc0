"""Undo leaves what anybody else wrote or needs, and names it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.schema.shop_mapping import Layout
from ordersync_dagster.core.history import Kept
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import inserting, opened, order, stored
from ordersync_dagster_tests.support.undo_stages import repair, run, sentences, undo, webhooks_order


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
    assert [kept.order_id for kept in undone.kept] == ["theirs"]
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
    ("INSERT INTO invoices (number, bought) VALUES (1, '{id}')", "rows of other tables refer to it: invoices"),
    (
        "INSERT INTO packing (item) SELECT id FROM order_items WHERE order_id = '{id}'",
        "rows of other tables refer to it: packing",
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
    assert [kept.order_id for kept in undone.kept] == [order(1).id]
    assert named in sentences(undone)
    assert rows_of(database, order(1).id) == before
    assert sorted(database.column("SELECT id FROM orders")) == sorted(["theirs", order(1).id])


def test_a_row_that_refers_to_an_item_does_not_keep_an_order_with_the_same_id(database: Database) -> None:
    database.script("CREATE TABLE packing (item text REFERENCES order_items (id) ON DELETE CASCADE);\n")
    webhooks_order(database)
    database.execute(f"UPDATE order_items SET id = '{order(1).id}' WHERE id = 'x'")
    database.execute(f"INSERT INTO packing (item) VALUES ('{order(1).id}')")
    with opened(database.url) as (store, _):
        repair(store)
        undone = undo(store, "run1")
    assert undone.kept == []
    assert database.column("SELECT id FROM orders") == ["theirs"]
    assert database.count("packing") == 1


def rows_of(database: Database, order_id: str) -> list[str]:
    """All that belongs to one order."""
    tables = {"orders": "id", "order_items": "order_id", "order_events": "order_id", "invoices": "bought"}
    return [
        repr(row)
        for table, column in tables.items()
        for row in database.rows(f"SELECT * FROM {table} WHERE {column} = :id", id=order_id)
    ]


@contextmanager
def role(database: Database, *, is_undoing: bool) -> Iterator[str]:
    """The URL of a role that has what `ordersync db grants` prints, and no more."""
    url = database.engine.url
    name = f"writer_{url.database}"
    database.execute(f"CREATE ROLE {name} LOGIN")
    try:
        for grant in open_shop.grant_sql(url, Layout(), name, is_writing=True, is_undoing=is_undoing):
            database.execute(grant)
        yield url.set(username=name).render_as_string(hide_password=False)
    finally:
        database.execute(f"DROP OWNED BY {name}")
        database.execute(f"DROP ROLE {name}")


def test_a_role_that_may_not_delete_sets_back_and_lists_the_rest(postgres_database: Database) -> None:
    database = postgres_database
    webhooks_order(database)
    with role(database, is_undoing=False) as url, opened(url) as (store, _):
        repair(store)
        undone = undo(store, "run1")
        assert stored(store, 9).status == "processing"
    assert undone.counts == {"orders_removed": 0, "orders_reversed": 1, "items_removed": 0, "left": 3}
    assert {kept.order_id for kept in undone.kept} == {"theirs", order(1).id, order(2).id}
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
def test_a_table_that_would_lose_rows_unseen_keeps_its_orders(
    postgres_database: Database, on_delete: str, is_left: bool
) -> None:
    database = postgres_database
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
    assert [kept.order_id for kept in undone.kept] == [order(1).id]
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


@pytest.mark.parametrize("event", ["DELETE ON orders", "UPDATE ON orders", "DELETE ON order_items"])
def test_fault_68_an_undo_that_a_trigger_takes_back_is_not_claimed(database: Database, event: str) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, _):
        repair(store)
        _take_back(database, event)
        undone = undo(store, "run1")
        (theirs,) = (each for each in undone.steps if each.order_id == "theirs")
    assert isinstance(theirs, Kept) is (event != "DELETE ON orders")
    assert all("a trigger or a rule of the table" in kept.sentence for kept in undone.kept)
    written = {step.order_id for step in undone.steps if not isinstance(step, Kept)}
    audited = database.column("SELECT DISTINCT order_id FROM ordersync_audit WHERE run_id = 'undo1'")
    assert set(audited) == written


def _take_back(database: Database, event: str) -> None:
    """From now on a trigger of the shop's drops each such write without a word."""
    if database.is_postgres:
        database.script(
            "CREATE FUNCTION take_back() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql;\n"
            f"CREATE TRIGGER take_back BEFORE {event} FOR EACH ROW EXECUTE FUNCTION take_back();\n"
        )
    else:
        database.execute(f"CREATE TRIGGER take_back BEFORE {event} BEGIN SELECT RAISE(IGNORE); END")


def test_a_key_of_two_columns_keeps_only_the_order_that_equals_it_in_both(database: Database) -> None:
    database.script(
        "CREATE UNIQUE INDEX orders_of_a_currency ON orders (currency, id);\n"
        "CREATE TABLE invoices (currency text, bought text,"
        " FOREIGN KEY (currency, bought) REFERENCES orders (currency, id) ON DELETE CASCADE);\n"
    )
    with opened(database.url) as (store, _):
        run(store, "run0", inserting(order(3)))
        run(store, "run1", inserting(order(1), order(2)))
        database.execute("INSERT INTO invoices SELECT currency, id FROM orders WHERE stripe_session_id = 'cs_test_3'")
        assert undo(store, "run1").kept == []
        assert [kept.order_id for kept in undo(store, "run0", "undo2").kept] == [order(3).id]
    assert database.count("invoices") == 1
