"""A unique key that leaves out orders without a session, and columns that take some words alone."""

import pytest

from ordersync_dagster_tests.adapters.database.schema.changed_shops import problems, shop
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import SHIPPED, changing, inserting, opened, order, stored

TEXT = "currency text NOT NULL DEFAULT 'usd'"
KEY = "stripe_session_id text NOT NULL UNIQUE"


ENOUGH = [
    "stripe_session_id IS NOT NULL",
    "(stripe_session_id IS NOT NULL)",
    "stripe_session_id <> ''",
    "stripe_session_id IS NOT NULL AND stripe_session_id <> ''",
]


@pytest.mark.parametrize("predicate", ENOUGH)
def test_a_unique_key_that_leaves_out_rows_without_a_session_is_enough(database_url: str, predicate: str) -> None:
    index = f"CREATE UNIQUE INDEX one_order ON orders (stripe_session_id) WHERE {predicate};\n"
    database = shop(database_url, KEY, "stripe_session_id text", index)
    assert problems(database) == ""
    with opened(database.url) as (store, _):
        assert store.apply(inserting(order(1), order(2)), "run1").orders_inserted == 2
        again = store.apply(inserting(order(1), order(3)), "run2")
    assert (again.orders_inserted, again.written_first_by_others, again.refused) == (1, 1, ())


@pytest.mark.parametrize("predicate", ["status <> 'cancelled'", "stripe_session_id IS NOT NULL AND currency = 'usd'"])
def test_a_unique_key_that_leaves_out_other_rows_is_not_enough(database_url: str, predicate: str) -> None:
    index = f"CREATE UNIQUE INDEX one_order ON orders (stripe_session_id) WHERE {predicate};\n"
    database = shop(database_url, KEY, "stripe_session_id text", index)
    assert "stripe_session_id has no unique key" in problems(database)


def currencies(url: str, *words: str) -> Database:
    """The usual shop whose orders take these currencies alone."""
    listed = ", ".join(f"'{word}'" for word in words)
    if not Database(url).is_postgres:
        return shop(url, TEXT, f"currency text NOT NULL CHECK (currency IN ({listed}))")
    Database(url).execute(f"CREATE TYPE coin AS ENUM ({listed})")
    return shop(url, TEXT, "currency coin NOT NULL")


@pytest.mark.parametrize("words", [("USD", "EUR"), ("usd", "eur")])
def test_currencies_are_written_as_the_shop_spells_them_and_read_in_small_letters(
    database_url: str, words: tuple[str, ...]
) -> None:
    database = currencies(database_url, *words)
    assert problems(database) == ""
    with opened(database.url) as (store, _):
        assert store.apply(inserting(order(1), order(2, currency="eur")), "run1").orders_inserted == 2
        assert store.apply(changing(stored(store), SHIPPED), "run2").orders_updated == 1
        assert [stored(store, number).currency for number in (1, 2)] == ["usd", "eur"]
    query = "SELECT CAST(currency AS text) FROM orders ORDER BY stripe_session_id"
    assert database.column(query) == list(words)


def test_a_currency_that_the_shop_does_not_take_is_refused_alone(database_url: str) -> None:
    database = currencies(database_url, "USD")
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1), order(2, currency="eur")), "run1")
    assert (applied.orders_inserted, len(applied.refused)) == (1, 1)


def test_words_that_are_no_currency_are_named(database_url: str) -> None:
    found = problems(currencies(database_url, "Dollar", "Euro"))
    assert "orders.currency takes Dollar, Euro, and none of these is a currency" in found


@pytest.mark.parametrize(
    ("column", "default", "word"),
    [("retention_policy", " DEFAULT 'default'", "default"), ("user_agent", "", "ordersync")],
)
def test_every_word_that_we_write_is_looked_for(database_url: str, column: str, default: str, word: str) -> None:
    database = shop(database_url, f"{column} text{default}", f"{column} text CHECK ({column} IN ('a', 'b'))")
    assert f"audit_logs.{column} takes a, b, but not {word}: allow them" in problems(database)
