"""Which tables are made where, and what a database that does not fit is told."""

import re
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.schema import create
from ordersync_dagster.adapters.database.schema.fitted import read_fitted_tables
from ordersync_dagster.adapters.database.schema.own_tables import OWN_TABLES, VERSION_TABLE, own_tables
from ordersync_dagster.adapters.database.schema.tables import SHOP_TABLES, shop_tables
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.core.errors import SchemaError
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shop_schemas import NARROW

OURS = {*OWN_TABLES, VERSION_TABLE}


def initialise(url: str) -> set[str]:
    return set(open_shop.initialise(connection.parse_url(url))[1])


def misfit(database: Database) -> str:
    """What is said of this database."""
    with database.engine.connect() as reading, pytest.raises(SchemaError) as raised:
        read_fitted_tables(reading)
    return str(raised.value)


def test_an_empty_database_gets_all_tables_once(database_url: str) -> None:
    assert initialise(database_url) == {*SHOP_TABLES, *OURS}
    assert initialise(database_url) == set()
    with Database(database_url).engine.connect() as reading:
        assert create.is_current(reading)
        assert read_fitted_tables(reading).has_own_tables


def test_an_existing_shop_gets_only_our_own_tables(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.script(NARROW)
    before = {name: repr(inspect(database.engine).get_columns(name)) for name in database.tables()}
    assert initialise(postgres_url) == OURS
    assert initialise(postgres_url) == set()
    assert {name: repr(inspect(database.engine).get_columns(name)) for name in before} == before


def test_a_database_of_somebody_else_keeps_its_tables(database_url: str) -> None:
    Database(database_url).execute("CREATE TABLE recipes (id integer PRIMARY KEY)")
    assert initialise(database_url) == OURS


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(database_url: str) -> None:
    initialise(database_url)

    def is_ours(thing: Any, name: str | None, kind: str, is_reflected: bool, other: Any) -> bool:
        return kind != "table" or str(name).startswith("ordersync_")

    with Database(database_url).engine.connect() as reading:
        options = {"version_table": VERSION_TABLE, "include_object": is_ours, "compare_type": True}
        differences = compare_metadata(MigrationContext.configure(reading, opts=options), own_tables())
    assert differences == []


def test_the_shops_tables_are_made_as_the_code_reads_them(database_url: str) -> None:
    initialise(database_url)
    inspector = inspect(Database(database_url).engine)
    for table in shop_tables().sorted_tables:
        assert {column["name"] for column in inspector.get_columns(table.name)} == set(table.columns.keys())
    assert [key["referred_table"] for key in inspector.get_foreign_keys("order_items")] == ["orders"]


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(create.__file__).parents[1] / "migrations"))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == create.HEAD


def test_an_older_version_is_not_current(database_url: str) -> None:
    initialise(database_url)
    database = Database(database_url)
    database.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0000'")
    with database.engine.connect() as reading:
        assert not create.is_current(reading)


def test_a_role_that_may_not_create_tables_is_told_what_to_do(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.script(NARROW)
    role = f"reader_{database.engine.url.database}"
    database.execute(f"CREATE ROLE {role} LOGIN")
    try:
        with pytest.raises(SchemaError, match=r"let an administrator run `ordersync db init` once"):
            initialise(database.engine.url.set(username=role).render_as_string(hide_password=False))
    finally:
        database.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "ALTER TABLE orders RENAME COLUMN customer_email TO customer_mail",
            r"orders\.customer_email is missing \(is it customer_mail\?\)",
        ),
        ("ALTER TABLE order_items DROP COLUMN quantity", r"order_items\.quantity is missing"),
        (
            "ALTER TABLE orders ADD COLUMN warehouse text NOT NULL",
            r"orders\.warehouse must be given and has no default",
        ),
        (
            "ALTER TABLE orders DROP CONSTRAINT orders_stripe_session_id_key",
            r"orders\.stripe_session_id has no unique key",
        ),
        ("ALTER TABLE orders RENAME TO shop_orders", r"no `orders` \(is it shop_orders\?\).*Check DATABASE_URL"),
        ("DROP TABLE order_items", r"lacks order_items"),
        (
            "ALTER TABLE orders ALTER COLUMN total_amount TYPE integer",
            r"orders\.total_amount is a whole number",
        ),
    ],
)
def test_faults_41_and_42_what_does_not_fit_is_named(postgres_url: str, change: str, sentence: str) -> None:
    database = Database(postgres_url)
    database.script(NARROW)
    database.execute(change)
    assert re.search(sentence, misfit(database))


def test_a_table_of_ours_is_no_guess_at_the_shops(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.execute("CREATE TABLE ordersync_rate (name text)")
    assert "no `orders`; is this the shop's database?" in misfit(database)


def test_all_that_does_not_fit_is_named_at_once(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.script(NARROW)
    database.script("ALTER TABLE orders DROP COLUMN currency;\nALTER TABLE order_items DROP COLUMN name;\n")
    assert "orders.currency is missing" in misfit(database)
    assert "order_items.name is missing" in misfit(database)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE orders ADD COLUMN warehouse text",
        "ALTER TABLE orders ADD COLUMN warehouse text NOT NULL DEFAULT 'north'",
        "ALTER TABLE orders ADD COLUMN number integer GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE orders ADD COLUMN number bigserial",
        "ALTER TABLE order_items DROP COLUMN image_url",
    ],
)
def test_what_we_need_not_know_does_not_disturb(postgres_url: str, change: str) -> None:
    database = Database(postgres_url)
    database.script(NARROW)
    database.execute(change)
    with database.engine.connect() as reading:
        assert "stripe_session_id" in read_fitted_tables(reading).table("orders").c


def test_a_unique_index_will_do_but_not_one_over_a_part(database: Database) -> None:
    table = "CREATE TABLE orders AS SELECT * FROM old" if database.is_postgres else "CREATE TABLE orders (@)"
    columns = ", ".join(column["name"] for column in inspect(database.engine).get_columns("orders"))
    database.script("DROP TABLE order_items;\nDROP TABLE order_events;\nALTER TABLE orders RENAME TO old;\n")
    database.execute(table.replace("@", columns))
    database.script(
        "CREATE TABLE order_items (id text, order_id text, printful_product_id text, printful_variant_id text,"
        " name text, quantity int, price numeric(15,3), metadata json, created_at timestamp);\n"
        "CREATE TABLE order_events (id text, order_id text, event_type text, status text, message text,"
        " metadata json, created_at timestamp);\n"
        "CREATE UNIQUE INDEX part ON orders (stripe_session_id) WHERE status = 'pending';\n"
    )
    assert "has no unique key" in misfit(database)
    database.execute("CREATE UNIQUE INDEX whole ON orders (stripe_session_id)")
    with database.engine.connect() as reading:
        read_fitted_tables(reading)


def test_tables_of_ours_that_are_gone_are_named_before_anything_is_read_or_written(database: Database) -> None:
    url = connection.parse_url(database.url)
    database.script("DROP TABLE ordersync_missing;\nDROP TABLE ordersync_erased;\n")
    lost = "no ordersync_erased and no ordersync_missing any more: restore what is gone from a backup"
    for open_it in (open_shop.open_existing, open_shop.open_for_reading, open_shop.open_for_writing):
        with pytest.raises(SchemaError, match=lost):
            open_it(url, utc_now)
