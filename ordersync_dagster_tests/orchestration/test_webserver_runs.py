"""Runs on the real webserver and daemon, over GraphQL: what the Launchpad does."""

import os
import signal

import pytest

from ordersync_dagster.orchestration.killed_runs import PROCESS
from ordersync_dagster.sandbox import Fault
from ordersync_dagster_tests.orchestration.deployment import wait_until
from ordersync_dagster_tests.orchestration.pretend import PretendShop
from ordersync_dagster_tests.orchestration.runs import lost_with_days
from ordersync_dagster_tests.support.databases import everything

pytestmark = pytest.mark.slow


def test_the_launchpad_is_filled_in(pretend: PretendShop) -> None:
    assert pretend.dagster.launchpad("order_sync").split() == (
        ["days:", "30", "dry_run:", "false", "max_changes:", "-1", "plan:", "''", "printful:", "all"]
    )
    shown = " ".join(pretend.dagster.launchpad("daily_order_sync").split())
    assert shown == "ops: order_sync_assets: config: dry_run: false max_changes: -1 plan: '' printful: open"


def test_a_dry_run_writes_nothing_and_turns_no_day_green(pretend: PretendShop) -> None:
    before = everything(pretend.shop)
    run_id = pretend.dagster.succeeds("order_sync", days=7, dry_run=True)
    assert everything(pretend.shop) == before
    assert not pretend.dagster.green_days()
    assert not pretend.dagster.events(run_id, "MaterializationEvent")
    seen = pretend.dagster.latest("order_sync_summary", "assetObservations")
    assert (seen["run"], seen["preview_stripe_sessions_added"]) == (run_id, len(lost_with_days(pretend.world)))


def test_a_run_repairs_the_shop_and_its_summary_is_on_the_asset(pretend: PretendShop) -> None:
    run_id = pretend.dagster.succeeds("order_sync", days=7)
    assert pretend.recovered == len(lost_with_days(pretend.world))
    assert pretend.dagster.green_days() == pretend.dagster.green_days("stripe_sessions") == set(pretend.last_days(7))
    summary = pretend.dagster.latest("order_sync_summary")
    assert (summary["run"], summary["stripe_sessions_added"]) == (run_id, len(lost_with_days(pretend.world)))
    for day in set(lost_with_days(pretend.world).values()):
        added = list(lost_with_days(pretend.world).values()).count(day)
        assert pretend.dagster.latest("orders", day=str(day))["added"] == added


def test_two_runs_at_once_queue_and_neither_meets_the_lock(pretend: PretendShop) -> None:
    pretend.sandbox.faults.add(Fault("/v1/checkout/sessions", "slow", delay=3.0))
    ids = [pretend.dagster.start("order_sync", {"days": 7}) for _ in range(2)]
    assert [pretend.dagster.end_of(run_id) for run_id in ids] == ["SUCCESS", "SUCCESS"]
    assert not any(pretend.dagster.events(run_id, "ExecutionStepUpForRetryEvent") for run_id in ids)
    spans = pretend.shop.rows("SELECT started_at, ended_at FROM ordersync_runs ORDER BY started_at")
    assert spans[0]["ended_at"] <= spans[1]["started_at"]


@pytest.mark.parametrize("config", [{"days": "many"}, {"printful": "some"}, {"dryrun": True}])
def test_words_that_cannot_be_are_refused_before_a_run_begins(pretend: PretendShop, config: dict[str, object]) -> None:
    assert pretend.dagster.launch("order_sync", config)["__typename"] == "RunConfigValidationInvalid"


def test_a_number_out_of_range_stops_the_run_with_one_sentence_and_no_retry(pretend: PretendShop) -> None:
    run_id = pretend.dagster.start("order_sync", {"days": 366})
    assert pretend.dagster.end_of(run_id) == "FAILURE"
    assert "days must be a whole number from 1 to 365, not 366" in pretend.dagster.failure(run_id)
    assert not pretend.dagster.events(run_id, "ExecutionStepUpForRetryEvent")
    assert pretend.dagster.tags(run_id).get("dagster/will_retry") == "false"
    assert not pretend.sandbox.requests


def test_a_killed_run_is_ended_and_does_not_hold_up_the_next(pretend: PretendShop) -> None:
    pretend.sandbox.faults.add(Fault("/v1/checkout/sessions", "slow", times=1, delay=120.0))
    killed = pretend.dagster.start("order_sync", {"days": 7})
    wait_until(lambda: pretend.sandbox.faults.fired, bool)
    os.kill(int(pretend.dagster.tags(killed)[PROCESS].split()[2]), signal.SIGKILL)
    following = pretend.dagster.start("order_sync", {"days": 7})
    assert pretend.dagster.end_of(following) == "SUCCESS"
    assert pretend.dagster.status(killed) == "FAILURE"
    states = pretend.shop.column("SELECT state FROM ordersync_runs ORDER BY started_at")
    assert states[0] == "interrupted"
    assert set(states[1:]) == {"succeeded"}
