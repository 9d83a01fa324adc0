"""Shadow mode as people and scripts meet it."""

from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.cli import Cli, counter_lines, document


def test_each_run_tells_what_shadow_mode_would_have_done(ordersync: Cli, world: World) -> None:
    ran = ordersync("sync", ORDERSYNC_SHADOW="1")
    assert ran.code == 0
    assert ran.out.splitlines()[2:9] == counter_lines(world)
    assert "ORDERSYNC_SHADOW is set: nothing was written to the shop's tables.\nShadow mode since " in ran.out
    assert "; your webhooks did 0 of them later; would have been wrong 0; still open " in ran.out
    assert "shadow mode, the shop's tables are not written" in ran.err
    assert ordersync.database.count("orders") == len(world.shop.orders)
    assert "  shadow  succeeded  " in (listed := ordersync("runs").out)
    assert "would have repaired " in listed
    found = document(ordersync("sync", "--json"))
    assert found["dry_run"] is True
    assert found["shadow"]["shadow_repairs"] == found["shadow"]["shadow_open"] > 0


def test_the_changes_are_listed(ordersync: Cli) -> None:
    ordersync("sync", "--dry-run")
    told = "No run in shadow mode has looked at this shop yet: set ORDERSYNC_SHADOW=true and run `ordersync sync`.\n"
    assert ordersync("shadow").out == told
    assert document(ordersync("shadow", "--json"))["has_looked"] is False
    ordersync("sync", ORDERSYNC_SHADOW="1")
    ran = ordersync("shadow", "--days", "7")
    assert ran.code == 0
    assert "\n\nStill open:\n" in ran.out
    found = document(ordersync("shadow", "--json"))
    assert found["summary"]["shadow_repairs"] == len(found["changes"]) > 0
    assert {each["outcome"] for each in found["changes"]} == {"open"}


def test_shadow_mode_with_nothing_to_change_says_that_it_looked(ordersync: Cli) -> None:
    ordersync("sync")
    ordersync("sync", ORDERSYNC_SHADOW="1")
    assert ordersync("shadow").out == "Shadow mode: no run would have changed anything yet.\n"
    found = document(ordersync("shadow", "--json"))
    assert (found["has_looked"], found["since"], found["changes"]) == (True, None, [])
