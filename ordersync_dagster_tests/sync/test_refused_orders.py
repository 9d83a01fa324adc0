"""The figures of a run say what is there afterwards: what was refused is an error, what was decided again counts so."""

import json

import pytest

from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.databases import refuse
from ordersync_dagster_tests.support.outcomes import counters, of_class
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import expected_counters, lost, without_a_link

pytestmark = pytest.mark.databases


@pytest.mark.parametrize("is_linked", [True, False])
def test_an_order_that_the_database_refuses_is_one_error_and_not_added(
    each_shop: Shop, outage: World, is_linked: bool
) -> None:
    expected, unlinked = expected_counters(outage), without_a_link(outage)
    (refused, *_) = (each["id"] for each in lost(outage) if (each["id"] not in unlinked) is is_linked)
    preview = each_shop.run(dry_run=True).outcome
    assert (preview.summary.stripe_sessions_added, preview.summary.errors) == (expected.stripe_sessions_added, 0)
    refuse(each_shop.database, refused)
    run = each_shop.run()
    found = counters(run)
    assert of_class(run, "database_refused") == [{"stripe_session_id": refused}]
    assert (found.stripe_sessions_added, found.errors) == (expected.stripe_sessions_added - 1, 1)
    assert found.stripe_sessions_added == run.outcome.rows["orders_inserted"]
    assert (found.stripe_sessions_checked, found.stripe_sessions_skipped) == (
        expected.stripe_sessions_checked,
        expected.stripe_sessions_skipped,
    )
    assert refused not in {change["stripe_session_id"] for change in run.outcome.changes}
    (summary,) = each_shop.database.column("SELECT summary FROM ordersync_runs")
    recorded = json.loads(summary) if isinstance(summary, str) else summary
    assert (recorded["stripe_sessions_added"], recorded["errors"]) == (found.stripe_sessions_added, 1)


def test_items_that_the_database_refuses_are_not_counted_as_added(each_shop: Shop) -> None:
    preview, database = each_shop.run(dry_run=True).outcome.summary, each_shop.database
    if database.is_postgres:
        database.execute("ALTER TABLE order_items ADD CONSTRAINT few CHECK (false) NOT VALID")
    else:
        database.execute("CREATE TRIGGER few BEFORE INSERT ON order_items BEGIN SELECT RAISE(ABORT, 'few'); END")
    run = each_shop.run()
    found, rows = run.outcome.summary, run.outcome.rows
    assert preview.printful_items_added > found.printful_items_added == rows["items_inserted"] == 0
    assert found.printful_orders_updated == preview.printful_orders_updated - found.errors
    assert found.printful_orders_checked == preview.printful_orders_checked


def test_the_problems_of_an_order_that_was_decided_again_belong_to_the_run(each_shop: Shop) -> None:
    row, database = each_shop.of_printful("fulfilled"), each_shop.database
    moved = "UPDATE orders SET status = 'returned' WHERE id = :id"
    run = each_shop.run(meanwhile=lambda: database.execute(moved, id=row["id"]))
    assert [each["order_id"] for each in of_class(run, "regress_blocked")].count(row["id"]) == 1


def test_what_a_webhook_did_meanwhile_is_not_counted_as_ours(each_shop: Shop) -> None:
    each_shop.run()
    row, database = each_shop.of_printful("fulfilled"), each_shop.database
    database.execute("UPDATE orders SET status = 'processing' WHERE id = :id", id=row["id"])
    theirs = "UPDATE orders SET status = 'delivered' WHERE id = :id"
    run = each_shop.run(meanwhile=lambda: database.execute(theirs, id=row["id"]))
    assert run.outcome.summary.printful_orders_updated == run.outcome.rows["orders_updated"] == 0
    assert [change for change in run.outcome.changes if change["order_id"] == row["id"]] == []
