"""Apply exactly what a dry run showed: the configuration that it gives, and what happens when something moved."""

from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.orchestration.runs import OBSERVED, THIS_AFTERNOON, Run, Runs, lost_with_days
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database

FIRST, LAST = (THIS_AFTERNOON.date() - timedelta(days=days) for days in (29, 1))


def apply_with(preview: Run) -> dict[str, Any]:
    """The configuration that the summary of a dry run gives."""
    summary = preview.of("order_sync_summary", kind=OBSERVED)
    assert "#### Apply exactly this" in summary["report"].value
    found: dict[str, Any] = summary["apply_with"].value
    return found


@pytest.mark.full
def test_the_configuration_of_a_dry_run_applies_it(runs: Runs, shop: Database, outage: World) -> None:
    before = shop.count("orders")
    config = apply_with(runs.order_sync(days=30, printful="open", dry_run=True))
    assert (config["days"], config["printful"], config["dry_run"], config["max_changes"]) == (30, "open", False, -1)
    assert runs.order_sync(**config).succeeded
    assert shop.count("orders") == before + len(lost_with_days(outage))
    after = runs.order_sync(days=30, dry_run=True).of("order_sync_summary", kind=OBSERVED)
    assert "apply_with" not in after
    assert "Apply exactly" not in after["report"].value


@pytest.mark.full
def test_chosen_days_are_applied_with_the_same_days(runs: Runs, shop: Database) -> None:
    before = shop.count("orders")
    preview = runs.daily_order_sync(FIRST, LAST, dry_run=True)
    config = apply_with(preview)["ops"]["order_sync_assets"]["config"]
    other = runs.daily_order_sync(LAST, LAST, **config)
    assert not other.succeeded
    assert shop.count("orders") == before
    assert runs.daily_order_sync(FIRST, LAST, **config).succeeded
    assert shop.count("orders") > before


@pytest.mark.full
def test_a_plan_that_moved_writes_nothing_and_says_so(runs: Runs, shop: Database) -> None:
    config = apply_with(runs.order_sync(days=30, dry_run=True))
    moving = "UPDATE orders SET status = 'cancelled' WHERE printful_order_id IS NOT NULL"
    shop.execute(moving)
    before = shop.rows("SELECT * FROM orders ORDER BY id")
    run = runs.order_sync(**config)
    assert "is not what a run would do now" in run.failure
    assert shop.rows("SELECT * FROM orders ORDER BY id") == before


@pytest.mark.full
def test_a_session_that_came_or_settled_since_is_left_to_the_next_run(
    runs: Runs, shop: Database, sandbox: Sandbox, time: FakeTime, outage: World
) -> None:
    before = shop.count("orders")
    config = apply_with(runs.order_sync(days=30, dry_run=True))
    session = next(each for each in outage.sessions if each["id"] in lost_with_days(outage))
    later = int((THIS_AFTERNOON + timedelta(minutes=1)).timestamp())
    sandbox.put_session({**session, "id": "cs_test_later", "payment_intent": "pi_later", "created": later})
    time.now += timedelta(hours=1)
    assert runs.order_sync(**config).succeeded
    assert shop.count("orders") == before + len(lost_with_days(outage))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"plan": "yesterday's"}, "plan must be copied from apply_with of a dry run"),
        ({"plan": "20260101T000000.000000Z-" + "g" * 32}, "plan must be copied from apply_with of a dry run"),
        ({"plan": "20260101T000000.000000Z-" + "a" * 32, "dry_run": True}, "plan goes with dry_run: false"),
    ],
)
def test_a_plan_that_is_none_is_refused_before_any_request(
    runs: Runs, sandbox: Sandbox, config: dict[str, object], sentence: str
) -> None:
    assert sentence in runs.order_sync(days=30, **config).failure
    assert sandbox.requests == []


@pytest.mark.full
def test_an_empty_plan_is_no_plan(runs: Runs) -> None:
    assert runs.order_sync(days=7, plan=None).succeeded
    assert runs.order_sync(days=7, plan=" ").succeeded
