"""The whole job when something is wrong: what is still done, what is said, and what the next run makes good."""

import json
from datetime import timedelta

import pytest

from ordersync_dagster.core.errors import TooManyChangesError, VendorUnavailableError, WrongModeError
from ordersync_dagster.sandbox import Fault, Sandbox, World, build, shipment
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched, once_something_is_written
from ordersync_dagster_tests.support.world import expected_counters, lost, lost_ids, without_a_link

LIST_OF_ORDERS = Fault("/orders", "status", times=None, match="limit=100")


def test_one_order_that_printful_cannot_show_is_an_error_and_the_others_are_done(shop: Shop, outage: World) -> None:
    row = shop.of_printful("fulfilled")
    shop.sandbox.faults.add(LIST_OF_ORDERS)
    shop.sandbox.faults.add(Fault(f"/orders/{row['printful_order_id']}", "status", times=None))
    run = shop.run()
    assert row["id"] in {ids["order_id"] for ids in of_class(run, "printful_not_asked")}
    assert run.outcome.summary.errors == 1 + len(without_a_link(outage))
    assert run.outcome.summary.printful_orders_updated == expected_counters(outage).printful_orders_updated - 1
    assert shop.order(row["stripe_session_id"])["status"] == row["status"]
    shop.sandbox.faults.clear()
    assert shop.run().outcome.summary.printful_orders_updated == 1


def test_fault_47_an_order_gone_at_printful_is_listed_and_asked_again_weekly(
    shop: Shop, time: FakeTime, outage: World
) -> None:
    (gone,) = {row["printful_order_id"] for row in outage.shop.orders if row["printful_order_id"]} - {
        str(order["id"]) for order in outage.printful_orders
    }

    def is_asked() -> bool:
        shop.sandbox.requests.clear()
        run = shop.run()
        assert "missing_at_printful" in classes(run)
        assert run.outcome.summary.printful_orders_checked >= expected_counters(outage).printful_orders_checked
        return f"/orders/{gone}" in {request.path for request in shop.sandbox.requests}

    assert is_asked()
    assert not is_asked()
    time.now += timedelta(days=6)
    assert not is_asked()
    time.now += timedelta(days=2)
    assert is_asked()


def test_fault_45_what_the_shop_decided_is_not_undone_by_printful(shop: Shop) -> None:
    shop.database.execute("UPDATE orders SET status = 'returned' WHERE id = :id", id=shop.of_printful("partial")["id"])
    decided = "SELECT id FROM orders WHERE status IN ('refunded', 'returned') ORDER BY id"
    before = shop.database.column(decided)
    run = shop.run()
    assert (len(before), shop.database.column(decided)) == (2, before)
    assert "regress_blocked" in classes(run)


