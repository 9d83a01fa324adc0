"""A shop whose database numbers the orders, as people and scripts meet it."""

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


def test_a_run_names_its_new_orders_by_their_numbers(numbered: Cli, world: World) -> None:
    planned = document(numbered("sync", "--dry-run", "--json"))["problems"]
    assert any("new:" in json.dumps(each) for each in planned)
    ran = numbered("sync")
    (waiting,) = [line for line in ran.out.splitlines() if "nothing at Printful, and their customers wait" in line]
    named = {line.strip() for line in ran.out.split(waiting)[1].split("\n\n")[0].splitlines() if line.strip()}
    added = "SELECT id FROM orders ORDER BY id DESC LIMIT :count"
    assert named <= {str(number) for number in numbered.database.column(added, count=len(lost(world)))}
    assert named
    assert "new:" not in ran.out + numbered("problems").out
