"""`ordersync audit`, `purge` and `forget` as people and scripts meet them."""

import pytest

from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.cli.histories import document, last_run
from ordersync_dagster_tests.support.cli import Cli
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.world import lost


@pytest.fixture
def ordersync(ordersync_everywhere: Cli) -> Cli:
    return ordersync_everywhere


def test_all_that_was_written_of_an_order_is_found_by_its_id_and_by_its_session(ordersync: Cli, world: World) -> None:
    ordersync("sync")
    ordersync("undo", run_id := last_run(ordersync))
    ordersync("sync")
    session = lost(world)[0]["id"]
    (order_id,) = ordersync.database.column("SELECT id FROM orders WHERE stripe_session_id = :id", id=session)
    found = document(ordersync, "audit", "show", session)
    assert found == document(ordersync, "audit", "show", order_id)
    assert found["order_id"] == order_id
    of_order = [change for change in found["changes"] if change["resource"] == "order"]
    assert [change["action"] for change in of_order] == ["order_create", "order_delete", "order_create"]
    assert {change["order_id"] for change in found["changes"]} == {order_id}
    ran = ordersync("audit", "show", session)
    assert ran.out.startswith(f"Order {order_id}\n")
    assert f"  run {run_id}\norder_create order {order_id}: " in ran.out
    assert "  status: None → " in ran.out


@pytest.mark.parametrize("name", ["nothing", "cs_test_nothing"])
def test_an_order_that_no_run_wrote_is_exit_2(ordersync: Cli, name: str) -> None:
    ordersync("sync")
    ran = ordersync("audit", "show", name)
    assert (ran.code, ran.out) == (2, "")
    assert f"no run wrote anything of {name}" in ran.err


def test_verify_names_what_is_missing_and_is_exit_1(ordersync: Cli) -> None:
    ordersync("sync")
    assert ordersync("audit", "verify").out.startswith("The audit is whole: ")
    database = ordersync.database
    if database.is_postgres:
        database.execute("ALTER TABLE ordersync_audit DISABLE TRIGGER USER")
    else:
        database.execute("DROP TRIGGER ordersync_audit_delete")
    database.execute("DELETE FROM ordersync_audit WHERE seq = 5")
    ran = ordersync("audit", "verify")
    assert (ran.code, ran.out.startswith("The audit is broken. Entry 5 is missing")) == (1, True)
    assert document(ordersync, "audit", "verify", code=1)["broken"].startswith("Entry 5 is missing")


@pytest.mark.parametrize("command", ["purge", "forget"])
def test_letting_go_is_counted_first_then_done_and_the_audit_stays_whole(ordersync: Cli, command: str) -> None:
    ordersync("sync")
    database = ordersync.database
    (email,) = database.column(
        "SELECT customer_email FROM orders WHERE id IN"
        " (SELECT resource_id FROM ordersync_audit WHERE action = 'order_create') ORDER BY id LIMIT 1"
    )
    arguments = ("forget", email.upper()) if command == "forget" else ("purge", "--older-than", "1")
    before = everything(database)
    expected = document(ordersync, *arguments, "--dry-run")["summary"]
    assert everything(database) == before
    assert document(ordersync, *arguments)["summary"] == expected
    assert (expected["payloads_blanked"] > 0) == (command == "forget")
    assert document(ordersync, "runs")["runs"][0]["kind"] == command
    assert ordersync("audit", "verify").code == 0
    assert email not in repr(everything(database)["ordersync_audit"]) + repr(everything(database)["ordersync_runs"])