@pytest.mark.parametrize("word", ["archived", "inreview", "on_mars"])
def test_fault_44_a_word_that_nobody_knows_changes_no_status(shop: Shop, word: str) -> None:
    row = shop.of_printful("inprocess")
    (order,) = [each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    shop.sandbox.put_printful_order({**order, "status": word})
    run = shop.run()
    assert shop.order(row["stripe_session_id"])["status"] == row["status"]
    assert "unknown_status" in classes(run)
    assert run.outcome.summary.errors == 0


def test_fault_46_a_second_parcel_is_kept_beside_the_first(each_shop: Shop) -> None:
    each_shop.run()
    row = each_shop.of_printful("fulfilled")
    (order,) = [each for each in each_shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    second = shipment(id=999, tracking_number="SECOND", of=order["items"])
    each_shop.sandbox.put_printful_order({**order, "shipments": [*order["shipments"], second]})
    assert each_shop.run().outcome.summary.printful_orders_updated == 1
    after = each_shop.order(row["stripe_session_id"])
    metadata = after["metadata"] if isinstance(after["metadata"], dict) else json.loads(after["metadata"])
    assert after["tracking_number"] == row["tracking_number"]
    assert "SECOND" in {parcel["tracking_number"] for parcel in metadata["printful_shipments"]}


def test_a_plan_above_the_limit_is_not_begun(each_shop: Shop) -> None:
    before = each_shop.tables()
    with pytest.raises(TooManyChangesError, match="nothing was written"):
        each_shop.run(limit=3)
    assert each_shop.tables() == before
    assert each_shop.database.column("SELECT state FROM ordersync_runs") == ["failed"]


def test_a_plan_at_the_limit_is_carried_out(shop: Shop) -> None:
    rows = shop.run(dry_run=True)
    written = len(shop.database.rows("SELECT * FROM orders"))
    shop.run(limit=100)
    assert len(shop.database.rows("SELECT * FROM orders")) == written + rows.outcome.summary.stripe_sessions_added


@pytest.mark.full
def test_when_stripe_fails_in_mid_run_written_days_stay_and_the_next_run_completes(
    sandbox: Sandbox, sqlite_url: str, time: FakeTime
) -> None:
    sandbox.replace(build("large", now=NOW, size=2500))
    shop = Shop(sandbox, Database(sqlite_url), time)
    older = "created%5Bgte%5D=1793"  # stretches that begin between 26 October and 6 November
    sandbox.faults.add(Fault("/v1/checkout/sessions", "status", match=older, times=None))
    time.meanwhile = once_something_is_written(shop.database)
    with pytest.raises(VendorUnavailableError):
        shop.run(attempts=2)
    kept = shop.database.column("SELECT id FROM orders")
    sandbox.faults.clear()
    run = shop.run()
    assert run.outcome.summary.stripe_sessions_checked == 2500
    assert 0 < len(kept) < 2500
    assert set(kept) <= set(shop.database.column("SELECT id FROM orders"))
    assert shop.database.column("SELECT state FROM ordersync_runs ORDER BY state") == ["failed", "succeeded"]


def test_printful_dying_in_mid_run_names_every_order_that_was_not_asked(shop: Shop, outage: World) -> None:
    def dies() -> None:
        shop.sandbox.faults.add(Fault("/orders", "status", status=503, times=None))

    settings = settings_for(shop.sandbox, shop.database.url)
    run = launched(settings, tools=shop.time.tools(2))
    next(run.parts)
    dies()
    list(run.parts)
    errors = expected_counters(outage).printful_orders_checked + len(without_a_link(outage))
    assert run.outcome.summary.errors == errors, "each order that could not be asked about is an error"
    assert "missing_at_printful" not in classes(run)
    assert set(lost_ids(outage)) <= set(shop.database.column("SELECT stripe_session_id FROM orders"))
    shop.sandbox.faults.clear()
    assert shop.run().outcome.summary.printful_orders_updated == expected_counters(outage).printful_orders_updated


def test_a_run_that_is_given_up_keeps_what_it_wrote_and_frees_the_lock(shop: Shop) -> None:
    settings = settings_for(shop.sandbox, shop.database.url)
    run = launched(settings)
    next(run.parts)
    del run
    assert shop.run().outcome.summary.errors == 0


def test_without_printful_nothing_of_printful_is_asked_or_changed(shop: Shop, outage: World) -> None:
    items = shop.items()
    run = shop.run(printful=PrintfulScope.none)
    assert not any(request.path.startswith("/orders") for request in shop.sandbox.requests)
    assert run.outcome.summary.printful_orders_checked == 0
    assert (run.outcome.summary.stripe_sessions_added, shop.items()) == (len(lost(outage)), items)


def test_only_open_orders_are_looked_up_where_that_is_asked(shop: Shop, outage: World) -> None:
    run = shop.run(printful=PrintfulScope.open)
    named = [row for row in outage.shop.orders if row["printful_order_id"]]
    still_open = [row for row in named if row["status"] in {"pending", "processing", "failed", "shipped"}]
    assert run.outcome.summary.printful_orders_checked == len(still_open) + 1  # and the one that was lost
    assert len(still_open) < len(named)


def test_a_session_of_the_other_mode_stops_the_run_before_its_day_is_written(shop: Shop, outage: World) -> None:
    before = shop.tables()
    for session in outage.sessions:
        shop.sandbox.put_session({**session, "livemode": True})
    with pytest.raises(WrongModeError, match=r"is a test key, but session \S+ is from live mode"):
        shop.run()
    assert shop.tables() == before


def test_an_order_that_somebody_deletes_between_plan_and_write_is_named(shop: Shop) -> None:
    row = shop.of_printful("fulfilled")
    shop.database.execute("UPDATE orders SET status = 'processing' WHERE id = :id", id=row["id"])
    delete = "DELETE FROM orders WHERE id = :id"
    run = shop.run(meanwhile=lambda: shop.database.execute(delete, id=row["id"]))
    assert {"stripe_session_id": row["stripe_session_id"]} in of_class(run, "kept_changing")
