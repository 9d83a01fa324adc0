"""Shops whose columns may not be NULL, as Django and Rails make them, and orders that have nothing for some of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.open_shop import open_for_writing
from ordersync_dagster.adapters.database.schema.fitted import read_fitted_tables
from ordersync_dagster.adapters.database.schema.shop_mapping import Layout, ShopMapping, read_mapping
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.changes import SetTracking
from ordersync_dagster.core.errors import SchemaError
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import ADDRESS, adding, changing, inserting, new_item, order, stored
from ordersync_dagster_tests.support.undo_stages import MONTH, undo

BARE = order(1, customer_name=None, shipping_address=None, payment_intent_id=None)
SHOP = """
CREATE TABLE orders (
    id text PRIMARY KEY, stripe_session_id text NOT NULL UNIQUE, stripe_payment_intent_id text NOT NULL {none},
    printful_order_id text NOT NULL {none}, status text NOT NULL, customer_email text NOT NULL,
    customer_name text NOT NULL {name}, total_amount numeric(10, 2) NOT NULL, currency text NOT NULL,
    tracking_number text NOT NULL {none}, tracking_url text NOT NULL {none},
    shipping_address {json} NOT NULL {address}, metadata {json} NOT NULL,
    created_at timestamp NOT NULL, updated_at timestamp NOT NULL
);
CREATE TABLE order_items (
    id text PRIMARY KEY, order_id text NOT NULL REFERENCES orders (id), printful_product_id text NOT NULL,
    printful_variant_id text NOT NULL, name text NOT NULL, quantity integer NOT NULL, price numeric(10, 2),
    image_url text NOT NULL{image}, metadata {json}, created_at timestamp NOT NULL
)
"""
DEFAULTS = {
    "image": " DEFAULT 'none'",
    "none": "DEFAULT ''",
    "name": "DEFAULT '100 % :nobody'",
    "address": """DEFAULT '{"a": 1}'""",
}
NO_DEFAULTS = dict.fromkeys(DEFAULTS, "")
VALUES = """
[values.orders]
printful_order_id = ""
stripe_payment_intent_id = ""
customer_name = "–"
tracking_number = ""
tracking_url = ""
[values.orders.shipping_address]
[values.order_items]
image_url = ""
"""
LINKED = SetTracking(None, "https://track.example.com/1", None)
TRACKED = ShopMapping(values={"orders": {"tracking_number": "", "tracking_url": ""}})
WRITTEN = "SELECT stripe_payment_intent_id, printful_order_id, customer_name FROM orders ORDER BY stripe_session_id"
TRACKING = "SELECT tracking_number, tracking_url FROM orders"

pytestmark = pytest.mark.databases


def made(url: str, defaults: dict[str, str]) -> Database:
    database = Database(url)
    script = SHOP.format(**defaults, json="jsonb" if database.is_postgres else "json")
    database.script(script.replace("%", "%%") if database.is_postgres else script)
    return database


@contextmanager
def opened(database: Database, mapping: ShopMapping = ShopMapping()) -> Iterator[DatabaseStore]:
    shop = open_for_writing(connection.parse_url(database.url), lambda: NOW, Layout(mapping))
    yield shop.store
    shop.engine.dispose()


@pytest.fixture
def values(tmp_path: Path) -> ShopMapping:
    file = tmp_path / "ordersync.toml"
    file.write_text(VALUES)
    return read_mapping(file)


def addresses(database: Database) -> list[object]:
    found = database.column("SELECT CAST(shipping_address AS text) FROM orders ORDER BY stripe_session_id")
    return [json.loads(each) for each in found]


@pytest.mark.parametrize("defaults", [NO_DEFAULTS, DEFAULTS], ids=["no defaults", "defaults"])
def test_what_an_order_lacks_is_the_value_of_the_file(
    database_url: str, values: ShopMapping, defaults: dict[str, str]
) -> None:
    database = made(database_url, defaults)
    with opened(database, values) as store, store.run("run1", MONTH):
        applied = store.apply(inserting(BARE, order(2)), "run1")
        assert (applied.orders_inserted, applied.refused) == (2, ())
        items = adding(new_item(stored(store), 1, image_url=None))
        assert store.apply(changing(stored(store), items), "run1").items_inserted == 1
    assert [tuple(row.values()) for row in database.rows(WRITTEN)] == [("", "", "–"), ("pi_2", "", "Ada Example")]
    assert addresses(database) == [{}, ADDRESS]
    assert database.column("SELECT image_url FROM order_items") == [""]


def test_what_an_order_lacks_is_left_to_the_default_of_the_column(database_url: str) -> None:
    database = made(database_url, DEFAULTS)
    with opened(database) as store:
        with store.run("run1", MONTH):
            applied = store.apply(inserting(BARE, order(2)), "run1")
        assert (applied.orders_inserted, applied.refused) == (2, ())
        names = [tuple(row.values()) for row in database.rows(WRITTEN)]
        assert names == [("", "", "100 % :nobody"), ("pi_2", "", "Ada Example")]
        assert addresses(database) == [{"a": 1}, ADDRESS]
        assert len(undo(store, "run1").removals) == 2


def test_tracking_is_written_over_the_value_of_the_file(database_url: str, values: ShopMapping) -> None:
    database = made(database_url, NO_DEFAULTS)
    with opened(database, values) as store, store.run("run1", MONTH):
        store.apply(inserting(order(1)), "run1")
        parcel = SetTracking("TRACK1", "https://track.example.com/1", None)
        applied = store.apply(changing(stored(store), parcel), "run1")
        assert (applied.orders_updated, applied.refused) == (1, ())
    assert [tuple(row.values()) for row in database.rows(TRACKING)] == [("TRACK1", "https://track.example.com/1")]


def test_a_parcel_without_a_number_leaves_the_empty_number_as_it_is(database_url: str) -> None:
    database = made(database_url, DEFAULTS)
    with opened(database) as store, store.run("run1", MONTH):
        store.apply(inserting(order(1)), "run1")
        applied = store.apply(changing(stored(store), LINKED), "run1")
        assert (applied.orders_updated, applied.refused) == (1, ())
    assert [tuple(row.values()) for row in database.rows(TRACKING)] == [("", "https://track.example.com/1")]


def test_the_plan_knows_which_columns_must_have_a_value(database_url: str, values: ShopMapping) -> None:
    database = made(database_url, NO_DEFAULTS)
    empty = ("customer_name", "printful_order_id", "shipping_address", "stripe_payment_intent_id")
    expected = {*(f"orders.{name}" for name in empty), "order_items.image_url"}
    with database.engine.connect() as reading:
        assert read_fitted_tables(reading, TRACKED).limits.required == expected
        assert read_fitted_tables(reading, values).limits.required == set()


def test_a_default_that_would_be_an_id_is_not_written(database_url: str) -> None:
    database = made(database_url, {**DEFAULTS, "none": "DEFAULT '0'"})
    with database.engine.connect() as reading:
        required = read_fitted_tables(reading).limits.required
    assert required == {"orders.printful_order_id", "orders.stripe_payment_intent_id"}


def test_a_value_that_would_be_an_id_is_refused(database_url: str) -> None:
    database = made(database_url, DEFAULTS)
    mapping = ShopMapping(values={"orders": {"printful_order_id": "0"}})
    with database.engine.connect() as reading, pytest.raises(SchemaError, match="may only be empty text"):
        read_fitted_tables(reading, mapping)
