"""Undo takes back what one run wrote."""

import json

import pytest

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.adapters.database.journal import verify
from ordersync_dagster.adapters.database.undo.undo import Undo
from ordersync_dagster.core.changes import SetStatus
from ordersync_dagster.core.orders import Status
from ordersync_dagster.core.plan import Plan
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.shop_schemas import NARROW
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
from ordersync_dagster_tests.support.undo_stages import (
    FILLED,
    TRACKED,
    repair,
    run,
    sentences,
    shop_rows,
    undo,
    webhooks_order,
)

METADATA = [
    "NULL",
    "'{}'",
    '\'{"note"\\: "f\\u00fcr Bo"}\'',
    "'{\"printful_shipments\": []}'",
]


@pytest.mark.parametrize("metadata", METADATA)
@pytest.mark.parametrize("address", ["NULL", "'{}'", "'{\"line1\":null}'"])
def test_after_an_undo_every_row_is_what_it_was(database: Database, metadata: str, address: str) -> None:
    webhooks_order(database, metadata, address)
    before = shop_rows(database)
    with opened(database.url) as (store, _):
        repair(store)
        assert shop_rows(database) != before
        undone = undo(store, "run1")
    assert undone.kept == []
    assert undone.counts == {"orders_removed": 2, "orders_reversed": 1, "items_removed": 2, "left": 0}
    assert shop_rows(database) == before


@pytest.mark.parametrize("metadata", ['{"note":"für Bo","n":1}', r'"{\"note\": \"Bo\"}"'])
def test_metadata_with_unusual_spaces_comes_back_as_equal_json(database: Database, metadata: str) -> None:
    webhooks_order(database, f"'{metadata}'")
    with opened(database.url) as (store, _):
        repair(store)
        assert undo(store, "run1").kept == []
    (restored,) = database.column("SELECT CAST(metadata AS text) FROM orders WHERE id = 'theirs'")
    assert json.loads(restored) == json.loads(metadata)


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
    database.script(NARROW)
    database.script(types)
    open_shop.initialise(parse_url(postgres_url))
    webhooks_order(database, '\'{"note"\\: "f\\u00fcr Bo"}\'', "'null'")
    before = shop_rows(database)
    with opened(database.url) as (store, _):
        repair(store)
        assert undo(store, "run1").kept == []
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


@pytest.mark.parametrize("metadata", [{}, {"é": "für Bo 😀", "b": "", "aa": "1"}])
def test_our_own_later_runs_do_not_count_as_a_touch(database: Database, metadata: dict[str, str]) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1, metadata=metadata)))
        seen = stored(store)
        run(store, "run2", changing(seen, SHIPPED, TRACKED, adding(new_item(seen))))
        undone = undo(store, "run1")
    assert undone.kept == []
    assert [database.count(table) for table in ("orders", "order_items", "order_events")] == [0, 0, 0]


def test_an_update_that_a_later_run_built_on_names_that_run(database: Database) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, _):
        run(store, "run1", changing(stored(store, 9), SHIPPED))
        run(store, "run2", changing(stored(store, 9), SetStatus("shipped", "delivered", "fulfilled")))
        assert "run run2: undo that one first" in sentences(undo(store, "run1"))
        assert undo(store, "run2", "undo2").kept == []
        assert undo(store, "run1", "undo3").kept == []
        assert stored(store, 9).status == "processing"


def test_a_second_undo_finds_nothing_left_to_do(database: Database) -> None:
    webhooks_order(database)
    with opened(database.url) as (store, _):
        repair(store)
        undo(store, "run1")
        before = everything(database)
        again = undo(store, "run1", "undo2")
    assert list(again.steps) == []
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
            assert verify.verify(connection).broken is None
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
