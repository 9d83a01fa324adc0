"""`sync --dry-run --save` and `sync --plan`: files, what goes together, and what is refused before any request."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster import __version__
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.cli import Cli, Ran, counter_lines, document
from ordersync_dagster_tests.support.world import lost

PLAN = Path("plan.json")


def saved(ordersync: Cli) -> dict[str, Any]:
    """The plan of a dry run, kept in PLAN."""
    ran = ordersync("sync", "--dry-run", "--save", str(PLAN))
    assert ran.code == 0
    found: dict[str, Any] = json.loads(PLAN.read_text())
    return found


def refused(ordersync: Cli, *arguments: str, **environment: str) -> str:
    """The sentence with which a command is exit 2, before anything was asked or written."""
    before = ordersync.database.path.read_bytes()
    ordersync.sandbox.requests.clear()
    ran: Ran = ordersync(*arguments, **environment)
    assert (ran.code, ran.out) == (2, "")
    assert ordersync.sandbox.requests == []
    assert ordersync.database.path.read_bytes() == before
    return ran.err


def test_the_saved_plan_is_applied_with_the_figures_of_the_dry_run(ordersync: Cli, world: World) -> None:
    ran = ordersync("sync", "--dry-run", "--save", str(PLAN))
    assert "ordersync sync --plan plan.json" in ran.err
    applied = ordersync("sync", "--plan", str(PLAN))
    assert applied.out.splitlines()[2:9] == counter_lines(world)
    assert applied.code == 0
    assert document(ordersync("sync", "--json"))["changes"] == []


def test_the_file_is_its_owners_alone_and_holds_neither_names_nor_addresses(ordersync: Cli, world: World) -> None:
    plan = saved(ordersync)
    assert PLAN.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in Path().iterdir() if path.name.startswith(".plan")] == []
    for session in lost(world):
        details = session["customer_details"]
        assert details["email"] not in PLAN.read_text()
        assert details["name"] not in PLAN.read_text()
    assert {each["change"] for each in plan["changes"]} == {"insert_order", "update_order"}


def test_what_is_applied_has_audit_undo_and_a_limit_as_any_run(ordersync: Cli) -> None:
    saved(ordersync)
    assert ordersync("sync", "--plan", str(PLAN), "--max-changes", "1").code == 2
    run_id = document(ordersync("sync", "--plan", str(PLAN), "--json"))["run_id"]
    assert run_id in ordersync("runs").out
    assert ordersync("undo", run_id).code == 0
    assert ordersync("audit", "verify").code == 0


def test_an_order_that_moved_is_exit_1_and_named_in_text_and_json(ordersync: Cli) -> None:
    order_id = next(each["order_id"] for each in saved(ordersync)["changes"] if each["change"] == "update_order")
    ordersync.database.execute(
        "UPDATE orders SET status = 'returned', tracking_number = 'moved' WHERE id = :id", id=order_id
    )
    looked = ordersync("sync", "--plan", str(PLAN), "--dry-run")
    assert looked.code == 1
    assert f"[not_as_planned] The plan changes order {order_id}" in looked.out
    ran = ordersync("sync", "--plan", str(PLAN), "--json")
    named = [each["ids"]["order_id"] for each in document(ran)["problems"] if each["class"] == "not_as_planned"]
    assert (ran.code, named) == (1, [order_id])


@pytest.mark.parametrize(
    "other", [["--days", "3"], ["--from", "2026-01-01", "--to", "2026-01-02"], ["--printful", "open"]]
)
def test_a_plan_brings_its_own_period_and_scope(ordersync: Cli, other: list[str]) -> None:
    saved(ordersync)
    assert f"leave out {other[0]}" in refused(ordersync, "sync", "--plan", str(PLAN), *other)


def test_only_a_dry_run_is_saved_and_not_that_of_a_plan(ordersync: Cli) -> None:
    saved(ordersync)
    assert "--save goes with --dry-run" in refused(ordersync, "sync", "--save", "other.json")
    assert "leave out --save" in refused(ordersync, "sync", "--plan", str(PLAN), "--dry-run", "--save", "other.json")
    assert not Path("other.json").exists()


def test_a_file_of_another_kind_is_never_replaced_and_a_plan_is(ordersync: Cli) -> None:
    Path("notes.txt").write_text("mine")
    assert "is no ordersync plan" in refused(ordersync, "sync", "--dry-run", "--save", "notes.txt")
    assert Path("notes.txt").read_text() == "mine"
    Path("folder").mkdir()
    assert "must be a folder and" in refused(ordersync, "sync", "--dry-run", "--save", "folder")
    assert saved(ordersync)["made_at"] < saved(ordersync)["made_at"]


def test_a_plan_of_another_database_is_exit_2(ordersync: Cli, tmp_path: Path) -> None:
    saved(ordersync)
    other = tmp_path / "copy.db"
    other.write_bytes(ordersync.database.path.read_bytes())
    assert "and DATABASE_URL is" in refused(ordersync, "sync", "--plan", str(PLAN), DATABASE_URL=f"sqlite:///{other}")


def test_a_plan_of_the_other_mode_is_exit_2(ordersync: Cli) -> None:
    saved(ordersync)
    sentence = refused(ordersync, "sync", "--plan", str(PLAN), STRIPE_SECRET_KEY="rk_live_" + "a" * 24)
    assert "is a plan of Stripe's test mode, and STRIPE_SECRET_KEY is a key of live mode" in sentence


def test_the_same_database_under_a_relative_path_is_the_same(ordersync: Cli) -> None:
    saved(ordersync)
    assert ordersync("sync", "--plan", str(PLAN), DATABASE_URL="sqlite:///shop.db").code == 0


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda text: text.replace(f'"version": "{__version__}"', '"version": "9.9.9"'), "was edited or is damaged"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 2'), "has schema_version 2"),
        (lambda text: re.sub(r'"order_id": "\w', '"order_id": "0', text), "was edited or is damaged"),
        (lambda text: text[: len(text) // 2], "it is not JSON"),
        (lambda text: "", "it is not JSON"),
        (lambda text: "[" * 100_000, "it is not JSON"),
        (lambda text: "[]", "is no ordersync plan"),
        (lambda text: text.replace("ordersync plan", "ordersync proof"), "is no ordersync plan"),
    ],
)
def test_a_file_that_was_edited_or_is_damaged_is_exit_2(
    ordersync: Cli, spoil: Callable[[str], str], sentence: str
) -> None:
    saved(ordersync)
    PLAN.write_text(spoil(PLAN.read_text()))
    assert sentence in refused(ordersync, "sync", "--plan", str(PLAN))


def test_a_file_that_is_missing_or_no_text_is_exit_2(ordersync: Cli) -> None:
    assert "cannot be read: No such file" in refused(ordersync, "sync", "--plan", "missing.json")
    PLAN.write_bytes(b"\xff\xfe\x00")
    assert "it is not JSON" in refused(ordersync, "sync", "--plan", str(PLAN))


def test_a_plan_of_another_release_is_exit_2(ordersync: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("ordersync_dagster.report.saved_file.__version__", "0.0.9")
        saved(ordersync)
    assert "was made by ordersync 0.0.9" in refused(ordersync, "sync", "--plan", str(PLAN))


def test_an_old_plan_is_said_to_be_old(ordersync: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("ordersync_dagster.app.wiring.utc_now", lambda: utc_now() - timedelta(hours=25))
        saved(ordersync)
    ran = ordersync("sync", "--plan", str(PLAN), "--dry-run", "--json")
    assert "The plan was made 25 hours ago" in " ".join(document(ran)["warnings"])


def test_a_dry_run_that_stops_early_saves_no_plan(ordersync: Cli) -> None:
    ran = ordersync("sync", "--dry-run", "--save", str(PLAN), STRIPE_SECRET_KEY="rk_test_refused")
    assert ran.code == 2
    assert not PLAN.exists()


def test_a_plan_in_shadow_mode_is_kept_and_not_applied(ordersync: Cli, world: World) -> None:
    assert ordersync("sync", "--dry-run", "--save", str(PLAN), ORDERSYNC_SHADOW="1").code == 0
    ran = ordersync("sync", "--plan", str(PLAN))
    assert (ran.code, ran.out.splitlines()[2:9]) == (0, counter_lines(world))
    assert "nothing was written to the shop's tables" in ran.out
    assert ordersync.database.count("orders") == len(world.shop.orders)
    kept = document(ordersync("shadow", "--json"))["summary"]["shadow_repairs"]
    ordersync("sync", "--plan", str(PLAN))
    assert document(ordersync("shadow", "--json"))["summary"]["shadow_repairs"] == kept > 0
    applied = ordersync("sync", "--plan", str(PLAN), ORDERSYNC_SHADOW=None)
    assert (applied.code, applied.out.splitlines()[2:9]) == (0, counter_lines(world))
