"""`daily_order_sync` over chosen days, and materializing from the asset graph."""

from datetime import date, timedelta

import dagster as dg
import pytest

from ordersync_dagster.orchestration.assets import order_sync_assets
from ordersync_dagster.orchestration.names import ONLY_SHOP
from ordersync_dagster.orchestration.partitions import daily
from ordersync_dagster.orchestration.schedules import RANGE_END, RANGE_START
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.orchestration.runs import GREEN, OBSERVED, Run, Runs, lost_with_days, shop_with
from ordersync_dagster_tests.support.databases import Database, everything


def test_a_range_of_days_is_one_run_and_all_of_them_turn_green(runs: Runs, outage: World, shop: Database) -> None:
    first, last = outage.now.date() - timedelta(days=7), outage.now.date() - timedelta(days=1)
    run = runs.daily_order_sync(first, last)
    assert run.succeeded
    assert runs.green("stripe_sessions") == runs.green() == {str(first + timedelta(days=n)) for n in range(7)}
    assert {row["stripe_session_id"] for row in shop.rows("SELECT stripe_session_id FROM orders")} >= set(
        lost_with_days(outage)
    )
    assert run.of("order_sync_summary")["stripe_sessions_added"].value == 3


def test_only_the_chosen_days_are_asked_for_and_written(runs: Runs, outage: World, shop: Database) -> None:
    day = max(lost_with_days(outage).values())
    run = runs.daily_order_sync(day, day)
    assert run.days(GREEN) == {day}
    assert shop.count("orders") - len(outage.shop.orders) == list(lost_with_days(outage).values()).count(day)


def test_a_dry_run_of_a_backfill_turns_no_day_green(runs: Runs, outage: World, shop: Database) -> None:
    before = everything(shop)
    day = max(lost_with_days(outage).values())
    run = runs.daily_order_sync(day, day, dry_run=True)
    assert run.succeeded
    assert not runs.green()
    assert run.days(OBSERVED) == {day}
    assert run.of("order_sync_summary", kind=OBSERVED)["preview_stripe_sessions_added"].value == 1
    assert everything(shop) == before


def test_a_backfill_looks_up_open_orders_only_unless_told_otherwise(runs: Runs, outage: World) -> None:
    day = outage.now.date() - timedelta(days=1)
    usual = runs.daily_order_sync(day, day, dry_run=True).of("printful_orders", kind=OBSERVED)
    whole = runs.daily_order_sync(day, day, dry_run=True, printful="all").of("printful_orders", kind=OBSERVED)
    assert 0 < usual["checked"].value < whole["checked"].value


def test_days_long_past_and_the_first_day_can_be_run(runs: Runs) -> None:
    first = date.fromisoformat(daily.get_partition_keys()[0])
    assert runs.daily_order_sync(first, first + timedelta(days=2)).succeeded
    assert len(runs.green()) == 3


def test_a_run_without_days_says_where_to_go(runs: Runs, sandbox: Sandbox) -> None:
    run = materialize(runs, [], {})
    assert run.failure == "choose the days (partitions) to run; for the last N days use the job order_sync."
    assert not sandbox.requests


def test_the_daily_assets_alone_leave_printful_alone(runs: Runs, sandbox: Sandbox, outage: World) -> None:
    day = max(lost_with_days(outage).values())
    run = materialize(runs, ["stripe_sessions", "orders"], span(day))
    assert run.succeeded
    assert run.days(GREEN) == {day}
    assert not run.days(GREEN, "order_sync_summary")
    assert {request.path.split("/")[1] for request in sandbox.requests} == {"v1"}


def test_the_other_assets_alone_leave_stripe_alone(runs: Runs, sandbox: Sandbox) -> None:
    run = materialize(runs, ["printful_orders", "order_items", "order_sync_summary"], {})
    assert run.succeeded
    assert run.days(GREEN, "order_items") == {None}
    assert {request.path.split("/")[1] for request in sandbox.requests} == {"orders"}


def test_the_sessions_alone_are_read_and_no_order_is_written(runs: Runs, shop: Database, outage: World) -> None:
    before = everything(shop)
    day = max(lost_with_days(outage).values())
    run = materialize(runs, ["stripe_sessions"], span(day))
    assert run.succeeded
    assert (run.days(GREEN, "stripe_sessions"), run.days(GREEN)) == ({day}, set())
    assert everything(shop) == before


