"""Our own key of the shop's metadata is set and removed; every other member keeps its text, to the last digit."""

import json
from typing import Any

import pytest

from ordersync_dagster.adapters.database.rows.json_members import with_member, without_member
from ordersync_dagster.core.changes import SetTracking
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import PARCELS, changing, opened, stored
from ordersync_dagster_tests.support.undo_stages import run, undo, webhooks_order

TEXTS = [
    "{}",
    "{ }",
    '{"a": 1}',
    '{ "a" : 1.10 ,\n "b": [1e2, {"k": 1}] }',
    '{"k}": "}", "n": 123456789012345678901234567890.10}',
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_key_that_is_added_and_removed_leaves_the_text_as_it_was(text: str) -> None:
    added = with_member(text, "k", '["1"]')
    assert json.loads(added) == {**json.loads(text), "k": ["1"]}
    assert without_member(added, "k") == text


def test_a_key_that_is_there_is_replaced_in_its_place() -> None:
    assert with_member('{"a": 1.0, "k": [2], "z": 3.0}', "k", "7") == '{"a": 1.0, "k": 7, "z": 3.0}'
    assert without_member('{"k": [2], "z": 3.0}', "k") == '{"z": 3.0}'
    assert without_member('{"a": 1.0, "k": [2], "z": 3.0}', "k") == '{"a": 1.0, "z": 3.0}'
    assert without_member('{"z": 3.0}', "k") == '{"z": 3.0}'


EXACT = '{"weight": 12345678901234567890.123456789, "price": 1.10, "é": "\\u00e9"}'
AS_TEXT = "SELECT CAST(metadata AS text) FROM orders WHERE id = 'theirs'"


@pytest.mark.parametrize("kind", ["json", "jsonb", "text"])
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_numbers_in_the_shops_metadata_stay_exact_and_an_undo_restores_them(
    database: Database, kind: str, is_wrapped: bool
) -> None:
    if database.is_postgres:
        database.execute(f"ALTER TABLE orders ALTER metadata TYPE {kind} USING metadata::text::{kind}")
    webhooks_order(database)
    metadata = json.dumps(EXACT) if is_wrapped else EXACT
    value = f"CAST(:metadata AS {kind})" if database.is_postgres else ":metadata"
    database.execute(f"UPDATE orders SET metadata = {value} WHERE id = 'theirs'", metadata=metadata)
    (before,) = database.column(AS_TEXT)
    with opened(database.url) as (store, _):
        run(store, "run1", changing(stored(store, 9), SetTracking("1Z", None, PARCELS)))
        (now,) = database.column(AS_TEXT)
        assert_holds(now)
        assert stored(store, 9).shipments == PARCELS
        assert undo(store, "run1").kept == []
    assert database.column(AS_TEXT) == [before]


def assert_holds(text: str) -> None:
    document: Any = json.loads(text, parse_float=str)
    if isinstance(document, str):
        document = json.loads(document, parse_float=str)
    assert (document["weight"], document["price"]) == ("12345678901234567890.123456789", "1.10")
