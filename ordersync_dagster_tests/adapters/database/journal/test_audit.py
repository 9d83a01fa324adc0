"""Each row written has exactly one audit row, in the same transaction, without personal data."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from ordersync_dagster.core.changes import FillFields
from ordersync_dagster.core.plan import Plan
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import (
    PARCELS,
    SHIPPED,
    changing,
    inserting,
    opened,
    order,
    stored,
    write_some,
)


def audits(database: Database) -> list[dict[str, Any]]:
    rows = database.rows("SELECT * FROM audit_logs")
    for row in rows:
        for column in ("changes_before", "changes_after", "metadata"):
            row[column] = json.loads(row[column]) if isinstance(row[column], str) else row[column]
    return rows


def test_each_written_row_has_exactly_one_audit_row(database: Database) -> None:
    write_some(database)
    written = [(row["action"], row["resource"], row["resource_id"]) for row in audits(database)]
    items = database.column("SELECT id FROM order_items")
    assert len(items) == 2
    assert sorted(written) == sorted(
        [
            ("order_create", "order", order(1).id),
            ("order_create", "order", order(2).id),
            ("order_update", "order", order(1).id),
            ("order_update", "order", order(2).id),
            *(("order_create", "order_item", item) for item in items),
        ]
    )


def test_before_and_after_hold_what_changed(database: Database) -> None:
    write_some(database)
    (row,) = [row for row in audits(database) if (row["action"], row["resource_id"]) == ("order_update", order(1).id)]
    assert row["changes_before"] == {
        "status": "processing",
        "tracking_number": None,
        "tracking_url": None,
        "metadata": {"printful_shipments": []},
    }
    assert row["changes_after"] == {
        "status": "shipped",
        "tracking_number": "1Z",
        "tracking_url": None,
        "metadata": {"printful_shipments": list(PARCELS)},
    }
    assert row["metadata"]["run_id"] == "run2"
    assert (row["user_id"], row["user_role"], row["category"]) == (None, "system", "data_modification")


def test_money_is_recorded_exactly(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(total=Decimal("107411.050"), currency="kwd")), "run1")
    assert audits(database)[0]["changes_after"]["total_amount"] == "107411.050"


def test_no_personal_data_is_in_the_audit_or_the_timeline(database: Database) -> None:
    write_some(database)
    text = repr(audits(database)) + repr(database.rows("SELECT * FROM order_events"))
    assert "a***@e***.com" in text
    for secret in ("ada.example@example.com", "Ada Example", "Pier Road", "10115", "Harbour"):
        assert secret not in text


def test_rows_and_their_audit_stand_or_fall_together(database: Database) -> None:
    with opened(database.url) as (store, _):
        _refuse_audits(database)
        (problem,) = store.apply(inserting(order()), "run1").refused
    assert problem.ids == {"stripe_session_id": "cs_test_1"}
    assert [database.count(table) for table in ("orders", "order_events", "audit_logs")] == [0, 0, 0]


def _refuse_audits(database: Database) -> None:
    if database.is_postgres:
        database.script("ALTER TABLE audit_logs ADD CONSTRAINT never CHECK (action = '')")
    else:
        database.execute(
            "CREATE TRIGGER never BEFORE INSERT ON audit_logs BEGIN SELECT RAISE(ABORT, 'no audits today'); END"
        )


def entries(database: Database) -> list[dict[str, Any]]:
    """What `ordersync_audit` holds, oldest first."""
    rows = database.rows("SELECT * FROM ordersync_audit ORDER BY seq")
    for row in rows:
        for column in ("before", "after"):
            row[column] = json.loads(row[column]) if isinstance(row[column], str) else row[column]
    return rows


def test_both_audits_tell_of_the_same_rows(database: Database) -> None:
    write_some(database)
    ours = {row["id"]: (row["run_id"], row["action"], row["resource_id"], row["reason"]) for row in entries(database)}
    shops = {
        row["id"]: (row["metadata"]["run_id"], row["action"], row["resource_id"], row["metadata"]["reason"])
        for row in audits(database)
    }
    assert ours == shops


def test_an_order_that_one_run_completes_and_then_moves_has_two_entries(database: Database) -> None:
    with opened(database.url) as (store, _):
        store.apply(inserting(order(customer_name=None)), "run1")
        store.apply(
            Plan(completions=changing(stored(store), FillFields({"customer_name": "Ada Example"})).updates), "run2"
        )
        store.apply(changing(stored(store), SHIPPED), "run2")
    for table in ("ordersync_audit", "audit_logs"):
        assert database.column(f"SELECT count(*) FROM {table} WHERE action = 'order_update'") == [2]
    assert database.column("SELECT count(*) FROM order_events WHERE event_type = 'order_synced'") == [2]


def test_our_own_audit_holds_no_personal_data(database: Database) -> None:
    write_some(database)
    text = repr(entries(database))
    assert "a***@e***.com" in text
    for secret in ("ada.example@example.com", "Ada Example", "Pier Road", "10115", "Harbour"):
        assert secret not in text


def test_a_name_cannot_be_guessed_from_its_hash_without_the_key(database: Database) -> None:
    write_some(database)
    (filled,) = [
        row for row in entries(database) if (row["action"], row["resource_id"]) == ("order_update", order(2).id)
    ]
    kept = filled["after"]["columns"]["customer_name"]["hash"]
    assert kept != hashlib.sha256(b"Ada Example").hexdigest()
    with opened(database.url) as (store, _):
        assert store.keyed().matches("Ada Example", kept)
        store.hash_key, store._keyed = "a person's own key", None
        assert store.keyed().matches("Ada Example", kept)  # what was hashed before is still recognised
        assert store.keyed().of("Ada Example") != kept


@pytest.mark.parametrize("lacking", [("audit_logs",), ("order_events",), ("audit_logs", "order_events")])
def test_a_shop_without_tables_for_it_has_our_audit_all_the_same(database: Database, lacking: tuple[str, ...]) -> None:
    for table in lacking:
        database.execute(f"DROP TABLE {table}")
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1)), "run1")
        store.apply(changing(stored(store), SHIPPED), "run2")
    assert [row["action"] for row in entries(database)] == ["order_create", "order_update"]


def test_applying_again_adds_no_entry(database: Database) -> None:
    write_some(database)
    before = entries(database)
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1), order(2)), "run3")
    assert entries(database) == before


def test_a_thousand_rows_are_recorded_in_a_few_statements(database: Database) -> None:
    statements: list[str] = []
    with opened(database.url) as (store, engine):
        event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
        store.apply(inserting(*(order(number) for number in range(1000))), "run1")
    assert database.count("ordersync_audit") == 1000
    assert len(statements) < 30  # in two transactions
