"""What a database can do to a write: refuse a row, be busy, go away, or lose the answer to a COMMIT."""

from typing import Any

import pytest
from sqlalchemy import Connection, event

from ordersync_dagster.adapters.database.store import ATTEMPTS, DatabaseStore
from ordersync_dagster.core.errors import DatabaseAwayError
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster_tests.support.databases import Database, everything, refuse
from ordersync_dagster_tests.support.stores import (
    SHIPPED,
    adding,
    changing,
    inserting,
    lose_next_answer,
    new_item,
    opened,
    order,
    stored,
)

BUSY = """
CREATE SEQUENCE attempts;
CREATE FUNCTION be_busy() RETURNS trigger AS $$ BEGIN
    IF nextval('attempts') < {free} THEN RAISE EXCEPTION 'busy' USING ERRCODE = '{state}'; END IF; RETURN NEW;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER busy BEFORE INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION be_busy();
"""


def test_an_order_that_the_database_refuses_is_a_problem_and_the_others_are_written(database: Database) -> None:
    refuse(database, "cs_test_2")
    with opened(database.url) as (store, _):
        applied = store.apply(inserting(order(1), order(2), order(3)), "run1")
    assert applied.orders_inserted == 2
    (problem,) = applied.refused
    assert (problem.problem_class, problem.is_error) == (ProblemClass.DATABASE_REFUSED, True)
    assert problem.ids == {"stripe_session_id": "cs_test_2"}
    assert database.column("SELECT stripe_session_id FROM orders ORDER BY 1") == ["cs_test_1", "cs_test_3"]
    assert database.count("audit_logs") == 2


STOPPED = {
    True: "CREATE FUNCTION house_rule() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'not for %', NEW.customer_email; "
    "END $$ LANGUAGE plpgsql; CREATE TRIGGER stop BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION house_rule()",
    False: "CREATE TRIGGER house_rule BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'not for ada'); END",
}


def test_a_refusal_names_the_trigger_and_repeats_none_of_its_words(database: Database) -> None:
    database.execute(STOPPED[database.is_postgres])
    with opened(database.url) as (store, _):
        (problem,) = store.apply(inserting(order(1)), "run1").refused
    expected = "in the function house_rule of a trigger" if database.is_postgres else "by a trigger"
    assert f"{expected})." in problem.sentence
    assert "not for" not in problem.sentence


def test_a_refusal_names_the_column_that_must_have_a_value(database: Database) -> None:
    if not database.is_postgres:
        database.execute("CREATE TABLE notes (order_id text NOT NULL, note text NOT NULL)")
        database.execute(
            "CREATE TRIGGER keep_note AFTER INSERT ON orders BEGIN INSERT INTO notes VALUES (NEW.id, NULL); END"
        )
    else:
        database.execute(
            "ALTER TABLE orders ADD COLUMN warehouse text; ALTER TABLE orders ADD CONSTRAINT has_warehouse "
            "CHECK (warehouse IS NOT NULL) NOT VALID"
        )
    with opened(database.url) as (store, _):
        (problem,) = store.apply(inserting(order(1)), "run1").refused
    assert ("has_warehouse orders" if database.is_postgres else "notes.note") in problem.sentence


def test_one_refused_order_of_many_costs_few_transactions(database: Database) -> None:
    refuse(database, "cs_test_37")
    with opened(database.url) as (store, engine):
        commits: list[Connection] = []
        event.listen(engine, "commit", commits.append)
        applied = store.apply(inserting(*(order(n) for n in range(1, 129))), "run1")
    assert (applied.orders_inserted, len(applied.refused)) == (127, 1)
    assert len(commits) <= 10


def test_a_refusal_says_nothing_of_the_customer(database: Database) -> None:
    refuse(database, "cs_test_1")
    with opened(database.url) as (store, _):
        (problem,) = store.apply(inserting(order(1)), "run1").refused
    assert "ada" not in problem.sentence.lower()
    assert "INSERT" not in problem.sentence
    if database.is_postgres:
        assert "house_rule" in problem.sentence


