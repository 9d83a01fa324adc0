"""`ordersync runs`, `undo`, `audit`, `purge` and `forget` as people and scripts meet them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.journal import run_history
from ordersync_dagster.app.history import History
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.cli.histories import document, last_run
from ordersync_dagster_tests.support.cli import Cli
from ordersync_dagster_tests.support.databases import closed, everything
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import seeded
from ordersync_dagster_tests.support.stores import opened
from ordersync_dagster_tests.support.undo_stages import shop_rows
from ordersync_dagster_tests.support.world import expected_counters, lost

HEAVY = "alembic", "pandas", "matplotlib", "dagster"


@pytest.fixture
def ordersync(ordersync_everywhere: Cli) -> Cli:
    return ordersync_everywhere


def test_a_run_can_be_taken_back_to_the_very_row(ordersync: Cli, world: World) -> None:
    before = shop_rows(ordersync.database)
    assert ordersync("sync").code == 0
    run_id = last_run(ordersync)
    preview = ordersync("undo", run_id, "--dry-run")
    assert preview.code == 0
    assert preview.out.endswith("Dry run: nothing was written. Run again without --dry-run to apply it.\n")
    ran = ordersync("undo", run_id)
    assert (ran.code, ran.err) == (0, "")
    assert f"Orders removed: {expected_counters(world).stripe_sessions_added}\n" in ran.out
    assert f"Items removed: {expected_counters(world).printful_items_added}\n" in ran.out
    assert shop_rows(ordersync.database) == before
    assert ordersync("audit", "verify").code == 0


def test_after_an_undo_the_next_run_repairs_the_same_again(ordersync: Cli) -> None:
    first = json.loads(ordersync("sync", "--json").out)
    after = shop_rows(ordersync.database)
    ordersync("undo", last_run(ordersync))
    again = json.loads(ordersync("sync", "--json").out)
    assert again["summary"] == first["summary"]
    assert len(shop_rows(ordersync.database)["orders"]) == len(after["orders"])


def test_an_undo_of_an_undone_run_names_the_undo_before_it(ordersync: Cli) -> None:
    ordersync("sync")
    run_id = last_run(ordersync)
    first = document(ordersync, "undo", run_id)
    assert first["undone_by"] == []
    for options in (["--dry-run"], []):
        assert f"The run was undone before, by {first['run_id']}.\n" in ordersync("undo", run_id, *options).out
    assert document(ordersync, "undo", run_id, "--dry-run")["undone_by"][0] == first["run_id"]


def test_a_run_is_shown_some_records_at_a_time_and_as_if_at_once(
    ordersync: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordersync("sync")
    run_id = last_run(ordersync)
    at_once = [ordersync("runs", "show", run_id, *options).out for options in ([], ["--json"])]
    monkeypatch.setattr(run_history, "RECORDS_AT_ONCE", 2)
    shown = [ordersync("runs", "show", run_id, *options).out for options in ([], ["--json"])]
    assert shown == at_once
    changes = json.loads(shown[1])["changes"]
    assert [each["seq"] for each in changes] == sorted(each["seq"] for each in changes)
    assert json.dumps(json.loads(shown[1]), indent=2) + "\n" == shown[1]


def test_a_run_whose_orders_were_all_refused_is_not_said_to_have_succeeded(ordersync: Cli, world: World) -> None:
    with closed(ordersync.database):
        ran = ordersync("sync")
    assert ran.code == 1
    (line,) = ordersync("runs").out.splitlines()
    assert f"  ended with {len(lost(world))} errors  " in line
    assert "succeeded" not in line
    assert f"ended with {len(lost(world))} errors" in ordersync("report", "--format", "md").out
    ordersync("sync")
    assert "  succeeded  " in ordersync("runs").out.splitlines()[0]


def test_the_result_of_an_undo_holds_no_rows(ordersync: Cli) -> None:
    ordersync("sync")
    settings = settings_for(ordersync.sandbox, ordersync.database.url)
    for dry_run in (True, False):
        undone = History(settings).undo(last_run(ordersync), dry_run=dry_run)
        assert undone.removals
        steps = [
            *((each.order, each.items) for each in undone.removals),
            *((s.order, s.items) for s in undone.reversals),
        ]
        assert not any(order or any(items.values()) for order, items in steps)


def test_what_somebody_touched_is_left_named_and_makes_the_exit_1(ordersync: Cli, world: World) -> None:
    ordersync("sync")
    session = lost(world)[0]["id"]
    ordersync.database.execute("UPDATE orders SET status = 'refunded' WHERE stripe_session_id = :id", id=session)
    (order_id,) = ordersync.database.column("SELECT id FROM orders WHERE stripe_session_id = :id", id=session)
    found = document(ordersync, "undo", last_run(ordersync), code=1)
    assert [problem["order_id"] for problem in found["problems"]] == [order_id]
    assert found["summary"]["left"] == 1
    assert found["summary"]["orders_removed"] == expected_counters(world).stripe_sessions_added - 1
    assert ordersync.database.column("SELECT status FROM orders WHERE id = :id", id=order_id) == ["refunded"]


def test_runs_lists_what_each_run_was_for_and_what_it_wrote(ordersync: Cli, world: World) -> None:
    assert ordersync("runs").out == "There was no run yet.\n"
    ordersync("sync")
    run_id = last_run(ordersync)
    ordersync("undo", run_id)
    undo, sync = document(ordersync, "runs")["runs"]
    assert (sync["kind"], sync["state"], sync["rows_written"]["orders_inserted"]) == (
        "sync", "succeeded", expected_counters(world).stripe_sessions_added,
    )  # fmt: skip
    assert sync["summary"]["stripe_sessions_checked"] == expected_counters(world).stripe_sessions_checked
    assert sync["window"]["start"] < sync["window"]["end"]
    assert (undo["kind"], undo["undoes"]) == ("undo", run_id)
    lines = ordersync("runs").out.splitlines()
    assert f"undo of {run_id}" in lines[0]
    assert lines[1].startswith(run_id)


def test_show_tells_what_one_run_changed_and_why(ordersync: Cli, world: World) -> None:
    ordersync("sync")
    run_id = last_run(ordersync)
    found = document(ordersync, "runs", "show", run_id)
    rows = found["run"]["rows_written"]
    assert len(found["changes"]) == sum(rows.values())
    moved = [field for change in found["changes"] for field in change["fields"] if change["action"] == "order_update"]
    assert {"field": "status", "before": "processing", "after": "delivered"} in moved
    ran = ordersync("runs", "show", run_id)
    assert "  status: processing → delivered" in ran.out
    assert f"paid session {lost(world)[0]['id']} had no order" in ran.out
    for order in world.shop.orders:
        assert order["customer_email"] not in ran.out
    ordersync("undo", run_id)
    assert document(ordersync, "runs", "show", run_id)["undone_by"] == [last_run(ordersync)]


def test_a_run_that_never_was_is_exit_2(ordersync: Cli) -> None:
    for command in (("undo", "x"), ("undo", "x", "--dry-run"), ("runs", "show", "x")):
        ran = ordersync(*command)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == "ordersync: there is no run x: `ordersync runs` lists them\n"


def test_an_undo_is_not_undone(ordersync: Cli) -> None:
    ordersync("sync")
    run_id = last_run(ordersync)
    ordersync("undo", run_id)
    before = everything(ordersync.database)
    ran = ordersync("undo", last_run(ordersync))
    assert ran.code == 2
    assert f"is an undo of run {run_id} and cannot be undone" in ran.err
    assert everything(ordersync.database) == before


def test_what_others_hold_is_left_for_later(ordersync: Cli) -> None:
    ordersync("sync")
    run_id = last_run(ordersync)
    with opened(ordersync.database.url) as (store, _), store.run("the-other", None):
        for command in (("undo", run_id), ("purge", "--older-than", "1"), ("forget", "x@example.com")):
            ran = ordersync(*command)
            assert (ran.code, ran.out) == (75, "")
            assert "another run (the-other) is at work" in ran.err
        assert ordersync("undo", run_id, "--dry-run").code == 0


def test_looking_back_creates_no_database(ordersync: Cli, tmp_path: Path) -> None:
    for command in (("runs",), ("undo", "x"), ("audit", "verify"), ("purge", "--older-than", "1")):
        ran = ordersync(*command, DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
        assert ran.code == 2
        assert "there is no database" in ran.err
    assert not (tmp_path / "none.db").exists()


def test_it_needs_no_keys_but_a_database(ordersync: Cli) -> None:
    assert ordersync("runs", STRIPE_SECRET_KEY=None, PRINTFUL_API_KEY=None).code == 0
    ran = ordersync("runs", DATABASE_URL=None)
    assert (ran.code, "DATABASE_URL" in ran.err) == (2, True)


@pytest.mark.full
@pytest.mark.parametrize("command", ["undo", "runs"])
def test_nothing_heavy_is_loaded(sandbox: Sandbox, sqlite_url: str, world: World, command: str) -> None:
    database = seeded(sqlite_url, world)
    script = (
        "import sys; from ordersync_dagster.cli import main as cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    arguments = {"runs": ["runs"], "undo": ["undo", "x"]}[command]
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=sandbox.environment() | {"DATABASE_URL": database.url, "PATH": ""},
        cwd=database.path.parent, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.stderr.splitlines()[-1] == "[]"
