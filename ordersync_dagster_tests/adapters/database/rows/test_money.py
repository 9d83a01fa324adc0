"""Money is exact in every column, or it is not written."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.money import from_minor
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import read_printful_order
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.sandbox import printful_item, printful_order
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shop_schemas import NARROW
from ordersync_dagster_tests.support.stores import SHIPPED, adding, changing, inserting, new_item, opened, order, stored

AMOUNTS = [
    (1999, "usd", "19.99"),
    (800, "jpy", "800"),
    (107_411_050, "kwd", "107411.050"),
    (1, "usd", "0.01"),
    (1, "kwd", "0.001"),
    (999_999_999_999, "usd", "9999999999.99"),
]


@pytest.fixture
def existing(postgres_url: str) -> Database:
    """A shop that was there before us."""
    database = Database(postgres_url)
    database.script(NARROW)
    open_shop.initialise(parse_url(postgres_url))
    return database


@pytest.mark.parametrize(("minor", "currency", "written"), AMOUNTS)
def test_amounts_are_exact_in_our_own_schema(database: Database, minor: int, currency: str, written: str) -> None:
    amount = from_minor(minor, currency)
    with opened(database.url) as (store, _):
        assert store.limits.total.holds(amount)
        store.apply(inserting(order(total=amount, currency=currency)), "run1")
        seen = stored(store)
        assert seen.total == Decimal(written)
        store.apply(changing(seen, adding(new_item(seen, price=amount))), "run1")
    assert Decimal(database.column("SELECT price FROM order_items")[0]) == Decimal(written)
    assert isinstance(database.column("SELECT total_amount FROM orders")[0], str | Decimal)


def test_an_existing_shop_is_written_in_its_own_types(existing: Database) -> None:
    with opened(existing.url) as (store, _):
        store.apply(inserting(order()), "run1")
        seen = stored(store)
        store.apply(changing(seen, SHIPPED, adding(new_item(seen))), "run2")
        assert (stored(store).status, len(stored(store).items)) == ("shipped", 1)
        assert stored(store).metadata == order().metadata
    (row,) = existing.rows("SELECT * FROM orders")
    assert row["created_at"] == order().created.replace(tzinfo=None)
    assert row["updated_at"].astimezone(UTC) == NOW
    assert (row["total_amount"], row["user_id"]) == (Decimal("19.99"), None)
    assert row["shipping_address"]["line1"] == "1 Pier Road"
    assert len(existing.rows("SELECT * FROM audit_logs WHERE metadata ->> 'run_id' = 'run2'")) == 2


@pytest.mark.parametrize(
    ("minor", "currency"), [(107_411_051, "kwd"), (10_000_000_000, "usd"), (1, "kwd"), (100_000_000, "jpy")]
)
def test_fault_49_an_amount_that_the_shops_column_cannot_hold_is_a_problem(
    existing: Database, minor: int, currency: str
) -> None:
    amount = from_minor(minor, currency)
    with opened(existing.url) as (store, _):
        plan = decide_sessions(SessionDay(sessions=(order(total=amount, currency=currency),)), Stored((), store.limits))
    assert [problem.problem_class for problem in plan.problems] == [ProblemClass.AMOUNT_DOES_NOT_FIT]
    assert plan.change_count == 0


@pytest.mark.parametrize(
    ("minor", "currency"), [(107_411_050, "kwd"), (9_999_999_999, "usd"), (99_999_999, "jpy"), (10, "kwd")]
)
def test_an_amount_that_just_fits_is_written_exactly(existing: Database, minor: int, currency: str) -> None:
    amount = from_minor(minor, currency)
    with opened(existing.url) as (store, _):
        store.apply(
            decide_sessions(SessionDay(sessions=(order(total=amount, currency=currency),)), Stored((), store.limits)),
            "r",
        )
        assert stored(store).total == amount


def test_the_shops_narrow_columns_are_known(existing: Database) -> None:
    with opened(existing.url) as (store, _):
        limits = store.limits
    assert limits.is_price_required
    assert (limits.widths["orders.status"], limits.widths["orders.currency"]) == (20, 3)


def test_our_own_schema_does_not_insist_on_a_price(database: Database) -> None:
    with opened(database.url) as (store, _):
        assert not store.limits.is_price_required
        assert store.limits.widths == {}


def test_times_of_a_session_keep_their_second(existing: Database) -> None:
    leap = datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)
    with opened(existing.url) as (store, _):
        store.apply(inserting(order(created=leap)), "run1")
    assert existing.column("SELECT created_at FROM orders") == [leap.replace(tzinfo=None)]


@pytest.mark.parametrize(
    ("currency", "price", "source"), [("usd", "12.95", "printful_cost"), ("eur", "0.00", "unknown")]
)
def test_a_price_that_must_be_given_says_where_it_came_from(
    existing: Database, currency: str, price: str, source: str
) -> None:
    printful_answer = read_printful_order(printful_order(id=7, items=[printful_item(retail_price=None)]))
    with opened(existing.url) as (store, _):
        store.apply(inserting(order(printful_order_id="7", currency=currency)), "run1")
        store.apply(decide_printful(PrintfulBatch({"7": printful_answer}), Stored((stored(store),), store.limits)), "r")
    (item,) = existing.rows("SELECT * FROM order_items")
    assert item["price"] == Decimal(price)
    assert json.loads(item["metadata"])["price_source"] == source
