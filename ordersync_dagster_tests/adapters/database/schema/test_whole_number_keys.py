"""Whole-number keys that do not fit, and values for the shop's own columns: what is said before any request."""

from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.schema.fitted import read_fitted_tables
from ordersync_dagster.adapters.database.schema.shop_mapping import ShopMapping, read_mapping
from ordersync_dagster.core.errors import SchemaError, SettingsError
from ordersync_dagster.sandbox import build
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.numbered_shops import VALUES, numbered_shop

QUIET = build("quiet", now=NOW)


def mapping(tmp_path: Path, toml: str) -> ShopMapping:
    path = tmp_path / "ordersync.toml"
    path.write_text(toml)
    return read_mapping(path)


def misfit(database: Database, fits: ShopMapping) -> str:
    """What is said of this database."""
    with database.engine.connect() as reading, pytest.raises(SchemaError) as raised:
        read_fitted_tables(reading, fits)
    return str(raised.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("ALTER TABLE orders ALTER id DROP DEFAULT", "orders.id is a whole number that the database does not give"),
        ("ALTER TABLE order_items ALTER id DROP IDENTITY", "order_items.id is a whole number that the database does"),
        ("ALTER TABLE audit_logs ALTER resource_id TYPE uuid USING NULL", "audit_logs.resource_id cannot hold the ids"),
    ],
)
def test_a_number_that_nobody_gives_and_a_record_of_another_type_are_named(
    postgres_url: str, tmp_path: Path, change: str, sentence: str
) -> None:
    database = numbered_shop(postgres_url, QUIET)
    database.execute(change)
    assert sentence in misfit(database, mapping(tmp_path, VALUES))


@pytest.mark.parametrize("key", ["INT PRIMARY KEY", "BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY) WITHOUT ROWID"])
def test_a_key_that_sqlite_does_not_number_is_named(sqlite_url: str, tmp_path: Path, key: str) -> None:
    database = numbered_shop(sqlite_url, QUIET)
    (made,) = database.column("SELECT sql FROM sqlite_master WHERE name = 'order_items'")
    kind, _, option = key.partition(")")
    changed = made.replace("id INTEGER PRIMARY KEY", f"id {kind}", 1) + option
    database.script(f"DROP TABLE order_items;\n{changed};\n")
    said = misfit(database, mapping(tmp_path, VALUES))
    assert "order_items.id is a whole number that the database does not give to new rows: make it INTEGER" in said


def test_a_reference_of_another_type_than_its_order_is_named(database_url: str, tmp_path: Path) -> None:
    database = numbered_shop(database_url, QUIET, ("order_items",))
    database.execute("DROP TABLE order_events")
    columns = "id text PRIMARY KEY, order_id bigint NOT NULL, event_type text NOT NULL, status text NOT NULL"
    database.execute(f"CREATE TABLE order_events ({columns}, message text, metadata text, created_at timestamp)")
    said = misfit(database, mapping(tmp_path, VALUES))
    assert "orders.id is not a whole number and order_events.order_id, which refers to it, is one" in said


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("", "orders.source must be given and has no default, and ordersync does not know it: add a default, or give"),
        (
            f"{VALUES}wieght = 1",
            "order_items.wieght is missing (is it weight?), and [values.order_items] in ordersync.toml has a value",
        ),
        (f"{VALUES}quantity = 1", "order_items.quantity is written by ordersync: take it out of [values.order_items]"),
        (f"{VALUES}id = 1", "order_items.id is written by ordersync"),
    ],
)
def test_values_that_are_missing_or_not_ours_to_give_are_named(
    database_url: str, tmp_path: Path, toml: str, sentence: str
) -> None:
    assert sentence in misfit(numbered_shop(database_url, QUIET), mapping(tmp_path, toml))


def test_a_word_that_the_shops_enum_does_not_know_is_named(postgres_url: str, tmp_path: Path) -> None:
    database = numbered_shop(postgres_url, QUIET)
    database.script(
        "CREATE TYPE origin AS ENUM ('webhook', 'shop');\n"
        "ALTER TABLE orders ALTER source TYPE origin USING source::origin;\n"
    )
    assert "orders.source takes webhook, shop, but not checkout" in misfit(database, mapping(tmp_path, VALUES))


def test_a_column_that_we_leave_empty_may_get_a_value(postgres_url: str, tmp_path: Path) -> None:
    database = numbered_shop(postgres_url, QUIET, ())
    database.execute("UPDATE orders SET tracking_url = coalesce(tracking_url, '')")
    database.execute("ALTER TABLE orders ALTER tracking_url SET NOT NULL")
    assert "or give them a value under [values.orders]" in misfit(database, mapping(tmp_path, VALUES))
    file = VALUES.replace("[values.orders]", "[values.orders]\ntracking_url = ''")
    with database.engine.connect() as reading:
        read_fitted_tables(reading, mapping(tmp_path, file))


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[values.order]\nsource = 'x'", r"\[values\] order: there is no such name \(is it orders\?\)"),
        ("[values]\nsource = 'x'", r"\[values.source\]"),
    ],
)
def test_values_of_no_table_are_named(tmp_path: Path, toml: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        mapping(tmp_path, toml)


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    toml = "a = 1\nb = 1.5\nc = true\nd = 'x'\ne = 2026-11-28\nf = 2026-11-28T10:00:00Z\ng = ['x']\nh = {x = 1}\n"
    assert len(mapping(tmp_path, f"[values.orders]\n{toml}").values["orders"]) == 8
