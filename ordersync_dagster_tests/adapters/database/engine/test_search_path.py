"""A schema that DATABASE_URL names is where the shop's tables are, and where ours go."""

import pytest
from sqlalchemy import text

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import open_read_only, open_read_write, parse_url
from ordersync_dagster.adapters.database.rate_limit import SharedRateLimit
from ordersync_dagster.adapters.database.schema.shop_mapping import Layout
from ordersync_dagster.core.errors import UsageError
from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import Shop


def in_schema(url: str, name: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}schema={name}"


@pytest.fixture
def sales(postgres_url: str) -> str:
    """An empty database whose schema `sales` holds our own tables, by its URL."""
    Database(postgres_url).execute("CREATE SCHEMA sales")
    open_shop.initialise(parse_url(in_schema(postgres_url, "sales")))
    return in_schema(postgres_url, "sales")


def test_tables_are_made_and_found_in_the_named_schema(sales: str, postgres_url: str) -> None:
    homes = "SELECT DISTINCT schemaname::text FROM pg_tables WHERE tablename LIKE 'order%'"
    assert Database(postgres_url).column(homes) == ["sales"]
    assert open_shop.initialise(parse_url(sales))[1] == []


def test_a_run_works_in_the_named_schema(sales: str, postgres_url: str, sandbox: Sandbox, time: FakeTime) -> None:
    database = Database(postgres_url)
    database.url = sales
    run = Shop(sandbox, database, time).run()
    assert run.outcome.summary.errors == 0
    assert Database(postgres_url).count("sales.orders") == run.outcome.summary.stripe_sessions_added > 0


def test_the_shared_rate_limit_is_in_the_named_schema(sales: str, postgres_url: str) -> None:
    engine = open_read_write(parse_url(sales))
    SharedRateLimit(engine, "stripe", limit=2, period=1, sleep=lambda _: None).take("sessions")
    assert Database(postgres_url).count("sales.ordersync_rate") == 2
    engine.dispose()


def test_the_administrators_sql_says_the_schema(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.execute("CREATE SCHEMA sales")
    script = open_shop.init_sql(parse_url(in_schema(postgres_url, "sales")), Layout())
    assert script.startswith("SET search_path TO sales;\n")
    with database.engine.begin() as connection:
        connection.exec_driver_sql(script)
    assert database.count("sales.orders") == database.count("sales.ordersync_runs") == 0


def test_nothing_is_set_beyond_a_transaction(sales: str) -> None:
    for engine in (open_read_only(parse_url(sales)), open_read_write(parse_url(sales))):
        with engine.connect() as connection:
            assert connection.execute(text("SHOW search_path")).scalar() == "sales"
            connection.rollback()
            driver = connection.connection.driver_connection
            assert driver.execute("SHOW search_path").fetchone() != ("sales",)  # type: ignore[union-attr]
        engine.dispose()


def test_a_schema_that_does_not_exist_is_said(postgres_url: str) -> None:
    with pytest.raises(UsageError, match='no schema "shcema", or this role may not use it'):
        open_shop.initialise(parse_url(in_schema(postgres_url, "shcema")))
