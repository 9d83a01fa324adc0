"""Sessions that stay unpaid: their orders are named with what Printful has done, and nothing is written."""

from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.sandbox import printful_order
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.shops import Shop

NAMED = "order_without_payment"


def unpaid(shop: Shop, row: dict[str, Any], *, days: float) -> None:
    """Let the session of `row` be complete and unpaid, made so long ago."""
    (session,) = [each for each in shop.sandbox.world.sessions if each["id"] == row["stripe_session_id"]]
    created = int((shop.time.now - timedelta(days=days)).timestamp())
    shop.sandbox.put_session({**session, "payment_status": "unpaid", "created": created})


@pytest.mark.parametrize(("days", "count"), [(14.1, 1), (13.9, 0)])
def test_an_order_is_named_when_its_payment_had_two_weeks(each_shop: Shop, days: float, count: int) -> None:
    row = each_shop.of_printful("inprocess")
    unpaid(each_shop, row, days=days)
    run = each_shop.run()
    assert [ids["order_id"] for ids in of_class(run, NAMED)] == [row["id"]] * count
    assert run.outcome.summary.errors == 0
    assert each_shop.order(row["stripe_session_id"])["status"] == row["status"]


def test_the_time_that_a_payment_may_take_is_a_setting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    unpaid(shop, shop.of_printful("inprocess"), days=10)
    assert NAMED not in classes(shop.run(dry_run=True))
    monkeypatch.setenv("ORDERSYNC_UNPAID_DAYS", "9")
    assert NAMED in classes(shop.run(dry_run=True))


@pytest.mark.parametrize("days", [2, 20])
def test_nobody_is_told_that_an_unpaid_order_is_paid_and_stuck_at_printful(shop: Shop, days: int) -> None:
    row = shop.of_printful("inprocess")
    (made,) = [each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    long_ago = int((shop.time.now - timedelta(days=25)).timestamp())
    shop.sandbox.put_printful_order(printful_order(**made | {"status": "draft", "created": long_ago}))
    assert row["id"] in {ids["order_id"] for ids in of_class(shop.run(dry_run=True), "stuck_at_printful")}
    unpaid(shop, row, days=days)
    assert row["id"] not in {ids["order_id"] for ids in of_class(shop.run(dry_run=True), "stuck_at_printful")}
