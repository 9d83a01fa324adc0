"""A key of another account, and shops in which only it looks so."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ordersync_dagster.app.run import Run, start_run
from ordersync_dagster.app.wiring import open_run
from ordersync_dagster.core.errors import WrongAccountError
from ordersync_dagster.core.window import Window, midnight
from ordersync_dagster.sandbox import Sandbox, World, build, checkout_session
from ordersync_dagster.sync.account_guard import MIN_ORDERS_FOR_ACCOUNT_CHECK, SESSIONS_ASKED
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop

YESTERDAY = midnight((NOW - timedelta(days=1)).date())
INSERT = """
INSERT INTO orders (id, stripe_session_id, status, customer_email, total_amount, currency, created_at, updated_at)
VALUES (:id, :session, 'processing', 'theirs@example.com', '1.00', 'usd', :at, :at)
"""


@pytest.fixture
def empty_shop(each_shop: Shop) -> Shop:
    """No orders, and no sessions at Stripe."""
    each_shop.database.execute("DELETE FROM order_items")
    each_shop.database.execute("DELETE FROM orders")
    each_shop.sandbox.replace(World(NOW))
    return each_shop


def sell(shop: Shop, *session_ids: str, at: datetime) -> None:
    """Paid sessions that follow each other by a second."""
    for n, session_id in enumerate(session_ids):
        created = int(at.timestamp()) + n
        session = checkout_session(id=session_id, payment_intent=f"pi_{session_id}", created=created)
        shop.sandbox.put_session(session)


def store(shop: Shop, *session_ids: str, at: datetime) -> None:
    """Orders that somebody else wrote."""
    for n, session_id in enumerate(session_ids):
        made = (at + timedelta(seconds=n)).replace(tzinfo=None)
        shop.database.execute(INSERT, id=f"row {session_id}", session=session_id, at=made)


def of_yesterday(shop: Shop, **how: Any) -> Run:
    """A run over that day alone."""
    tools = shop.time.tools(2)
    ready = open_run(settings_for(shop.sandbox, shop.database.url), PrintfulScope.none, dry_run=False, tools=tools)
    run = start_run(ready, Window(YESTERDAY, YESTERDAY + timedelta(days=1)), **how)
    for _ in run.parts:
        continue
    return run


def asked_by_id(sandbox: Sandbox) -> list[str]:
    found = [each.path.removeprefix("/v1/checkout/sessions/") for each in sandbox.requests]
    return [each for each in found if not each.startswith("/")]


@pytest.mark.parametrize("sees", ["other sessions", "none at all"])
def test_fault_61_the_key_of_another_shop_fills_nothing_and_is_exit_2(each_shop: Shop, sees: str) -> None:
    other = replace(build("outage", seed=99, now=NOW), printful_orders=[])
    each_shop.sandbox.replace(other if sees == "other sessions" else replace(other, sessions=[]))
    before = each_shop.tables()
    with pytest.raises(WrongAccountError, match="No order was added"):
        each_shop.run()
    assert each_shop.tables() == before
    with pytest.raises(WrongAccountError):
        each_shop.run(dry_run=True)


def test_fault_61_the_printful_side_is_done_all_the_same(each_shop: Shop, outage: World) -> None:
    each_shop.sandbox.replace(replace(build("outage", seed=99, now=NOW), printful_orders=outage.printful_orders))
    row, orders = each_shop.of_printful("fulfilled"), each_shop.database.count("orders")
    with pytest.raises(WrongAccountError):
        each_shop.run()
    assert each_shop.order(row["stripe_session_id"])["tracking_number"]
    assert each_shop.database.count("orders") == orders


def test_fault_61_few_lost_orders_of_a_short_period_are_no_sign_of_another_shop(shop: Shop) -> None:
    shop.database.execute("DELETE FROM order_items")
    kept = shop.database.column("SELECT id FROM orders ORDER BY created_at LIMIT 19")
    names = ", ".join(f"'{each}'" for each in kept)
    shop.database.execute(f"DELETE FROM orders WHERE id NOT IN ({names})")
    shop.sandbox.replace(build("outage", seed=99, now=NOW))
    assert shop.run().outcome.summary.stripe_sessions_added > 0


@pytest.mark.parametrize("name", ["market-{}", "cs-test-{}"])
def test_fault_61_orders_of_other_channels_are_no_sign_of_another_shop(empty_shop: Shop, name: str) -> None:
    """Orders of a market place, of a point of sale, or of the time with another key."""
    store(empty_shop, *(name.format(n) for n in range(25)), at=YESTERDAY + timedelta(hours=9))
    sell(empty_shop, "cs_test_lost", at=YESTERDAY + timedelta(hours=12))
    assert of_yesterday(empty_shop).outcome.rows["orders_inserted"] == 1
    assert asked_by_id(empty_shop.sandbox) == []


def test_fault_61_orders_written_just_after_midnight_prove_the_account_by_session(
    empty_shop: Shop,
) -> None:
    """Their sessions were made the day before, so that the day of the outage itself lists none of them."""
    made = [f"cs_test_late{n:02}" for n in range(MIN_ORDERS_FOR_ACCOUNT_CHECK)]
    sell(empty_shop, *made, at=YESTERDAY - timedelta(minutes=5))
    store(empty_shop, *made, at=YESTERDAY + timedelta(minutes=1))
    sell(empty_shop, "cs_test_lost", at=YESTERDAY + timedelta(hours=12))
    run = of_yesterday(empty_shop)
    assert (run.outcome.rows["orders_inserted"], run.outcome.summary.errors) == (1, 0)
    assert len(asked_by_id(empty_shop.sandbox)) == 1


def test_fault_61_a_day_without_a_sale_proves_the_account_too(empty_shop: Shop) -> None:
    made = [f"cs_test_late{n:02}" for n in range(MIN_ORDERS_FOR_ACCOUNT_CHECK)]
    sell(empty_shop, *made, at=YESTERDAY - timedelta(minutes=5))
    store(empty_shop, *made, at=YESTERDAY + timedelta(minutes=1))
    assert of_yesterday(empty_shop).outcome.summary.errors == 0


def test_fault_61_one_known_session_of_a_few_is_enough(empty_shop: Shop) -> None:
    made = [f"cs_test_{n:02}" for n in range(MIN_ORDERS_FOR_ACCOUNT_CHECK)]
    store(empty_shop, *made, at=YESTERDAY + timedelta(hours=9))
    sell(empty_shop, "cs_test_lost", at=YESTERDAY + timedelta(hours=12))
    with pytest.raises(WrongAccountError):
        of_yesterday(empty_shop)
    asked = asked_by_id(empty_shop.sandbox)
    assert len(asked) == SESSIONS_ASKED
    sell(empty_shop, asked[-1], at=YESTERDAY - timedelta(days=1))
    assert of_yesterday(empty_shop).outcome.rows["orders_inserted"] == 1


def test_an_ordinary_run_asks_for_no_session_by_itself(shop: Shop) -> None:
    shop.run()
    assert asked_by_id(shop.sandbox) == []
