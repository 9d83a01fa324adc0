"""`order_sync`, the job for people: what it shows, what turns green, and what it leaves alone."""

from datetime import timedelta

import pytest

from ordersync_dagster.core.window import day_of
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster_tests.orchestration.runs import GREEN, OBSERVED, Past, Runs, lost_with_days
from ordersync_dagster_tests.support.databases import Database


@pytest.mark.full
def test_a_dry_run_turns_no_day_green_and_writes_nothing(past: Past) -> None:
    run = past.preview
    assert run.succeeded
    assert not past.green[0]
    assert not any(run.days(GREEN, asset) for asset in ("printful_orders", "order_items", "order_sync_summary"))
    assert past.previewed == past.before


def test_a_run_in_shadow_mode_turns_nothing_green_and_tells_its_figures(
    runs: Runs, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERSYNC_SHADOW", "true")
    before = shop.count("orders")
    run = runs.order_sync(days=7)
    assert run.succeeded
    assert not runs.green("orders")
    assert not any(run.days(GREEN, asset) for asset in ("printful_orders", "order_items", "order_sync_summary"))
    seen = run.of("order_sync_summary", kind=OBSERVED)
    assert seen["shadow_repairs"].value == seen["shadow_open"].value > 0
    assert "Shadow mode: nothing was written" in seen["report"].value
    assert shop.count("orders") == before


def test_a_dry_run_previews_both_phases_under_labels_of_its_own(past: Past, outage: World) -> None:
    seen = past.preview.of("order_sync_summary", kind=OBSERVED)
    assert seen["preview_stripe_sessions_added"].value == len(lost_with_days(outage)) == 3
    assert seen["preview_printful_orders_updated"].value > 0
    assert "stripe_sessions_added" not in seen


def test_a_dry_run_says_what_the_run_then_does(past: Past) -> None:
    previewed = past.preview.of("order_sync_summary", kind=OBSERVED)
    done = past.repair.of("order_sync_summary")
    counters = ("stripe_sessions_added", "printful_orders_updated", "printful_items_added", "errors")
    assert {name: previewed[f"preview_{name}"].value for name in counters} == {
        name: done[name].value for name in counters
    }


def test_a_run_turns_exactly_the_whole_days_green(past: Past, outage: World) -> None:
    run = past.repair
    today = outage.now.date()
    assert run.succeeded
    assert run.days(GREEN) == {today - timedelta(days=n) for n in range(1, 31)}
    assert run.days(GREEN, "stripe_sessions") == run.days(GREEN)
    assert past.green[1] == {str(day) for day in run.days(GREEN)}


def test_today_is_only_observed(past: Past) -> None:
    run = past.repair
    assert run.days(OBSERVED) == run.days(OBSERVED, "stripe_sessions") == {None}


def test_every_day_has_its_own_figures(past: Past, outage: World) -> None:
    run = past.repair
    missed = list(lost_with_days(outage).values())
    for day in run.days(GREEN):
        assert day is not None
        assert run.of("orders", day)["added"].value == missed.count(day)
        assert run.of("stripe_sessions", day)["checked"].value == sum(
            each["status"] == "complete" and day_of(each["created"]) == day for each in outage.sessions
        )


def test_the_rest_is_green_without_days(past: Past) -> None:
    before, after = (sum(each.values()) for each in past.items)
    assert past.repair.of("order_items")["added"].value == after - before > 0
    assert past.repair.of("printful_orders")["checked"].value > 0


def test_printful_none_asks_printful_nothing_and_says_nothing_of_it(runs: Runs, sandbox: Sandbox) -> None:
    run = runs.order_sync(days=7, printful="none")
    assert run.succeeded
    assert {request.path.split("/")[1] for request in sandbox.requests} == {"v1"}
    assert not any(run.days(kind, asset) for kind in (GREEN, OBSERVED) for asset in ("printful_orders", "order_items"))
    assert ("items_agree", None) not in run.checks
    assert run.of("order_sync_summary")["stripe_sessions_added"].value > 0


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_printful_that_is_down_turns_nothing_of_it_green(runs: Runs, sandbox: Sandbox, dry_run: bool) -> None:
    sandbox.faults.add(Fault("/orders", "status", status=503, times=None, match="limit=100"))
    sandbox.faults.add(Fault("/orders/", "status", status=503, times=None))
    run = runs.order_sync(days=7, dry_run=dry_run)
    assert not run.succeeded
    for asset in ("printful_orders", "order_items"):
        assert (run.days(GREEN, asset), run.days(OBSERVED, asset)) == (set(), {None})
    assert ("items_agree", None) not in run.checks
    assert bool(runs.green()) is not dry_run


def test_a_day_with_an_undecided_record_leaves_the_other_half_green(
    runs: Runs, sandbox: Sandbox, outage: World
) -> None:
    session = next(each for each in outage.sessions if each["id"] in lost_with_days(outage))
    sandbox.put_session({**session, "currency": None})
    run = runs.order_sync(days=7)
    assert not run.succeeded
    assert run.days(GREEN, "printful_orders") == run.days(GREEN, "order_items") == {None}
    assert run.checks["items_agree", None].passed


def test_a_second_run_finds_nothing_to_do(past: Past) -> None:
    again = past.again.of("order_sync_summary")
    assert (again["stripe_sessions_added"].value, again["printful_items_added"].value) == (0, 0)
