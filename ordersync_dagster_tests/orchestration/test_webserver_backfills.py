"""Backfills on the real webserver and daemon, over GraphQL: from the job's page and from the asset graph."""

import pytest

from ordersync_dagster_tests.orchestration.deployment import ASSETS
from ordersync_dagster_tests.orchestration.pretend import PretendShop
from ordersync_dagster_tests.orchestration.runs import lost_with_days

pytestmark = pytest.mark.slow


def test_a_backfill_from_the_jobs_page_is_one_run(pretend: PretendShop) -> None:
    days = pretend.last_days(7)
    backfill = pretend.dagster.backfill_job(days)
    assert backfill["status"] == "COMPLETED_SUCCESS", pretend.dagster.failures(backfill)
    assert [(run["pipelineName"], run["status"]) for run in backfill["runs"]] == [("daily_order_sync", "SUCCESS")]
    assert pretend.dagster.green_days() == set(days)
    assert pretend.recovered == len(lost_with_days(pretend.world))


def test_a_dry_run_as_a_backfill_of_the_job_succeeds_and_turns_no_day_green(pretend: PretendShop) -> None:
    backfill = pretend.dagster.backfill_job(pretend.last_days(7), dry_run=True)
    assert backfill["status"] == "COMPLETED_SUCCESS", pretend.dagster.failures(backfill)
    assert not pretend.dagster.green_days()
    assert pretend.recovered == 0


def test_a_backfill_from_the_asset_graph_is_one_run_for_days_and_one_for_the_rest(pretend: PretendShop) -> None:
    days = pretend.last_days(7)
    backfill = pretend.dagster.backfill_assets(ASSETS, days)
    assert backfill["status"] == "COMPLETED_SUCCESS", pretend.dagster.failures(backfill)
    assert len(backfill["runs"]) <= 2
    assert {run["status"] for run in backfill["runs"]} == {"SUCCESS"}
    assert pretend.dagster.green_days() == set(days)
    assert pretend.dagster.latest("order_items")
    assert pretend.recovered == len(lost_with_days(pretend.world))


def test_a_dry_run_as_a_backfill_of_assets_is_refused_in_one_sentence(pretend: PretendShop) -> None:
    backfill = pretend.dagster.backfill_assets(ASSETS, pretend.last_days(2), dry_run=True)
    assert backfill["status"] == "COMPLETED_FAILED"
    assert "the page of the job daily_order_sync" in pretend.dagster.failure(backfill["runs"][-1]["runId"])
    assert not pretend.sandbox.requests
