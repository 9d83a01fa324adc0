"""A computed snapshot of a new row equals the one that is read back."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.journal.row_snapshots import read_snapshots, snapshots_of
from ordersync_dagster.adapters.database.rows import build
from ordersync_dagster.adapters.database.rows.build import Row, Stamp
from ordersync_dagster.adapters.database.rows.bulk_insert import NewRows
from ordersync_dagster.adapters.database.schema.fitted import FittedTables, read_fitted_tables
from ordersync_dagster.adapters.database.schema.tables import shop_tables
from ordersync_dagster.core.history import RowSnapshot
from ordersync_dagster.core.orders import as_stored
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shop_schemas import NARROW
from ordersync_dagster_tests.support.stores import ADDRESS, new_item, order

STAMP = Stamp("20261128T120000Z-abcdef", NOW + timedelta(microseconds=1234))
METADATA = {
    "é": 'naïve "quoted" \\ \x7f\x1f\t',
    "b": "",
    "aa": "100 % 😀",
    "n": 7,
    "deep": {"zz": [1, None], "z": True},
}
ORDERS = [
    order(1),
    order(2, customer_name=None, shipping_address=None, payment_intent_id=None, metadata={}),
    order(3, metadata=METADATA, total=Decimal(0), shipping_address={**ADDRESS, "city": "Źdźbło's %s :name"}),
    order(4, created=NOW.replace(microsecond=0), total=Decimal("99999999.90"), customer_name=" blanks "),
]
DEFAULT = "ALTER TABLE {} ADD shelf text DEFAULT 'a'"
READ_BACK = {
    "postgresql": {
        "a trigger": "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
        "CREATE TRIGGER tidy BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION tidy()",
        "a default": DEFAULT,
        "a generated column": "ALTER TABLE {} ADD shelf text GENERATED ALWAYS AS (upper(id)) STORED",
        "row security": "ALTER TABLE {} ENABLE ROW LEVEL SECURITY",
        "a domain with a default": "CREATE DOMAIN rack AS text DEFAULT 'r';\nALTER TABLE {} ADD shelf rack",
        "times without fractions": "ALTER TABLE {} ALTER created_at TYPE timestamp(0)",
        "a type that pads": "ALTER TABLE {} ALTER id TYPE char(40)",
    },
    "sqlite": {
        "a trigger": "CREATE TRIGGER tidy AFTER INSERT ON {} BEGIN SELECT 1; END",
        "a default": DEFAULT,
        "a generated column": "ALTER TABLE {} ADD shelf text GENERATED ALWAYS AS (upper(id)) VIRTUAL",
    },
}
KEYS = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'"


def both(
    database: Database, table: str, rows: list[Row], key: str = "id"
) -> tuple[list[RowSnapshot], list[RowSnapshot]]:
    """Rows are inserted: as they were computed, and as they are."""
    with database.engine.connect() as connection:
        tables = read_fitted_tables(connection)
        new = NewRows(connection, tables.table(table), rows)
        new.insert(key)
        found = read_snapshots(connection, tables.table(table), [row["id"] for row in rows])
        connection.commit()
        return snapshots_of(new, tables.plain[table]), [found[row["id"]] for row in rows]


def order_rows() -> list[Row]:
    return [build.order_row(each, STAMP) for each in ORDERS]


def item_rows() -> list[Row]:
    of = as_stored(ORDERS[0])
    items = [new_item(of, 1), new_item(of, 2, price=Decimal("0.1"), image_url=None, name="% \\ é"), new_item(of, 3)]
    return [{**build.item_row(item, of.id, STAMP), "currency": "usd"} for item in items]


def tables_of(database: Database) -> FittedTables:
    with database.engine.connect() as connection:
        return read_fitted_tables(connection)


def made(database: Database) -> Database:
    """With our own tables."""
    with database.engine.begin() as connection:
        shop_tables().create_all(connection)
    return database


@pytest.fixture
def plain_shop(database_url: str) -> Database:
    return made(Database(database_url))


@pytest.fixture
def existing_shop(postgres_url: str) -> Database:
    database = Database(postgres_url)
    database.script(NARROW)
    return database


def test_in_our_own_tables_new_rows_are_computed(plain_shop: Database) -> None:
    computed, found = both(plain_shop, "orders", order_rows(), "stripe_session_id")
    assert computed == found
    computed, found = both(plain_shop, "order_items", item_rows())
    assert computed == found


def test_one_row_alone_is_computed_too(plain_shop: Database) -> None:
    computed, found = both(plain_shop, "orders", order_rows()[2:3], "stripe_session_id")
    assert computed == found


def test_in_a_shop_that_was_there_before_so_are_they(existing_shop: Database) -> None:
    """Narrow money, both kinds of time and of JSON, JSON in a column of text, and columns that stay empty."""
    computed, found = both(existing_shop, "orders", order_rows(), "stripe_session_id")
    assert computed == found
    computed, found = both(existing_shop, "order_items", item_rows())
    assert computed == found


@pytest.mark.parametrize("what", READ_BACK["postgresql"])
@pytest.mark.parametrize("table", ["orders", "order_items"])
def test_in_postgres_what_may_change_a_row_has_it_read_back(postgres_url: str, table: str, what: str) -> None:
    database = made(Database(postgres_url))
    for row in database.rows(KEYS):  # a column that is referred to keeps its type
        database.execute("ALTER TABLE {} DROP CONSTRAINT {}".format(*row.values()))
    assert tables_of(database).plain.keys() == {"orders", "order_items"}
    database.script(READ_BACK["postgresql"][what].replace("{}", table))
    assert table not in tables_of(database).plain


@pytest.mark.parametrize("what", READ_BACK["sqlite"])
@pytest.mark.parametrize("table", ["orders", "order_items"])
def test_in_sqlite_so_has_what_is_odd_there(tmp_path: Path, table: str, what: str) -> None:
    database = made(Database(f"sqlite:///{tmp_path}/shop.db"))
    assert tables_of(database).plain.keys() == {"orders", "order_items"}
    database.script(READ_BACK["sqlite"][what].replace("{}", table))
    assert table not in tables_of(database).plain


def test_a_column_that_stays_empty_is_part_of_the_row(plain_shop: Database) -> None:
    plain_shop.execute("ALTER TABLE orders ADD gift_note text")
    computed, found = both(plain_shop, "orders", order_rows(), "stripe_session_id")
    assert computed == found
    assert all(snapshot["gift_note"] is None for snapshot in found)


def test_in_sqlite_amounts_in_a_numeric_column_are_read_back(tmp_path: Path) -> None:
    """There they become floats."""
    database = Database(f"sqlite:///{tmp_path}/shop.db")
    database.script(NARROW.replace("jsonb", "json").replace("now()", "CURRENT_TIMESTAMP"))
    database.execute("CREATE UNIQUE INDEX one_order ON orders (stripe_session_id)")
    assert tables_of(database).plain == {}
