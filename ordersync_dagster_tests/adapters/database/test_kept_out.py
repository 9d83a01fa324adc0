"""A write that the shop's own keys or triggers silently keep out is an error by its id, and never counts as written."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ordersync_dagster.adapters.database.rows.bulk_insert import insert_in_log
from ordersync_dagster.core.changes import FillFields
from ordersync_dagster.core.errors import DatabaseRefusedError
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import SHIPPED, adding, changing, inserting, new_item, opened, order, stored

SWALLOW = """
CREATE FUNCTION swallow() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql;
CREATE TRIGGER swallow BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION swallow();
"""


def swallow(database: Database, table: str) -> None:
    """From now on a trigger of the shop's drops each new row without a word."""
    if database.is_postgres:
        database.script(SWALLOW.format(table=table))
    else:
        database.execute(f"CREATE TRIGGER swallow BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END")


def test_an_order_kept_out_by_another_unique_key_is_a_problem_and_not_present(database: Database) -> None:
    database.execute("CREATE UNIQUE INDEX one_payment ON orders (stripe_payment_intent_id)")
    twin = order(2, payment_intent_id="pi_1")
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1, payment_intent_id="pi_1"), twin, order(3)), "run1")
    assert (applied.orders_inserted, applied.written_first_by_others) == (2, 0)
    (problem,) = applied.refused
    assert (problem.problem_class, problem.ids) == (ProblemClass.DATABASE_REFUSED, {"stripe_session_id": "cs_test_2"})


def test_an_order_that_a_trigger_drops_silently_is_a_problem(database: Database) -> None:
    swallow(database, "orders")
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1)), "run1")
    assert (applied.orders_inserted, applied.written_first_by_others, len(applied.refused)) == (0, 0, 1)
    assert database.count("orders") == database.count("ordersync_audit") == 0


FROZEN = {
    "dropped": "RETURN NULL",
    "put back": "NEW.status := OLD.status; NEW.tracking_number := OLD.tracking_number;"
    " NEW.tracking_url := OLD.tracking_url; NEW.metadata := OLD.metadata; RETURN NEW",
}


@pytest.mark.parametrize("how", FROZEN)
def test_a_change_that_a_trigger_keeps_out_is_a_problem_and_the_others_are_written(
    database: Database, how: str
) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1), order(2)), "run1")
        freeze(database, "cs_test_1", how)
        both = (*changing(stored(store, 1), SHIPPED).updates, *changing(stored(store, 2), SHIPPED).updates)
        applied = store.apply(Plan(updates=both), "run2")
        assert (stored(store, 1).status, stored(store, 2).status) == ("processing", "shipped")
    assert applied.orders_updated == 1
    (problem,) = applied.refused
    assert (problem.problem_class, problem.ids) == (ProblemClass.DATABASE_REFUSED, {"stripe_session_id": "cs_test_1"})
    assert database.column("SELECT resource_id FROM ordersync_audit WHERE run_id = 'run2'") == [both[1].seen.id]


def freeze(database: Database, session_id: str, how: str) -> None:
    """From now on a trigger of the shop's undoes each change of this order without a word."""
    if database.is_postgres:
        database.script(
            f"CREATE FUNCTION keep_out() RETURNS trigger AS $$ BEGIN {FROZEN[how]}; END $$ LANGUAGE plpgsql;\n"
            "CREATE TRIGGER keep_out BEFORE UPDATE ON orders FOR EACH ROW"
            f" WHEN (OLD.stripe_session_id = '{session_id}') EXECUTE FUNCTION keep_out();\n"
        )
        return
    undo = "UPDATE orders SET status = OLD.status WHERE id = OLD.id"
    moment, does = ("BEFORE", "SELECT RAISE(IGNORE)") if how == "dropped" else ("AFTER", undo)
    which = f"UPDATE ON orders WHEN OLD.stripe_session_id = '{session_id}'"
    database.execute(f"CREATE TRIGGER keep_out {moment} {which} BEGIN {does}; END")


def test_an_item_kept_out_by_a_unique_key_or_trigger_is_a_problem_of_its_order(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1), order(2)), "run1")
        seen, other = stored(store), stored(store, 2)
        swallow(database, "order_items")
        plan = changing(seen, SHIPPED, adding(new_item(seen, 1)))
        more = changing(other, SHIPPED)
        applied = store.apply(replace(plan, updates=(*plan.updates, *more.updates)), "run2")
    assert (applied.items_inserted, applied.orders_updated, len(applied.refused)) == (0, 1, 1)
    assert database.count("order_items") == 0


def test_a_completion_that_a_trigger_keeps_out_is_a_problem_of_its_order(postgres_database: Database) -> None:
    database = postgres_database
    with opened(database.url) as (store, _):
        store.apply(inserting(order(customer_name=None)), "run1")
        seen = stored(store)
        database.script(
            "CREATE FUNCTION keep_old() RETURNS trigger AS $$ BEGIN RETURN OLD; END $$ LANGUAGE plpgsql;\n"
            "CREATE TRIGGER keep_old BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep_old();\n"
        )
        completion = changing(seen, FillFields({"customer_name": "Ada"})).updates
        (problem,) = store.apply(Plan(completions=completion), "run2").refused
    assert problem.ids == {"stripe_session_id": "cs_test_1"}


@pytest.mark.parametrize("log", ["order_events", "audit_logs"])
def test_an_entry_of_a_log_is_never_left_out_without_a_word(database: Database, log: str) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1)), "run1")
        with database.engine.begin() as connection:
            table = store.tables.table(log)
            (entry,) = connection.execute(select(table)).mappings()
            again = [{column.key: entry[column.name] for column in table.columns}]
            with pytest.raises((IntegrityError, DatabaseRefusedError)):
                insert_in_log(connection, table, again)
