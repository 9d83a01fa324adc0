"""Rows that the database numbers: nothing is doubled or lost, although their ids are not known beforehand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.open_shop import open_for_writing
from ordersync_dagster.adapters.database.schema.shop_mapping import Layout, read_mapping
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.orders import as_stored, item_id
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import build
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.numbered_shops import ALL, VALUES, numbered_shop
from ordersync_dagster_tests.support.stores import (
    SHIPPED,
    adding,
    changing,
    inserting,
    lose_next_answer,
    new_item,
    order,
    stored,
)

QUIET = build("quiet", now=NOW)
NEW = order(1, is_numbered=True)


@contextmanager
def opened(
    url: str, tmp_path: Path, numbered: tuple[str, ...] = ALL, values: str = VALUES
) -> Iterator[tuple[DatabaseStore, Database]]:
    """The store of a numbered shop, in the run `run1`."""
    file = tmp_path / "ordersync.toml"
    file.write_text(values)
    database = numbered_shop(url, QUIET, numbered)
    shop = open_for_writing(connection.parse_url(url), lambda: NOW, Layout(read_mapping(file)))
    with shop.store.run("run1", Window.last_days(1, NOW)):
        yield shop.store, database
    shop.engine.dispose()


def test_a_commit_whose_answer_was_lost_is_settled_by_looking(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(database_url, tmp_path) as (store, database):
        count = database.count("orders")
        lose_next_answer(store._engine, monkeypatch, is_committed=True)  # its dialect is broken
        applied = store.apply(inserting(NEW, order(2, is_numbered=True)), "run1")
        assert (applied.orders_inserted, applied.written_first_by_others) == (2, 0)
        assert database.count("orders") == count + 2
        assert [database.count(table) for table in ("audit_logs", "order_events")] == [2, 2]
        seen = stored(store)
        lose_next_answer(store._engine, monkeypatch, is_committed=True)  # the same
        items = adding(new_item(seen, 1), new_item(seen, 2))
        assert store.apply(changing(seen, SHIPPED, items), "run1").items_inserted == 2
        assert database.column("SELECT count(*) FROM order_items WHERE order_id = :id", id=int(seen.id)) == [2]


def test_the_same_plan_twice_writes_once(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as (store, _):
        store.apply(inserting(NEW), "run1")
        assert store.apply(inserting(NEW), "run1").written_first_by_others == 1
        seen = stored(store)
        plan = changing(seen, SHIPPED, adding(new_item(seen)))
        assert store.apply(plan, "run1").items_inserted == 1
        again = store.apply(plan, "run1")
        assert (again.items_inserted, again.orders_updated, len(again.stale_sessions)) == (0, 0, 1)


def test_items_of_a_planned_order_get_the_ids_that_a_later_run_gives_them(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path, ("orders",)) as (store, database):
        store.apply(inserting(NEW), "run1")
        planned = as_stored(NEW)
        assert store.apply(changing(planned, adding(new_item(planned))), "run1").items_inserted == 1
        number = stored(store).id
        assert database.column("SELECT id FROM order_items WHERE order_id = :id", id=int(number)) == [
            item_id(number, "1")
        ]


def test_an_order_of_ours_is_known_until_somebody_else_gets_its_number(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as (store, database):
        store.apply(inserting(NEW), "run1")
        assert stored(store).is_recovered
        database.execute("UPDATE orders SET stripe_session_id = 'cs_test_2' WHERE stripe_session_id = 'cs_test_1'")
        assert not stored(store, 2).is_recovered
        (theirs, *_) = store.orders_of_sessions([QUIET.shop.orders[0]["stripe_session_id"]])
        assert not theirs.is_recovered


def test_new_rows_hold_the_values_of_the_file(database_url: str, tmp_path: Path) -> None:
    values = VALUES.replace("[values.orders]", "[values.orders]\ntracking_url = 'none yet'")
    with opened(database_url, tmp_path, values=values) as (store, database):
        store.apply(inserting(NEW), "run1")
        seen = stored(store)
        store.apply(changing(seen, adding(new_item(seen))), "run1")
        orders = "SELECT user_id, source, tracking_url FROM orders WHERE stripe_session_id = 'cs_test_1'"
        assert database.rows(orders) == [{"user_id": 1, "source": "checkout", "tracking_url": "none yet"}]
        items = "SELECT is_taxed, weight FROM order_items WHERE order_id = :id"
        (item,) = database.rows(items, id=int(seen.id))
        assert (bool(item["is_taxed"]), float(item["weight"])) == (True, 0.5)


def test_items_that_a_trigger_makes_unknown_are_refused(postgres_url: str, tmp_path: Path) -> None:
    with opened(postgres_url, tmp_path) as (store, database):
        store.apply(inserting(NEW), "run1")
        database.script(
            "CREATE FUNCTION forget() RETURNS trigger AS $$ BEGIN NEW.metadata := '{}'; RETURN NEW; END $$ "
            "LANGUAGE plpgsql;\n"
            "CREATE TRIGGER forget BEFORE INSERT ON order_items FOR EACH ROW EXECUTE FUNCTION forget();\n"
        )
        seen = stored(store)
        applied = store.apply(changing(seen, adding(new_item(seen))), "run1")
        assert "a trigger of the table order_items" in applied.refused[0].sentence
        assert database.column("SELECT count(*) FROM order_items WHERE order_id = :id", id=int(seen.id)) == [0]
