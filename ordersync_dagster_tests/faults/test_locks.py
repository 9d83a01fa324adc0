"""Locks of the shop's own programs that do not come, and how long ours are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import IDLE_SECONDS, LOCK_SECONDS, parse_url
from ordersync_dagster.adapters.database.schema.shop_mapping import Layout, mapping_of
from ordersync_dagster.adapters.database.store import ATTEMPTS, DatabaseStore
from ordersync_dagster.adapters.database.transactions import MAX_LOCKED_ORDERS, ORDERS_PER_TRANSACTION
from ordersync_dagster.core.errors import LockHeldError, RowLockedError
from ordersync_dagster.core.plan import Plan
from ordersync_dagster_tests.faults.results import is_audit_whole
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database, each_statement
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.stores import SHIPPED, changing, inserting, opened, order, stored
from ordersync_dagster_tests.support.undo_stages import run as carried_out
from ordersync_dagster_tests.support.undo_stages import undo

pytestmark = pytest.mark.databases

ONE_ORDER = "SELECT * FROM orders WHERE stripe_session_id = 'cs_test_1' FOR UPDATE"
TIMEOUTS = (
    "SELECT current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle"
)


def impatient(database: Database) -> str:
    """The same database for a run that waits for a lock for a moment only."""
    return f"{database.url}{'&' if '?' in database.url else '?'}options=-c%20lock_timeout%3D20ms"


@contextmanager
def another_program(database: Database, statement: str) -> Iterator[Any]:
    """Meanwhile, another program keeps the locks of `statement`; rolling back gives them up."""
    with database.engine.connect() as connection:
        connection.execute(text(statement))
        yield connection


def shipped(store: DatabaseStore, *numbers: int) -> Plan:
    """The plan that ships these orders."""
    return Plan(updates=tuple(changing(stored(store, number), SHIPPED).updates[0] for number in numbers))


def statuses(database: Database) -> list[str]:
    return database.column("SELECT status FROM orders ORDER BY stripe_session_id")


def test_fault_72_the_orders_that_nobody_locks_are_written_before_the_run_gives_up(postgres_database: Database) -> None:
    database = postgres_database
    with opened(impatient(database)) as (store, _):
        store.apply(inserting(order(1), order(2), order(3)), "run1")
        plan = shipped(store, 1, 2, 3)
        with another_program(database, ONE_ORDER), pytest.raises(RowLockedError, match="pg_stat_activity"):
            store.apply(plan, "run2")
        assert statuses(database) == ["processing", "shipped", "shipped"]
        store.apply(shipped(store, 1), "run3")
    assert statuses(database) == ["shipped"] * 3
    assert database.count("ordersync_audit") == database.count("audit_logs") == 6
    assert is_audit_whole(database)


def test_fault_72_a_lock_that_comes_late_is_tried_again(postgres_database: Database) -> None:
    database = postgres_database
    with opened(impatient(database)) as (store, engine):
        store.apply(inserting(order(1), order(2)), "run1")
        plan = shipped(store, 1, 2)
        with another_program(database, ONE_ORDER) as theirs:
            event.listen(engine, "rollback", lambda _ours: theirs.rollback(), once=True)
            assert store.apply(plan, "run2").orders_updated == 2
    assert statuses(database) == ["shipped", "shipped"]


def test_fault_72_where_all_orders_are_locked_the_run_gives_up_soon(postgres_database: Database) -> None:
    database = postgres_database
    tries: list[str] = []
    with opened(impatient(database)) as (store, _):
        locks = "LOCK TABLE orders IN SHARE MODE"
        many = inserting(*(order(number) for number in range(50)))
        with another_program(database, locks), each_statement(database, tries.append), pytest.raises(RowLockedError):
            store.apply(many, "run1")
    assert len([each for each in tries if "INSERT INTO" in each]) == ATTEMPTS + MAX_LOCKED_ORDERS
    assert database.count("orders") == 0


def test_fault_72_an_undo_waits_no_longer_for_a_lock(postgres_database: Database) -> None:
    database = postgres_database
    with opened(impatient(database)) as (store, _):
        carried_out(store, "run1", inserting(order(1)))
        with another_program(database, ONE_ORDER), pytest.raises(RowLockedError):
            undo(store, "run1")
        assert undo(store, "run1", "undo2").counts["orders_removed"] == 1


def test_fault_72_a_run_whose_orders_are_locked_ends_and_the_next_completes_it(postgres_shop: Shop) -> None:
    shop, database = postgres_shop, postgres_shop.database
    hasty = Shop(shop.sandbox, Database(impatient(database)), shop.time)
    locks = "LOCK TABLE orders IN SHARE MODE"
    with another_program(database, locks), pytest.raises(RowLockedError):
        hasty.run()
    assert database.column("SELECT state FROM ordersync_runs") == ["failed"]
    assert shop.run().outcome.summary.errors == 0
    assert shop.run().outcome.summary.stripe_sessions_added == 0


def test_fault_72_our_own_locks_end_soon_too(postgres_database: Database) -> None:
    """Neither a run that waits nor one that was stopped keeps the shop's webhooks waiting."""
    with opened(postgres_database.url) as (store, _):
        with store.transaction() as connection:
            ours = connection.execute(text(TIMEOUTS)).one()
        assert store.read(lambda reading: reading.execute(text(TIMEOUTS)).one()) == ours
    assert tuple(ours) == (f"{LOCK_SECONDS}s", f"{IDLE_SECONDS // 60}min")
    with opened(impatient(postgres_database)) as (store, _), store.transaction() as connection:
        assert connection.execute(text(TIMEOUTS)).one().lock == "20ms"


def test_fault_72_a_large_day_is_many_short_transactions(database: Database) -> None:
    """Whatever else the shop writes meanwhile waits for some hundred orders, not for the day."""
    count = 2 * ORDERS_PER_TRANSACTION + 1
    with opened(database.url) as (store, engine):
        commits: list[int] = []
        event.listen(engine, "commit", lambda _connection: commits.append(1))
        applied = store.apply(inserting(*(order(number) for number in range(count))), "run1")
    assert (applied.orders_inserted, len(commits)) == (count, 3)
    assert is_audit_whole(database)


@pytest.mark.full
def test_two_shops_in_two_schemas_of_one_database_do_not_wait_for_each_other(postgres_database: Database) -> None:
    """Each has its tables by `[shop.tables]`, and ours in a schema of its own: the default schema is one for both."""
    url = postgres_database.url
    stores = {}
    for name in ("prints", "posters"):
        postgres_database.execute(f"CREATE SCHEMA {name}")
        open_shop.initialise(parse_url(f"{url}{'&' if '?' in url else '?'}schema={name}"))
        tables = {each: f"{name}.{each}" for each in ("orders", "order_items", "order_events", "audit_logs")}
        layout = Layout(mapping_of({"tables": tables}, "here"), f"{name}_sync")
        stores[name] = [open_shop.open_for_writing(parse_url(url), lambda: NOW, layout).store for _ in range(2)]
    with stores["prints"][0].run("first", None), stores["posters"][0].run("second", None):
        for name, holder in (("prints", "first"), ("posters", "second")):
            with pytest.raises(LockHeldError, match=holder), stores[name][1].run("third", None):
                pass
