"""What a run never does in a shop's database, whatever else stands in it (docs/never.md)."""

import pytest
from sqlalchemy import inspect

from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.shops import Shop

WRITTEN = {"orders", "order_items", "order_events", "audit_logs"}


@pytest.fixture
def busy_shop(each_shop: Shop) -> Shop:
    """It also has tables of customers, users and carts, with rows."""
    for table in ("customers", "users", "carts"):
        each_shop.database.execute(f"CREATE TABLE {table} (id integer PRIMARY KEY, email text)")
        each_shop.database.execute(f"INSERT INTO {table} VALUES (1, 'a@example.org')")
    return each_shop


@pytest.mark.databases
def test_no_table_but_the_four_is_written(busy_shop: Shop) -> None:
    before = everything(busy_shop.database)
    assert busy_shop.run().outcome.summary.stripe_sessions_added > 0
    after = everything(busy_shop.database)
    changed = {name for name, rows in after.items() if before.get(name) != rows}
    assert {name for name in changed if not name.startswith("ordersync_")} == WRITTEN
    assert after["customers"] == before["customers"]


@pytest.mark.databases
def test_the_shops_tables_keep_their_columns_and_keys(busy_shop: Shop) -> None:
    before = _definitions(busy_shop)
    busy_shop.run()
    assert _definitions(busy_shop) == before


def _definitions(shop: Shop) -> dict[str, object]:
    """Each table of the shop's as the database describes it."""
    seen = inspect(shop.database.engine)
    names = [name for name in seen.get_table_names() if not name.startswith("ordersync_")]
    return {
        name: [str(seen.get_columns(name)), str(seen.get_indexes(name)), str(seen.get_foreign_keys(name))]
        for name in names
    }
