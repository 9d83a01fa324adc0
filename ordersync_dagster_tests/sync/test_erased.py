"""A customer who was forgotten does not come back with a later run, on both databases."""

from typing import Any

import pytest

from ordersync_dagster.app.history import History
from ordersync_dagster.app.watch import open_watch
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost_ids


def forgotten(shop: Shop, world: World) -> dict[str, Any]:
    """A lost session that a run recovered and whose customer was then forgotten."""
    shop.run()
    session = next(each for each in world.sessions if each["id"] == lost_ids(world)[0])
    settings = settings_for(shop.sandbox, shop.database.url)
    History(settings, shop.time.tools(1)).forget(session["customer_details"]["email"], dry_run=False)
    return session


def erase_rows(shop: Shop, session: dict[str, Any]) -> None:
    """As the shop does it: every row of orders with the customer's address is deleted."""
    is_theirs = "customer_email = :email"
    values = {"email": session["customer_details"]["email"]}
    for table in ("order_items", "order_events"):
        shop.database.execute(
            f"DELETE FROM {table} WHERE order_id IN (SELECT id FROM orders WHERE {is_theirs})", **values
        )
    shop.database.execute(f"DELETE FROM orders WHERE {is_theirs}", **values)


def test_no_later_run_inserts_the_order_again(each_shop: Shop, outage: World) -> None:
    session = forgotten(each_shop, outage)
    erase_rows(each_shop, session)
    before = each_shop.database.column("SELECT id FROM orders ORDER BY id")
    planned, run = each_shop.run(dry_run=True), each_shop.run()
    assert planned.outcome.summary == run.outcome.summary
    assert (run.outcome.summary.stripe_sessions_added, run.outcome.summary.errors) == (0, 0)
    assert run.outcome.summary.skipped_erased > 0
    assert each_shop.database.column("SELECT id FROM orders ORDER BY id") == before
    assert session["customer_details"]["email"] not in repr(everything(each_shop.database)["orders"])


def test_no_later_run_fills_the_row_that_the_shop_kept(each_shop: Shop, outage: World) -> None:
    session = forgotten(each_shop, outage)
    order_id = each_shop.order(session["id"])["id"]
    each_shop.database.execute("DELETE FROM order_items WHERE order_id = :id", id=order_id)
    each_shop.database.execute(
        "UPDATE orders SET customer_email = 'erased@shop.example', customer_name = NULL, shipping_address = NULL,"
        " tracking_number = NULL, tracking_url = NULL WHERE id = :id",
        id=order_id,
    )
    before = each_shop.order(session["id"])
    run = each_shop.run()
    assert each_shop.order(session["id"]) == before
    assert "other_email" not in {str(each.problem_class) for each in run.outcome.problems}
    assert each_shop.database.rows("SELECT * FROM order_items WHERE order_id = :id", id=order_id) == []


@pytest.mark.databases
def test_a_session_that_stripe_erased_too_is_known_by_the_payment_of_its_order(each_shop: Shop, outage: World) -> None:
    session = next(each for each in outage.sessions if each["id"] == lost_ids(outage)[0])
    each_shop.run()
    each_shop.database.execute(
        "UPDATE orders SET stripe_session_id = 'cs_test_left' WHERE stripe_session_id = :id", id=session["id"]
    )
    settings = settings_for(each_shop.sandbox, each_shop.database.url)
    History(settings, each_shop.time.tools(1)).forget(session["customer_details"]["email"], dry_run=False)
    erase_rows(each_shop, session)
    each_shop.sandbox.put_session({**session, "customer_details": None})
    for run in (each_shop.run(dry_run=True), each_shop.run()):
        assert (run.outcome.summary.errors, run.outcome.summary.stripe_sessions_added) == (0, 0)
        assert run.outcome.summary.skipped_erased > 0


def test_an_order_that_the_shop_alone_erased_gets_no_name_and_address(each_shop: Shop) -> None:
    row = each_shop.of_printful("inprocess")
    erased = "customer_email = 'erased@shop.example', customer_name = NULL, shipping_address = NULL"
    each_shop.database.execute(f"UPDATE orders SET {erased} WHERE id = :id", id=row["id"])
    run = each_shop.run()
    after = each_shop.order(row["stripe_session_id"])
    assert (after["customer_name"], after["shipping_address"]) == (None, None)
    assert "other_email" in {str(each.problem_class) for each in run.outcome.problems}


def test_an_erased_customers_session_is_no_missed_webhook(shop: Shop, outage: World) -> None:
    session = forgotten(shop, outage)
    erase_rows(shop, session)
    watch = open_watch(settings_for(shop.sandbox, shop.database.url), shop.time.tools(1))
    assert watch.without_order([session["id"], "cs_test_none"]) == {"cs_test_none"}


def test_a_run_without_the_key_of_the_hashes_is_refused_and_a_dry_run_says_so(each_shop: Shop, outage: World) -> None:
    forgotten(each_shop, outage)
    each_shop.database.execute("UPDATE ordersync_erased SET key_hash = 'of a lost key'")
    with pytest.raises(SettingsError, match="set ORDERSYNC_HASH_KEY"):
        each_shop.run()
    assert any("ORDERSYNC_HASH_KEY" in warning for warning in each_shop.run(dry_run=True).ready.warnings)
