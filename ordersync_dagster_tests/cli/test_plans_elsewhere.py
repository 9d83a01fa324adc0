"""Saved plans and proofs where the database numbers the orders, and saved plans in shadow mode."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.cli import Cli, command_on, counter_lines, document
from ordersync_dagster_tests.support.numbered_shops import VALUES, numbered_shop
from ordersync_dagster_tests.support.world import lost

PLAN, PROOF = "plan.json", "proof.json"


@pytest.fixture
def numbered(
    sandbox: Sandbox, database_url: str, world: World, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Iterator[Cli]:  # fmt: skip
    """The command in a folder of its own, and a shop whose orders, items, events and audit have numbers."""
    monkeypatch.chdir(tmp_path)
    Path("ordersync.toml").write_text(VALUES)
    with command_on(sandbox, numbered_shop(database_url, world), monkeypatch, capsys) as run:
        yield run


def test_a_plan_of_a_shop_with_numbers_is_applied_whole_and_once(numbered: Cli, world: World) -> None:
    assert numbered("sync", "--dry-run", "--save", PLAN).code == 0
    applied = numbered("sync", "--plan", PLAN)
    assert (applied.code, applied.out.splitlines()[2:9]) == (0, counter_lines(world))
    assert numbered.database.count("orders") == len(world.shop.orders) + len(lost(world))
    again = document(numbered("sync", "--plan", PLAN, "--json"))
    assert again["changes"] == []
    assert {each["class"] for each in again["problems"] if each["severity"] == "error"} == {"not_as_planned"}
    assert document(numbered("sync", "--json"))["changes"] == []


def test_a_proof_of_a_shop_with_numbers_holds_and_names_what_changed(numbered: Cli) -> None:
    numbered("sync")
    today = utc_now().date()
    days = ("--from", str(today - timedelta(days=9)), "--to", str(today - timedelta(days=1)))
    assert numbered("prove", *days, "-o", PROOF).code == 0
    assert numbered("prove", "--check", PROOF).code == 0
    day = next(each for each in json.loads(Path(PROOF).read_text())["days"] if each["paid"])
    number = day["paid"][0]["orders"][0]["id"]
    numbered.database.execute("UPDATE orders SET total_amount = 0.01 WHERE id = :id", id=int(number))
    found = document(numbered("prove", "--check", PROOF, "--json"))
    assert [(each["what"], each["side"], each["id"]) for each in found["changes"]] == [("changed", "shop", number)]


def test_a_plan_in_shadow_mode_is_kept_and_not_applied(ordersync: Cli, world: World) -> None:
    assert ordersync("sync", "--dry-run", "--save", PLAN, ORDERSYNC_SHADOW="1").code == 0
    ran = ordersync("sync", "--plan", PLAN)
    assert (ran.code, ran.out.splitlines()[2:9]) == (0, counter_lines(world))
    assert "nothing was written to the shop's tables" in ran.out
    assert ordersync.database.count("orders") == len(world.shop.orders)
    kept = document(ordersync("shadow", "--json"))["summary"]["shadow_repairs"]
    ordersync("sync", "--plan", PLAN)
    assert document(ordersync("shadow", "--json"))["summary"]["shadow_repairs"] == kept > 0
    applied = ordersync("sync", "--plan", PLAN, ORDERSYNC_SHADOW=None)
    assert (applied.code, applied.out.splitlines()[2:9]) == (0, counter_lines(world))