def test_one_refused_update_does_not_keep_the_others_back(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1), order(2)), "run1")
        first, second = stored(store, 1), stored(store, 2)
        rule = "CHECK (quantity < 5)"
        if database.is_postgres:
            database.execute(f"ALTER TABLE order_items ADD CONSTRAINT few {rule}")
        else:
            database.execute(
                "CREATE TRIGGER few BEFORE INSERT ON order_items WHEN NEW.quantity >= 5"
                " BEGIN SELECT RAISE(ABORT, 'few'); END"
            )
        many = changing(first, SHIPPED, adding(new_item(first, quantity=9)))
        applied = store.apply(Plan(updates=(*many.updates, *changing(second, SHIPPED).updates)), "run2")
        assert [problem.ids["stripe_session_id"] for problem in applied.refused] == ["cs_test_1"]
        assert (stored(store, 1).status, stored(store, 2).status) == ("processing", "shipped")


@pytest.mark.parametrize("state", ["40001", "40P01", "57014"])
def test_a_busy_database_is_tried_again(postgres_database: Database, state: str) -> None:
    database = postgres_database
    _install(database, BUSY.format(free=3, state=state))
    with opened(database.url) as (store, _):
        assert store.apply(inserting(order()), "run1").orders_inserted == 1
    assert database.column("SELECT last_value FROM attempts") == [3]
    assert (database.count("orders"), database.count("audit_logs")) == (1, 1)


def test_a_database_that_stays_busy_is_not_tried_for_ever(postgres_database: Database) -> None:
    database = postgres_database
    _install(database, BUSY.format(free=1000, state="40001"))
    with opened(database.url) as (store, _):
        assert len(store.apply(inserting(order()), "run1").refused) == 1
    assert database.column("SELECT last_value FROM attempts") == [ATTEMPTS]
    assert database.count("orders") == 0


def test_a_commit_whose_answer_was_lost_is_settled_by_looking(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(database.url) as (store, engine):
        lose_next_answer(engine, monkeypatch, is_committed=True)
        applied = store.apply(inserting(order(1), order(2)), "run1")
    assert (applied.orders_inserted, applied.written_first_by_others) == (2, 0)
    assert [database.count(table) for table in ("orders", "audit_logs", "order_events")] == [2, 2, 2]


def test_items_whose_commit_lost_its_answer_are_not_doubled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(database.url) as (store, engine):
        store.apply(inserting(order()), "run1")
        seen = stored(store)
        lose_next_answer(engine, monkeypatch, is_committed=True)
        applied = store.apply(changing(seen, SHIPPED, adding(new_item(seen))), "run2")
    assert (applied.orders_updated, applied.items_inserted, applied.stale_sessions) == (1, 1, ())
    assert database.count("order_items") == 1


def test_a_connection_that_broke_before_the_commit_is_tried_again_or_reported(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(database.url) as (store, engine):
        lose_next_answer(engine, monkeypatch, is_committed=False)
        _apply_now_or_later(store, inserting(order()))
    assert [database.count(table) for table in ("orders", "audit_logs", "order_events")] == [1, 1, 1]


def test_a_connection_lost_in_the_middle_is_replaced_and_nothing_is_doubled(postgres_database: Database) -> None:
    database = postgres_database
    with opened(database.url) as (store, engine):
        is_killed: list[bool] = []

        def kill(connection: Connection, cursor: Any, statement: str, *_: object) -> None:
            if "INTO order_events" in statement.replace('"', "") and not is_killed:
                is_killed.append(True)
                pid = cursor.connection.info.backend_pid
                database.execute(f"SELECT pg_terminate_backend({pid})")

        event.listen(engine, "before_cursor_execute", kill)
        assert store.apply(inserting(order()), "run1").orders_inserted == 1
        assert is_killed
    assert [database.count(table) for table in ("orders", "audit_logs", "order_events")] == [1, 1, 1]


def test_a_database_that_is_gone_says_so_and_keeps_what_it_had(database: Database) -> None:
    before = everything(database)
    with opened(database.url) as (store, engine):

        def gone(*_: object) -> None:
            raise engine.dialect.loaded_dbapi.OperationalError("could not connect")

        event.listen(engine, "do_connect", gone)
        engine.dispose()
        with pytest.raises(DatabaseAwayError, match="the database does not answer"):
            store.apply(inserting(order()), "run1")
    assert everything(database) == before


def _apply_now_or_later(store: DatabaseStore, plan: Plan) -> None:
    """As a person would: where the database was away, once more."""
    try:
        store.apply(plan, "run1")
    except DatabaseAwayError:
        store.apply(plan, "run2")


def _install(database: Database, script: str) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql(script)
