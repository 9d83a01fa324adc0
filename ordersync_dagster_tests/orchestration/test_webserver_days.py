"""Backfills of chosen days on the real webserver and daemon: with gaps, after a failure, a year back."""

from datetime import timedelta

import pytest

from ordersync_dagster.sandbox import Fault
from ordersync_dagster_tests.orchestration.pretend import PretendShop
from ordersync_dagster_tests.orchestration.runs import lost_with_days

pytestmark = pytest.mark.slow


def test_days_with_gaps_between_them_are_run_without_all_of_printful_each_time(pretend: PretendShop) -> None:
    week = pretend.last_days(7)
    chosen = [week[0], week[1], week[3], week[6]]
    backfill = pretend.dagster.backfill_job(chosen)
    assert backfill["status"] == "COMPLETED_SUCCESS", pretend.dagster.failures(backfill)
    assert pretend.dagster.green_days() == set(chosen)
    known = {row["printful_order_id"] for row in pretend.world.shop.orders} - {None}
    assert pretend.dagster.latest("printful_orders")["checked"] < len(known)


def test_a_backfill_that_dies_half_way_is_resumed_by_its_failed_and_missing_days(pretend: PretendShop) -> None:
    days = pretend.last_days(7)
    newest_lost = max(lost_with_days(pretend.world).values())
    later = str(newest_lost + timedelta(days=1))  # of refunded orders nobody asks for refunds
    pretend.shop.execute("UPDATE orders SET status = 'refunded' WHERE created_at >= :later", later=later)
    pretend.sandbox.faults.add(Fault("/v1/refunds", "status", 400, times=None))
    backfill = pretend.dagster.backfill_job(days)
    assert backfill["status"] == "COMPLETED_FAILED"
    finished = {day for day in days if day > str(newest_lost)}
    assert pretend.dagster.green_days() == finished != set()
    pretend.sandbox.faults.clear()
    missing = [day for day in days if day not in finished]
    assert pretend.dagster.backfill_job(missing)["status"] == "COMPLETED_SUCCESS"
    assert pretend.dagster.green_days() == set(days)
    assert pretend.recovered == len(lost_with_days(pretend.world))


def test_days_a_year_back_can_be_run(pretend: PretendShop) -> None:
    first = pretend.dagster.days()[0]
    assert first == f"{pretend.world.now.year - 1}-01-01"
    assert pretend.dagster.backfill_job([first])["status"] == "COMPLETED_SUCCESS"
    assert pretend.dagster.green_days() == {first}
