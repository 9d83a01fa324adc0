"""How runs stop: one sentence, nothing half-done, retried only where that can help."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
from dagster import validate_run_config

from ordersync_dagster.app.settings import read_settings
from ordersync_dagster.app.wiring import Tools, open_run
from ordersync_dagster.core.window import Window
from ordersync_dagster.definitions import defs
from ordersync_dagster.orchestration.resources import BUSY_RETRIES
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster.sync.ports import Store
from ordersync_dagster_tests.orchestration.runs import GREEN, Run, Runs, lost_with_days
from ordersync_dagster_tests.support.databases import Database, everything

RUN_FINISHED = ("last_run_finished", None)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"days": 0}, "days must be a whole number from 1 to 365, not 0;"),
        ({"days": 366}, "days must be a whole number from 1 to 365, not 366;"),
        ({"days": -30}, "days must be a whole number from 1 to 365, not -30;"),
        ({"days": None}, "days must be a whole number from 1 to 365, not null;"),
        ({"days": 10**30}, f"days must be a whole number from 1 to 365, not {10**30};"),
        ({"dry_run": None}, "dry_run must be true or false, not null;"),
        ({"printful": None}, "printful must be all, open or none, not null;"),
        ({"max_changes": -2}, "max_changes must be 0 or more, or -1 for no limit, not -2;"),
    ],
)
def test_values_out_of_range_stop_the_run_before_any_request(
    runs: Runs, sandbox: Sandbox, shop: Database, config: dict[str, Any], sentence: str
) -> None:
    before = everything(shop)
    run = runs.order_sync(**config)
    assert run.failure == f"{sentence} nothing was asked or written."
    assert not sandbox.requests
    assert everything(shop) == before
    assert run.retries == 0


@pytest.mark.parametrize("name", ["dry_run", "printful"])
def test_an_empty_option_of_a_backfill_is_one_sentence_too(runs: Runs, outage: World, name: str) -> None:
    day = max(lost_with_days(outage).values())
    assert runs.daily_order_sync(day, day, **{name: None}).failure.startswith(f"{name} must be ")


@pytest.mark.parametrize("days", ["7", "a week", 7.5, True, [7], {"last": 7}])
def test_a_value_of_another_kind_is_refused_by_the_launchpad_itself(days: object) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match="days"):
        validate_run_config(defs.resolve_job_def("order_sync"), {"days": days})


def test_a_run_that_dies_half_way_keeps_its_finished_days(
    runs: Runs, sandbox: Sandbox, outage: World, shop: Database
) -> None:
    last_lost = max(lost_with_days(outage).values())
    later = str(last_lost + timedelta(days=1))
    shop.execute("UPDATE orders SET status = 'refunded' WHERE created_at >= :later", later=later)
    sandbox.faults.add(Fault("/v1/refunds", "status", 500, times=None))  # asked for on the newest lost day
    run = runs.order_sync(days=7)
    yesterday = outage.now.date() - timedelta(days=1)
    finished = {yesterday - timedelta(days=n) for n in range((yesterday - last_lost).days)}
    assert run.days(GREEN) == finished != set()
    assert "What was committed stays; the next run goes on." in run.failure
    assert run.red == {RUN_FINISHED}
    sandbox.faults.clear()
    assert runs.daily_order_sync(last_lost - timedelta(days=3), last_lost).failure == ""
    assert runs.green() == {str(day) for day in (*finished, *(last_lost - timedelta(days=n) for n in range(4)))}


def test_a_record_that_cannot_be_decided_fails_the_run_after_all_else_was_done(
    runs: Runs, sandbox: Sandbox, outage: World, shop: Database
) -> None:
    session_id, day = next(iter(lost_with_days(outage).items()))
    broken = next(each for each in outage.sessions if each["id"] == session_id)
    sandbox.put_session({**broken, "amount_total": "a lot"})
    run = runs.order_sync(days=7)
    assert run.failure == "1 record could not be decided; the report names them."
    assert run.retries == 0
    assert run.of("order_sync_summary")["errors"].value == 1
    assert str(day) not in runs.green()
    assert len(runs.green()) == 6
    assert ("every_paid_session_has_an_order", str(day)) in run.red
    assert len(shop.rows("SELECT id FROM orders")) == len(outage.shop.orders) + len(lost_with_days(outage)) - 1


def test_more_changes_than_allowed_write_nothing(runs: Runs, shop: Database) -> None:
    before = everything(shop)
    run = runs.order_sync(days=7, max_changes=1)
    assert "more than the limit of 1 change; nothing was written" in run.failure
    of_runs = {"ordersync_runs", "ordersync_dagster_runs"}
    assert {name: rows for name, rows in everything(shop).items() if name not in of_runs} == {
        name: rows for name, rows in before.items() if name not in of_runs
    }
    assert not runs.green()


@pytest.mark.full
def test_no_limit_and_a_wide_limit_let_a_run_pass(runs: Runs) -> None:
    assert runs.order_sync(days=7, max_changes=1000).succeeded
    assert runs.order_sync(days=7, max_changes=None).succeeded


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL"])
def test_a_missing_setting_is_named_and_not_retried(runs: Runs, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    run = runs.order_sync(days=7)
    assert run.failure.startswith(f"{name} is not set in the environment or in .env: ")
    assert run.retries == 0


def test_a_relative_database_file_is_refused(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///shop.db")
    assert "make it absolute" in runs.order_sync(days=7).failure


def test_the_lock_is_tried_again_and_then_the_run_fails_with_the_holders_id(runs: Runs, shop: Database) -> None:
    before = shop.count("orders")
    run = while_locked(runs, lambda: runs.order_sync(days=7))
    assert run.retries == BUSY_RETRIES
    assert "the-holder" in run.failure
    assert shop.count("orders") == before
    assert run.red == {RUN_FINISHED}


def test_a_run_that_meets_the_lock_goes_on_when_it_is_free(runs: Runs) -> None:
    holding = _store(runs).run("the-holder", _window(runs))
    holding.__enter__()
    runs.waits.append(lambda: holding.__exit__(None, None, None))
    run = runs.order_sync(days=7)
    assert (run.succeeded, run.retries, run.red) == (True, 1, set())


AWAY = "postgresql://writer@127.0.0.1:1/shop"  # nobody listens there
LAUNCHES: dict[str, Callable[[Runs], Run]] = {
    "order_sync": lambda runs: runs.order_sync(days=7),
    "a dry run": lambda runs: runs.order_sync(days=7, dry_run=True),
    "report_drift": lambda runs: runs.drift_report(days=7),
}


@pytest.mark.parametrize("launch", LAUNCHES.values(), ids=LAUNCHES)
def test_a_database_that_is_away_for_a_moment_is_tried_again(
    launch: Callable[[Runs], Run], runs: Runs, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", AWAY)
    runs.waits.append(lambda: monkeypatch.setenv("DATABASE_URL", shop.url))
    run = launch(runs)
    assert (run.succeeded, run.retries, run.failure) == (True, 1, "")


def test_a_database_that_stays_away_fails_the_run_in_the_end(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", AWAY)
    run = runs.order_sync(days=7)
    assert run.retries == BUSY_RETRIES
    assert "the database does not answer" in run.failure
    assert run.red == {RUN_FINISHED}


def test_a_dry_run_needs_no_lock(runs: Runs) -> None:
    assert while_locked(runs, lambda: runs.order_sync(days=7, dry_run=True)).succeeded


def test_the_text_of_an_unforeseen_error_is_not_kept(runs: Runs) -> None:
    def broken() -> Any:
        raise RuntimeError("mira@example.com")

    others = Runs(runs.instance, Tools(broken))
    for run in (others.order_sync(days=7), others.drift_report(days=7)):
        assert run.failure.startswith("unexpected RuntimeError at test_stops.py:")
        assert "mira@example.com" not in repr(run.events)


def test_our_own_sentences_stay_where_dagster_leaves_out_the_words_of_errors(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_REDACT_USER_CODE_ERRORS", "1")
    assert runs.order_sync(days=0).failure.startswith("days must be a whole number from 1 to 365, not 0;")


def while_locked(runs: Runs, act: Callable[[], Run]) -> Run:
    """Act while another run holds the shop's lock."""
    with _store(runs).run("the-holder", _window(runs)):
        return act()


def _store(runs: Runs) -> Store:
    return open_run(read_settings(), PrintfulScope.none, dry_run=False, tools=runs.tools).sync.store


def _window(runs: Runs) -> Window:
    return Window.last_days(1, runs.tools.clock())
