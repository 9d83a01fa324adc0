"""A day of more sessions than are compared at once: it is planned, written and reported as any other."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.sandbox import Sandbox, build
from ordersync_dagster.sync import stripe_phase
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster.sync.read_ahead import SESSIONS_PER_LOOKUP
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import Database, each_statement
from ordersync_dagster_tests.support.new_objects import new_objects
from ordersync_dagster_tests.support.outcomes import of_class
from ordersync_dagster_tests.support.profiles import at
from ordersync_dagster_tests.support.shops import Shop, seeded
from ordersync_dagster_tests.support.world import in_one_day, served

TOGETHER = at(200, SESSIONS_PER_LOOKUP)  # sessions of a day that are compared at once
SIZE = 2 * TOGETHER + TOGETHER // 4
pytestmark = pytest.mark.breadth
YESTERDAY = (NOW - timedelta(days=1)).date()


@pytest.fixture(scope="module", autouse=True)
def compared_together() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe_phase, "SESSIONS_PER_LOOKUP", TOGETHER)
        yield


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


def repaired(shop: Shop) -> Run:
    return shop.run(printful=PrintfulScope.none)


def by_session(database: Database) -> list[str]:
    """Ids of the orders, in the order of their sessions' ids."""
    return database.column("SELECT id FROM orders ORDER BY stripe_session_id")


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


def test_a_plan_that_waits_for_a_yes_does_not_hold_orders_that_stay_as_they_are(shop: Shop) -> None:
    counts: list[int] = []
    with new_objects(Order) as count:
        shop.run(printful=PrintfulScope.none, meanwhile=lambda: counts.append(count()))
    assert counts == [0]


def test_two_orders_of_one_payment_are_told_however_far_apart_their_sessions_are(shop: Shop) -> None:
    first, *_, last = by_session(shop.database)
    paid = "SELECT stripe_payment_intent_id FROM orders WHERE id = :first"
    shop.database.execute(
        f"UPDATE orders SET stripe_payment_intent_id = ({paid}) WHERE id = :last", first=first, last=last
    )
    (told,) = of_class(repaired(shop), "duplicate_order")
    assert told["order_ids"] == ", ".join(sorted((first, last)))


def test_fault_67_no_more_stored_orders_are_held_than_are_compared_at_once(shop: Shop) -> None:
    held: list[int] = []
    with new_objects(StoredOrder) as count:
        one = StoredOrder(id="one of the test's own", session_id="")
        assert count() == 1, f"such an object can be counted: {one}"

        def note(statement: str) -> None:
            if "FROM order_items" in statement:
                held.append(count())

        with each_statement(shop.database, note):
            repaired(shop)
    assert len(held) == -(-SIZE // TOGETHER)
    assert max(held) <= 1 + TOGETHER
