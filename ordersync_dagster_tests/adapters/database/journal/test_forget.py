"""Forgetting leaves hashes by which later runs know the customer's sessions, and nobody else's."""

from datetime import timedelta

import pytest

from ordersync_dagster.adapters.database.journal.forget import count_customer, erase_customer, find_customer
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.history import ErasureCounts
from ordersync_dagster.core.orders import Order, order_id
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.stores import SHIPPED, changing, inserting, opened, order, stored
from ordersync_dagster_tests.support.undo_stages import run, sentences, shop_rows, undo

pytestmark = pytest.mark.any_database

ADA, BO = "ada.example@example.com", "bo@example.com"
KEY = "a key of the shop"


def forget(database: Database, email: str, key: str = "") -> ErasureCounts:
    with opened(database.url) as (store, _):
        store.hash_key = key
        with store.transaction() as connection:
            customer = find_customer(connection, store.tables, email, store.keyed())
            return erase_customer(connection, customer, store.stamp("forget"), store.keyed())


def erased(store: DatabaseStore, *orders: Order) -> frozenset[str]:
    return store.erased([each.session_id for each in orders], orders)


def test_sessions_up_to_the_moment_are_known_and_later_ones_are_not(database: Database) -> None:
    forget(database, ADA)
    with opened(database.url) as (store, _):
        before, at, after = (order(n, created=NOW + timedelta(seconds=n - 2)) for n in (1, 2, 3))
        other = order(4, customer_email=BO)
        assert erased(store, before, at, after, other) == {before.session_id, at.session_id}
        assert erased(store, order(1, customer_email=" Ada.Example@EXAMPLE.com ")) == {"cs_test_1"}


def test_a_second_forgetting_reaches_to_its_own_moment(database: Database) -> None:
    forget(database, ADA)
    with opened(database.url, NOW + timedelta(days=9)) as (store, _), store.transaction() as connection:
        customer = find_customer(connection, store.tables, ADA, store.keyed())
        erase_customer(connection, customer, store.stamp("again"), store.keyed())
    with opened(database.url) as (store, _):
        assert erased(store, order(1, created=NOW + timedelta(days=8))) == {"cs_test_1"}


def test_a_session_is_known_by_its_id_where_stripe_names_another_address_or_none(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1), order(2, customer_email=BO)))
    forget(database, ADA)
    with opened(database.url) as (store, _):
        assert erased(store, order(1, customer_email=BO), order(2, customer_email=BO)) == {"cs_test_1"}
        assert store.erased(["cs_test_1", "cs_test_2"]) == {"cs_test_1"}


def test_an_order_that_the_shop_deleted_before_is_known_from_the_audit(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1)))
    database.execute("DELETE FROM orders")
    forget(database, ADA)
    with opened(database.url) as (store, _):
        assert store.erased(["cs_test_1"]) == {"cs_test_1"}


def test_entries_from_after_the_shop_replaced_the_address_are_blanked_too(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1)))
        database.execute("UPDATE orders SET customer_email = 'erased@shop.example'")
        run(store, "run2", changing(stored(store), SHIPPED))
    assert forget(database, ADA).payloads == 2
    assert database.column("SELECT seq FROM ordersync_audit WHERE order_id IS NOT NULL AND salt IS NOT NULL") == []


def test_the_preview_counts_the_same_and_leaves_nothing(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1)))
        before = everything(database)
        customer = store.read(lambda connection: find_customer(connection, store.tables, ADA, store.keyed()))
        counted = store.read(lambda connection: count_customer(connection, customer, store.keyed()))
    assert everything(database) == before
    assert counted == forget(database, ADA) == ErasureCounts(payloads=1, erased=4)


def test_only_hashes_are_kept(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1)))
    forget(database, ADA)
    kept = repr(everything(database)["ordersync_erased"])
    assert not any(each in kept for each in (ADA, "cs_test_1", order_id("cs_test_1")))


def test_the_key_of_the_database_is_still_known_after_one_of_the_shop_was_set(database: Database) -> None:
    forget(database, ADA)
    with opened(database.url) as (store, _):
        store.hash_key = KEY
        assert erased(store, order(1)) == {"cs_test_1"}
        assert store.erasures.unknown == 0


def test_hashes_of_a_key_that_is_gone_are_counted_as_unknown(database: Database) -> None:
    forget(database, ADA, KEY)
    with opened(database.url) as (store, _):
        assert not erased(store, order(1))
        assert store.erasures.unknown == 1
        store.hash_key, store._erasures = "another", None
        assert store.erasures.unknown == 1


def test_a_database_of_an_older_version_knows_of_nobody(database: Database) -> None:
    database.execute("DROP TABLE ordersync_erased")
    with opened(database.url) as (store, _):
        assert erased(store, order(1)) == frozenset()


def test_an_undo_restores_nothing_of_a_customer_who_was_erased(database: Database) -> None:
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1)))
        run(store, "run2", changing(stored(store), SHIPPED))
    forget(database, ADA)
    before = shop_rows(database)
    with opened(database.url) as (store, _):
        for target in ("run2", "run1"):
            assert "blanked" in sentences(undo(store, target, f"undo of {target}"))
    assert shop_rows(database) == before
