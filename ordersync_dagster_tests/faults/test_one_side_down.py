"""One vendor is down from the first request on, or its key is another account's: the other side is done."""

from typing import Any

import pytest

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.errors import TooManyChangesError, VendorUnavailableError
from ordersync_dagster.sandbox import Fault, World
from ordersync_dagster_tests.support.cli import Cli, document
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched
from ordersync_dagster_tests.support.world import expected_counters, lost, lost_ids, wanted, without_a_link

NO_RETRY = {"Stripe-Should-Retry": "false"}
DOWN = {
    "500": Fault("/orders", "status", status=500, times=None),
    "503": Fault("/orders", "status", status=503, times=None),
    "429": Fault("/orders", "status", status=429, times=None),
    "a page of a proxy": Fault("/orders", "html", times=None),
    "reset": Fault("/orders", "reset", times=None),
    "not JSON": Fault("/orders", "truncated_json", times=None),
    "no count": Fault("/orders", "status", status=200, times=None, body='{"code": 200, "result": []}'),
    "no list": Fault("/orders", "status", status=200, times=None, body="{}"),
    "redirect": Fault("/orders", "status", status=302, times=None),
}


ONE_OF_EACH_KIND = {"500", "reset", "no list"}  # an answer of an error, none, and one that says nothing


@pytest.mark.parametrize(
    "how", [how if how in ONE_OF_EACH_KIND else pytest.param(how, marks=pytest.mark.full) for how in DOWN]
)
def test_fault_69_with_printful_down_at_the_start_the_stripe_side_is_done(shop: Shop, outage: World, how: str) -> None:
    shop.sandbox.faults.add(DOWN[how])
    run = shop.run(attempts=2)
    check_stripe_side(shop, run, outage)
    shop.sandbox.faults.clear()
    again = shop.run().outcome.summary
    assert (again.errors, again.printful_orders_updated) == (0, expected_counters(outage).printful_orders_updated)


def check_stripe_side(shop: Shop, run: Run, world: World) -> None:
    """All lost orders are there, and every order that Printful had to be asked about is named."""
    assert set(lost_ids(world)) <= set(shop.database.column("SELECT stripe_session_id FROM orders"))
    assert run.outcome.summary.stripe_sessions_added == len(lost(world))
    assert run.outcome.summary.errors == len(wanted(world)) + len(without_a_link(world))
    assert len(of_class(run, "printful_not_asked")) == run.outcome.summary.errors
    assert not classes(run) & {"unfulfilled", "missing_at_printful"}
    assert run.outcome.waiting == run.outcome.waiting_long == []


def test_fault_69_a_printful_that_nobody_reaches_is_asked_nothing_more(each_shop: Shop, outage: World) -> None:
    settings = settings_for(each_shop.sandbox, each_shop.database.url, PRINTFUL_API_BASE="http://127.0.0.1:9")
    run = launched(settings, tools=each_shop.time.tools(2))
    preview = launched(settings, tools=each_shop.time.tools(2), dry_run=True)
    for parts in (preview.parts, run.parts):
        assert list(parts)
    assert preview.outcome.summary == run.outcome.summary
    check_stripe_side(each_shop, run, outage)
    assert run.traffic["printful"]["requests"] == 2, "the first request and its one retry"


def test_fault_69_the_command_says_so_and_is_exit_1(ordersync: Cli, world: World) -> None:
    ordersync.sandbox.faults.add(Fault("/orders", "status", 500, times=None, headers=NO_RETRY))
    ran = ordersync("sync", "--json")
    assert ran.code == 1
    found = document(ran)
    assert found["summary"]["stripe_sessions_added"] == len(lost(world))
    assert found["run"]["error"] is None
    assert {each["class"] for each in found["problems"] if each["severity"] == "error"} == {"printful_not_asked"}


def test_fault_69_where_no_order_had_to_be_looked_up_it_is_a_warning(shop: Shop, outage: World) -> None:
    shop.database.execute("UPDATE orders SET printful_order_id = NULL, status = 'refunded'")
    for each in outage.sessions:
        shop.sandbox.put_session({**each, "payment_status": "unpaid"})
    shop.sandbox.faults.add(DOWN["503"])
    run = shop.run(attempts=2)
    assert run.outcome.summary.errors == 0
    assert [each for each in run.outcome.warnings if "Printful gave no usable answer" in each]


def test_fault_70_with_stripe_down_at_the_start_the_printful_side_is_done(each_shop: Shop, outage: World) -> None:
    of_stored = {str(row["id"]) for row in outage.shop.orders}
    each_shop.sandbox.faults.add(Fault("/v1/", "status", 503, times=None))
    run, seen = stopped(each_shop)
    assert run.outcome.days == {}
    updated = run.outcome.summary.printful_orders_updated
    assert updated > 0
    assert {row["order_id"] for row in run.outcome.changes} <= of_stored
    assert seen == set(of_stored), "no order was added"
    assert each_shop.database.column("SELECT state FROM ordersync_runs") == ["failed"]
    each_shop.sandbox.faults.clear()
    again = each_shop.run().outcome.summary
    assert (again.stripe_sessions_added, again.errors) == (len(lost(outage)), 0)


def stopped(shop: Shop, **options: Any) -> tuple[Run, set[str]]:
    """A run that ends with Stripe's error, and the ids of the orders afterwards."""
    run = launched(settings_for(shop.sandbox, shop.database.url), tools=shop.time.tools(2), **options)
    with pytest.raises(VendorUnavailableError, match="Stripe"):
        list(run.parts)
    return run, set(map(str, shop.database.column("SELECT id FROM orders")))


def test_fault_70_a_dry_run_says_the_same(shop: Shop) -> None:
    shop.sandbox.faults.add(Fault("/v1/", "status", 503, times=None))
    preview, _ = stopped(shop, dry_run=True)
    run, _ = stopped(shop)
    assert preview.outcome.summary == run.outcome.summary
    assert preview.outcome.changes == run.outcome.changes


def test_fault_70_the_limit_of_changes_holds_for_the_side_that_is_left(shop: Shop) -> None:
    shop.sandbox.faults.add(Fault("/v1/", "status", 503, times=None))
    before = shop.tables()
    run = launched(settings_for(shop.sandbox, shop.database.url), tools=shop.time.tools(2), limit=1)
    with pytest.raises(TooManyChangesError):
        list(run.parts)
    assert shop.tables() == before
    run, _ = stopped(shop, limit=1000)
    assert run.outcome.rows["orders_updated"] > 0


def test_fault_70_items_that_only_stripe_can_price_are_left_to_the_next_run(shop: Shop, outage: World) -> None:
    for order in outage.printful_orders:
        items = [{**item, "retail_price": None} for item in order["items"]]
        shop.sandbox.put_printful_order({**order, "items": items})
    items_before = shop.items()
    shop.sandbox.faults.add(Fault("/v1/", "status", 503, times=None))
    run, _ = stopped(shop)
    assert shop.items() == items_before
    assert [each for each in run.outcome.warnings if "left to the next run: their price" in each]
    shop.sandbox.faults.clear()
    assert shop.run().outcome.summary.printful_items_added > 0


def test_fault_70_the_command_names_the_days_and_shows_what_printful_brought(ordersync: Cli) -> None:
    ordersync.sandbox.faults.add(Fault("/v1/", "status", 500, times=None, headers=NO_RETRY))
    ran = ordersync("sync")
    assert ran.code == 1
    assert "(31 days). What was done before stays" in ran.err
    assert "Printful orders" not in ran.err
    assert "Printful Orders Updated: 0" not in ran.out
