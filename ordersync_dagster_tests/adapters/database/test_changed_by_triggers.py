"""What a trigger of the shop's takes back or changes is an error by its id: nothing says that it was written."""

import pytest

from ordersync_dagster.core.changes import SetTracking
from ordersync_dagster.core.part import Applied
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import SHIPPED, adding, changing, inserting, new_item, opened, order, stored

RECORDS = ("order_events", "audit_logs", "ordersync_audit")
TRACKED = SetTracking("1Z", None, None)


def meddle(database: Database, event: str, of: str, does: str) -> None:
    """From now on a trigger of the shop's does something after each `event` of a table; NEW is the row."""
    if database.is_postgres:
        database.script(
            f"CREATE FUNCTION meddle() RETURNS trigger AS $$ BEGIN {does}; RETURN NULL; END $$ LANGUAGE plpgsql;\n"
            f"CREATE TRIGGER meddle AFTER {event} ON {of} FOR EACH ROW WHEN (pg_trigger_depth() = 0)"
            " EXECUTE FUNCTION meddle();\n"
        )
    else:
        database.execute(f"CREATE TRIGGER meddle AFTER {event} ON {of} BEGIN {does}; END")


def refused(applied: Applied) -> list[tuple[str, str]]:
    """Each refused order: its session, and what the sentence says of the cause."""
    assert {problem.problem_class for problem in applied.refused} <= {ProblemClass.DATABASE_REFUSED}
    return [(problem.ids["stripe_session_id"], problem.sentence.partition(": ")[2]) for problem in applied.refused]


def lost(*columns: str, of: str = "orders") -> str:
    return f"a trigger or a rule of the table {of} did not keep what was set in {', '.join(columns)}."


def test_fault_68_a_change_that_a_trigger_takes_back_in_part_is_nowhere_claimed(
    database: Database,
) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1), order(2)), "run1")
        before = [database.count(name) for name in RECORDS]
        put_back = "UPDATE orders SET status = 'processing' WHERE id = NEW.id AND stripe_session_id = 'cs_test_1'"
        meddle(database, "UPDATE", "orders", put_back)
        plans = [changing(stored(store, number), SHIPPED, TRACKED).updates for number in (1, 2)]
        applied = store.apply(Plan(updates=(*plans[0], *plans[1])), "run2")
        assert (stored(store, 1).tracking_number, stored(store, 2).tracking_number) == (None, "1Z")
    assert refused(applied) == [("cs_test_1", lost("status"))]
    assert applied.orders_updated == 1
    assert [database.count(name) for name in RECORDS] == [count + 1 for count in before]


CHANGED = {
    "status": ("UPDATE orders SET status = 'pending' WHERE id = NEW.id", lost("status")),
    "amount": ("UPDATE orders SET total_amount = '1.00' WHERE id = NEW.id", lost("total_amount")),
    "two": (
        "UPDATE orders SET customer_name = NULL, metadata = '{}' WHERE id = NEW.id",
        lost("customer_name", "metadata"),
    ),
}


@pytest.mark.parametrize("what", CHANGED)
def test_fault_68_a_new_order_that_a_trigger_changes_is_not_written(database: Database, what: str) -> None:
    does, cause = CHANGED[what]
    meddle(database, "INSERT", "orders", does)
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1)), "run1")
    assert refused(applied) == [("cs_test_1", cause)]
    assert applied.orders_inserted == 0
    assert [database.count(name) for name in ("orders", *RECORDS)] == [0, 0, 0, 0]


@pytest.mark.parametrize("has_timeline", [True, False])
def test_fault_68_a_new_order_that_a_trigger_removes_is_not_written(database: Database, has_timeline: bool) -> None:
    if not has_timeline:
        database.execute("DROP TABLE order_events")
    meddle(database, "INSERT", "orders", "DELETE FROM orders WHERE id = NEW.id")
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1)), "run1")
    assert [session for session, _ in refused(applied)] == ["cs_test_1"]
    assert has_timeline or "removed the row" in applied.refused[0].sentence
    assert (applied.orders_inserted, database.count("audit_logs"), database.count("ordersync_audit")) == (0, 0, 0)


@pytest.mark.parametrize("does", ["UPDATE order_items SET quantity = 1", "DELETE FROM order_items"])
def test_fault_68_an_item_that_a_trigger_changes_or_removes_is_an_error_of_its_order(
    database: Database, does: str
) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1)), "run1")
    meddle(database, "INSERT", "order_items", f"{does} WHERE id = NEW.id")
    with opened(database.url) as (store, _):
        seen = stored(store)
        applied = store.apply(changing(seen, SHIPPED, adding(new_item(seen, 1), new_item(seen, 2))), "run2")
        assert stored(store).status == "processing"
    assert [session for session, _ in refused(applied)] == ["cs_test_1"]
    assert (applied.items_inserted, applied.orders_updated, database.count("order_items")) == (0, 0, 0)
    assert database.count("ordersync_audit") == 1


@pytest.mark.parametrize("table", ["order_events", "audit_logs"])
def test_fault_68_a_trigger_of_a_record_that_changes_the_order_is_noticed(database: Database, table: str) -> None:
    meddle(database, "INSERT", table, "UPDATE orders SET status = 'pending'")
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1)), "run1")
    assert refused(applied) == [("cs_test_1", lost("status"))]
    assert database.count("orders") == 0


def test_fault_68_what_a_deferred_trigger_takes_back_is_noticed_before_the_commit(postgres_database: Database) -> None:
    database = postgres_database
    database.script(
        "CREATE FUNCTION later() RETURNS trigger AS $$ BEGIN DELETE FROM orders WHERE id = NEW.id; RETURN NULL; END $$"
        " LANGUAGE plpgsql;\n"
        "CREATE CONSTRAINT TRIGGER later AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION later();\n"
    )
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1)), "run1")
    assert [session for session, _ in refused(applied)] == ["cs_test_1"]
    assert database.count("ordersync_audit") == 0


TIDY = {
    "e-mail": "UPDATE orders SET customer_email = lower(customer_email) WHERE id = NEW.id",
    "currency": "UPDATE orders SET currency = upper(currency) WHERE id = NEW.id",
    "time": "UPDATE orders SET updated_at = '2001-01-01 00:00:00' WHERE id = NEW.id",
    "empty column": "UPDATE orders SET tracking_url = 'none yet' WHERE id = NEW.id",
}


@pytest.mark.parametrize("what", TIDY)
def test_what_a_trigger_only_tidies_is_written_and_audited_as_it_is(database: Database, what: str) -> None:
    meddle(database, "INSERT", "orders", TIDY[what])
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1, customer_email="Ada@Example.com")), "run1")
    assert (applied.orders_inserted, applied.refused) == (1, ())
    assert database.count("ordersync_audit") == 1
