"""The audit is append-only, and what somebody changed or removed all the same is named."""

import re

import pytest
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database.journal.verify import verify
from ordersync_dagster.core.history import Verification
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import inserting, opened, order, write_some


def verified(database: Database) -> Verification:
    with database.engine.connect() as connection:
        return verify(connection)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ordersync_audit SET reason = 'another'",
        "UPDATE ordersync_audit SET row_hash = 'another'",
        "UPDATE ordersync_audit SET reason = NULL",
        "DELETE FROM ordersync_audit",
    ],
)
def test_entries_can_be_neither_changed_nor_removed(database: Database, statement: str) -> None:
    write_some(database)
    with pytest.raises(DBAPIError, match="ordersync_audit is append-only"):
        database.execute(statement)
    assert verified(database).broken is None


def test_the_audit_cannot_be_emptied_either(postgres_database: Database) -> None:
    database = postgres_database
    with pytest.raises(DBAPIError, match="ordersync_audit is append-only"):
        database.execute("TRUNCATE ordersync_audit")


def without_triggers(database: Database, statement: str) -> None:
    """What somebody could do who owns the database."""
    if database.is_postgres:
        database.script(f"ALTER TABLE ordersync_audit DISABLE TRIGGER USER;\n{statement};\n")
    else:
        for name in ("update", "delete"):
            database.execute(f"DROP TRIGGER ordersync_audit_{name}")
        database.execute(statement)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE ordersync_audit SET reason = 'another' WHERE seq = 3",
            "Entry 3 of run run2 .*: its content does not match its hash",
        ),
        (
            "UPDATE ordersync_audit SET resource_id = 'x' WHERE seq = 3",
            "Entry 3 of run run2 .*: its facts do not match its hash",
        ),
        (
            "UPDATE ordersync_audit SET prev_hash = 'x' WHERE seq = 3",
            "Entry 3 of run run2 .*: its hash of the entry before does not match",
        ),
        ("DELETE FROM ordersync_audit WHERE seq = 1", "Entry 1 is missing"),
        ("DELETE FROM ordersync_audit WHERE seq = 3", "Entry 3 is missing: the next one is 4 of run run2"),
        ("DELETE FROM ordersync_audit WHERE seq > 5", "Entry 6 is missing: run run3 ended at entry 7"),
        ("DELETE FROM ordersync_audit", "Entry 1 is missing: run run3 ended at entry 7"),
    ],
)
def test_what_was_changed_or_is_missing_is_named(database: Database, statement: str, said: str) -> None:
    write_some(database)
    with opened(database.url) as (store, _), store.run("run3", None):
        store.apply(inserting(order(3)), "run3")
    assert (verified(database).entries, verified(database).broken) == (7, None)
    without_triggers(database, statement)
    assert re.search(said, verified(database).broken or "")


def test_an_entry_that_was_blanked_without_purge_or_forget_is_named(database: Database) -> None:
    write_some(database)
    blank = ", ".join(f"{name} = NULL" for name in ("before", "after", "reason", "email_hash", "salt"))
    database.execute(f"UPDATE ordersync_audit SET {blank} WHERE seq = 3")
    assert verified(database).broken == "Entry 3 of run run2 is blank, and no purge and no forget blanked it."


def test_an_end_that_was_cut_off_together_with_its_run_is_named(database: Database) -> None:
    with opened(database.url) as (store, _):
        for number in (1, 2):
            with store.run(f"run{number}", None):
                store.apply(inserting(order(number)), f"run{number}")
    without_triggers(database, "DELETE FROM ordersync_audit WHERE run_id = 'run2'")
    database.execute("DELETE FROM ordersync_runs WHERE id = 'run2'")
    assert verified(database).broken == "Entry 2 is missing: the audit went on to entry 2, but the last one is 1."
    database.execute("DELETE FROM ordersync_audit_end")
    assert verified(database).broken == "The record of the audit's end is missing."


def test_an_audit_that_was_written_anew_is_noticed(database: Database) -> None:
    with opened(database.url) as (store, _), store.run("run1", None):
        store.apply(inserting(order(1)), "run1")
    without_triggers(database, "DELETE FROM ordersync_audit")
    with opened(database.url) as (store, _):
        store.apply(inserting(order(2)), "run2")
    assert "Entry 1 is not the one that run run1 ended with" in (verified(database).broken or "")
