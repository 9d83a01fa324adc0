"""A day of more sessions than are compared at once: it is planned, written and reported as any other."""

import gc
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from ordersync_dagster.app.run import Launch
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.sandbox import Sandbox, build
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster.sync.stripe_phase import SESSIONS_PER_LOOKUP
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import Shop, in_one_day, of_class, seeded
from ordersync_dagster_tests.support.world import served

SIZE = 2 * SESSIONS_PER_LOOKUP + 500
YESTERDAY = (NOW - timedelta(days=1)).date()


@pytest.fixture(scope="module")
def busy() -> Iterator[Sandbox]:
    with served(in_one_day(build("large", now=NOW, size=SIZE))) as running:
        yield running


@pytest.fixture(scope="module")
def written(busy: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which all of the day's orders are."""
    path = tmp_path_factory.mktemp("busy") / "shop.db"
    run = repaired(Shop(busy, seeded(f"sqlite:///{path}"), FakeTime()))
    assert run.outcome.rows["orders_inserted"] == SIZE
    return path


@pytest.fixture
def shop(busy: Sandbox, written: Path, tmp_path: Path) -> Shop:
    path = shutil.copy(written, tmp_path / "shop.db")
    return Shop(busy, Database(f"sqlite:///{path}"), FakeTime())


def repaired(shop: Shop) -> Launch:
    return shop.run(printful=PrintfulScope.none)


def by_session(database: Database) -> list[str]:
    """Ids of the orders, in the order of their sessions' ids."""
    return database.column("SELECT id FROM orders ORDER BY stripe_session_id")


@contextmanager
def orders_held() -> Iterator[list[int]]:
    """How many orders that were read are held, whenever more are read."""
    seen: list[int] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM order_items" in statement:
            seen.append(sum(isinstance(each, StoredOrder) for each in gc.get_objects()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_what_is_missing_anywhere_in_the_day_is_mended_as_one_day(shop: Shop) -> None:
    first, *_, last = by_session(shop.database)
    middle = by_session(shop.database)[SIZE // 2]
    for order_id in (first, last):
        shop.database.execute("DELETE FROM orders WHERE id = :id", id=order_id)
    shop.database.execute("UPDATE orders SET customer_name = NULL WHERE id = :id", id=middle)
    run = repaired(shop)
    assert (run.outcome.rows["orders_inserted"], run.outcome.rows["orders_updated"]) == (2, 1)
    assert run.outcome.days[YESTERDAY].stripe_sessions_added == 2
    assert run.outcome.summary.stripe_sessions_skipped == SIZE - 2
    assert {first, last} < set(by_session(shop.database))


def test_of_a_plan_that_waits_for_a_yes_what_stays_as_it_is_is_not_held(shop: Shop) -> None:
    counts = [sum(isinstance(each, Order) for each in gc.get_objects())]  # some are other tests' own
    shop.run(
        printful=PrintfulScope.none,
        meanwhile=lambda: counts.append(sum(isinstance(each, Order) for each in gc.get_objects())),
    )
    before, held = counts
    assert held <= before


def test_two_orders_of_one_payment_are_told_however_far_apart_their_sessions_are(shop: Shop) -> None:
    first, *_, last = by_session(shop.database)
    paid = "SELECT stripe_payment_intent_id FROM orders WHERE id = :first"
    shop.database.execute(
        f"UPDATE orders SET stripe_payment_intent_id = ({paid}) WHERE id = :last", first=first, last=last
    )
    (told,) = of_class(repaired(shop), "duplicate_order")
    assert told["order_ids"] == ", ".join(sorted((first, last)))


def test_fault_67_of_orders_that_stay_as_they_are_no_more_are_held_than_are_compared_at_once(shop: Shop) -> None:
    seen = StoredOrder(id="one of the test's own", session_id="")
    with orders_held() as held:
        repaired(shop)
    assert len(held) == -(-SIZE // SESSIONS_PER_LOOKUP)
    assert 1 <= max(held) <= 1 + SESSIONS_PER_LOOKUP, seen