def test_printfuls_orders_alone_are_read_and_nothing_is_written(runs: Runs, shop: Database) -> None:
    before = everything(shop)
    run = materialize(runs, ["printful_orders"], {})
    assert run.succeeded
    assert (run.days(GREEN, "printful_orders"), run.days(GREEN, "order_items")) == ({None}, set())
    assert everything(shop) == before


def test_a_dry_run_of_the_sessions_alone_turns_nothing_green(runs: Runs, outage: World) -> None:
    day = max(lost_with_days(outage).values())
    run = materialize(runs, ["stripe_sessions"], span(day), dry_run=True)
    assert (run.days(GREEN, "stripe_sessions"), run.days(OBSERVED, "stripe_sessions")) == (set(), {day})


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        (["stripe_sessions", "order_items"], "stripe_sessions is read in the same step in which orders is written"),
        (["orders", "printful_orders"], "printful_orders is read in the same step in which order_items is written"),
        (["order_sync_summary"], "order_sync_summary is the report of a run"),
    ],
)
def test_assets_that_make_no_whole_run_are_refused_with_what_to_choose(
    runs: Runs, sandbox: Sandbox, outage: World, selection: list[str], sentence: str
) -> None:
    run = materialize(runs, selection, span(max(lost_with_days(outage).values())))
    assert sentence in run.failure
    assert not sandbox.requests


def test_a_backfill_of_assets_without_printful_gives_every_asset_an_event(runs: Runs, sandbox: Sandbox) -> None:
    selection = ["printful_orders", "order_items", "order_sync_summary"]
    run = materialize(runs, selection, {"dagster/backfill": "abcdefgh"}, printful="none")
    assert run.succeeded
    for name in ("printful_orders", "order_items"):
        assert run.of(name)["looked_at"].value is False
    assert not sandbox.requests
    assert not materialize(runs, selection, {}, printful="none").days(GREEN, "order_items")


@pytest.mark.parametrize("selection", [["stripe_sessions", "orders"], []])
def test_a_dry_run_as_a_backfill_of_assets_is_refused_and_sent_to_the_job(
    runs: Runs, sandbox: Sandbox, outage: World, selection: list[str]
) -> None:
    tags = {"dagster/backfill": "abcdefgh"} | span(max(lost_with_days(outage).values()))
    run = materialize(runs, selection, tags, dry_run=True)
    assert "Launch it from the page of the job daily_order_sync" in run.failure
    assert not sandbox.requests


def test_shadow_mode_as_a_backfill_of_assets_is_refused_and_sent_to_the_job(
    runs: Runs, sandbox: Sandbox, outage: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERSYNC_SHADOW", "1")
    days = span(max(lost_with_days(outage).values()))
    run = materialize(runs, ["stripe_sessions", "orders"], {"dagster/backfill": "abcdefgh"} | days)
    assert "a run in shadow mode (ORDERSYNC_SHADOW) that is launched as a backfill of assets" in run.failure
    assert "Launch it from the page of the job daily_order_sync" in run.failure
    assert not sandbox.requests
    assert materialize(runs, ["stripe_sessions"], {"dagster/backfill": "abcdefgh"} | days).succeeded
    assert materialize(runs, ["stripe_sessions", "orders"], days).succeeded


def span(day: date) -> dict[str, str]:
    """The tags of a run over one day."""
    return {RANGE_START: str(day), RANGE_END: str(day)}


def materialize(runs: Runs, assets: list[str], tags: dict[str, str], **config: object) -> Run:
    """As from the asset graph: `assets` of the job that Dagster makes for all, with nothing selected all of them."""
    own = dg.Definitions(
        [order_sync_assets(ONLY_SHOP)], resources={"shop": shop_with(runs.tools)}, executor=dg.in_process_executor
    )
    result = own.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config={"ops": {"order_sync_assets": {"config": config}}},
        asset_selection=[dg.AssetKey(name) for name in assets] or None,
        instance=runs.instance,
        tags=tags,
        raise_on_error=False,
    )
    return Run(result, runs.instance)
