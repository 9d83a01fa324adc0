"""A run that finds orders missing says when webhooks were down, and which days to run."""

import re
from datetime import date

import pytest

from ordersync_dagster.sandbox import Fault, Sandbox
from ordersync_dagster_tests.orchestration.runs import OBSERVED, Runs, lost_with_days


def days_of(selection: str) -> tuple[date, date]:
    found = [date.fromisoformat(day) for day in re.findall(r"\d{4}-\d\d-\d\d", selection)]
    return min(found), max(found)


@pytest.mark.full
def test_a_dry_run_names_the_days_and_a_backfill_of_them_repairs_all(runs: Runs, sandbox: Sandbox) -> None:
    lost = lost_with_days(sandbox.world)
    facts = runs.order_sync(days=30, dry_run=True).of("order_sync_summary", kind=OBSERVED)
    assert f": {len(lost)} orders, " in facts["outages"].value
    assert f"({len(lost)} missing)" in facts["outages"].value
    first, last = days_of(facts["outage_backfill"].value)
    assert (first, last) == (min(lost.values()), max(lost.values()))
    after = runs.daily_order_sync(first, last).of("order_sync_summary")
    assert f"({len(lost)} recovered)" in after["outages"].value
    assert "outage_backfill" not in after


@pytest.mark.full
def test_a_run_that_finds_nothing_missing_asks_for_no_events(runs: Runs, sandbox: Sandbox) -> None:
    runs.order_sync(days=30)
    sandbox.requests.clear()
    facts = runs.order_sync(days=30).of("order_sync_summary")
    assert "outages" not in facts
    assert "/v1/events" not in {each.path for each in sandbox.requests}


@pytest.mark.full
def test_a_run_is_no_worse_where_events_cannot_be_read(runs: Runs, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("/v1/events", "status", status=500, times=None))
    facts = runs.order_sync(days=30).of("order_sync_summary")
    assert facts["stripe_sessions_added"].value == len(lost_with_days(sandbox.world))
    assert "outages" not in facts
