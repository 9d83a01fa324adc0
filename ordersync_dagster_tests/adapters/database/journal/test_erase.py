"""Customers' data can be erased from our own tables, and the audit stays whole."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from ordersync_dagster.adapters.database.journal import erase, runs
from ordersync_dagster.adapters.database.journal.forget import erase_customer, find_customer
from ordersync_dagster.adapters.database.journal.runs import Purpose
from ordersync_dagster.adapters.database.journal.verify import verify
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.history import ErasureCounts
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.stores import SHIPPED, adding, changing, inserting, new_item, opened, order, stored
from ordersync_dagster_tests.support.undo_stages import run, sentences, undo

pytestmark = pytest.mark.any_database

PAYLOAD = ("before", "after", "reason", "email_hash", "salt")
LATER = NOW + timedelta(days=100)


def fill(database: Database) -> None:
    """Two customers' orders now, and another of the first one's a hundred days later."""
    with opened(database.url) as (store, _):
        run(store, "run1", inserting(order(1), order(2, customer_email="bo@example.com")))
        seen = stored(store)
        run(store, "run2", changing(seen, SHIPPED, adding(new_item(seen))))
        store.remember_missing(["7"])
    with opened(database.url, LATER) as (store, _):
        run(store, "run3", inserting(order(3)))


def erased(
    database: Database, kind: str, write: Callable[[Connection, DatabaseStore, Stamp], ErasureCounts]
) -> ErasureCounts:
    """As the command does it: a run of its own."""
    with opened(database.url, LATER) as (store, _), store.run(kind, None, Purpose(kind)) as run:
        with store.transaction() as connection:
            counts = write(connection, store, store.stamp(kind))
        run.end({"payloads": 0})
        return counts


def forget(database: Database, email: str) -> ErasureCounts:
    return erased(
        database,
        "forget",
        lambda connection, store, stamp: erase_customer(
            connection, find_customer(connection, store.tables, email, store.keyed()), stamp, store.keyed()
        ),
    )


def purge(database: Database, days: int) -> ErasureCounts:
    before = LATER - timedelta(days=days)
    return erased(
        database,
        "purge",
        lambda connection, store, stamp: erase.erase_old(connection, before, stamp, store.keyed()),
    )


def blanked(database: Database) -> list[tuple[str, str]]:
    rows = database.rows("SELECT * FROM ordersync_audit ORDER BY seq")
    return [(row["run_id"], row["resource_id"]) for row in rows if all(row[name] is None for name in PAYLOAD)]


def is_whole(database: Database) -> bool:
    with database.engine.connect() as connection:
        return verify(connection).broken is None


@pytest.mark.parametrize("email", ["ada.example@example.com", " Ada.Example@EXAMPLE.com "])
def test_a_customer_is_forgotten_in_every_run_and_nobody_else_is(database: Database, email: str) -> None:
    fill(database)
    assert forget(database, email).payloads == 4
    items = database.column("SELECT id FROM order_items")
    assert blanked(database) == [
        ("run1", order(1).id), ("run2", order(1).id), ("run2", items[0]), ("run3", order(3).id),
    ]  # fmt: skip
    assert is_whole(database)


def test_forgetting_is_recorded_but_not_whom(database: Database) -> None:
    fill(database)
    forget(database, "ada.example@example.com")
    (entry,) = database.rows("SELECT * FROM ordersync_audit WHERE run_id = 'forget'")
    after = json.loads(entry["after"]) if isinstance(entry["after"], str) else entry["after"]
    assert (entry["action"], after, entry["email_hash"]) == (
        "audit_forget",
        {"payloads_blanked": 4, "hashes_left": 7, "entries": [[1, 1], [3, 5]]},
        None,
    )
    (record,) = database.rows("SELECT * FROM ordersync_runs WHERE id = 'forget'")
    assert (record["kind"], record["state"], record["window_start"]) == ("forget", "succeeded", None)
    text = repr(everything(database)["ordersync_audit"])
    assert "a***@e***.com" not in text
    assert "b***@e***.com" in text


def test_forgetting_an_unknown_customer_changes_nothing_but_says_so(database: Database) -> None:
    fill(database)
    assert forget(database, "nobody@example.com").payloads == 0
    assert blanked(database) == []


def test_the_shops_own_rows_are_not_ours_to_forget(database: Database) -> None:
    fill(database)
    before = everything(database)
    forget(database, "ada.example@example.com")
    purge(database, 1)
    after = everything(database)
    for table in ("orders", "order_items", "order_events", "audit_logs"):
        assert after[table] == before[table]


def test_a_purge_takes_what_is_old_and_leaves_what_is_young(database: Database) -> None:
    fill(database)
    database.execute("INSERT INTO ordersync_rate VALUES ('idle', 0, 1.0), ('idle', 1, 2.0)")
    database.execute(
        f"INSERT INTO ordersync_rate VALUES ('busy', 0, 1.0), ('busy', 1, {LATER.timestamp()})".replace(":", "")
    )
    with opened(database.url, LATER) as (store, _):
        store.remember_missing(["8"])
        with store.transaction() as connection:
            runs.remember(connection, ["9"], LATER, runs.PARCELS)
            runs.remember(connection, ["10", "11"], NOW, runs.PARCELS)
    assert purge(database, 90) == ErasureCounts(payloads=4, missing=1, rates=2, hosts=2, parcels=2)
    assert database.column("SELECT printful_order_id FROM ordersync_parcels") == ["9"]
    assert {run_id for run_id, _ in blanked(database)} == {"run1", "run2"}
    assert database.column("SELECT printful_order_id FROM ordersync_missing") == ["8"]
    assert database.column("SELECT DISTINCT name FROM ordersync_rate") == ["busy"]
    assert database.column("SELECT id FROM ordersync_runs WHERE host IS NULL ORDER BY id") == ["run1", "run2"]
    assert is_whole(database)
    with database.engine.connect() as connection:
        assert erase.count_old(connection, LATER - timedelta(days=90)) == ErasureCounts(0)


def test_a_purge_leaves_the_records_of_what_was_erased(database: Database) -> None:
    fill(database)
    forget(database, "ada.example@example.com")
    with opened(database.url, LATER + timedelta(days=9)) as (store, _), store.transaction() as connection:
        erase.erase_old(connection, LATER + timedelta(days=1), store.stamp("purge"), store.keyed())
    records = database.column("SELECT after FROM ordersync_audit WHERE resource = 'ordersync_audit'")
    assert len(records) == 2
    assert None not in records
    assert is_whole(database)


def test_what_was_blanked_cannot_be_undone_and_is_named(database: Database) -> None:
    fill(database)
    forget(database, "ada.example@example.com")
    with opened(database.url) as (store, _):
        undone = undo(store, "run1")
    assert undone.counts["orders_removed"] == 1
    assert [kept.order_id for kept in undone.kept] == [order(1).id]
    assert "purge or forget blanked its audit entry" in sentences(undone)
