"""`ordersync outages` as people and scripts meet it."""

import json
import re
import shlex
from datetime import timedelta

from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.cli import Cli
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.world import lost


def test_the_command_that_it_prints_adds_what_is_missing(ordersync: Cli, world: World) -> None:
    before = ordersync("outages")
    assert (before.code, before.err) == (0, "")
    assert re.search(r"^  \d+ \w{3} \d\d:\d\d to .* UTC: 3 orders, EUR 34\.00, JPY 4,800 and USD ", before.out, re.M)
    found = re.search(r"To add what is missing: (ordersync .*)", before.out)
    assert found is not None
    assert ordersync(*shlex.split(found[1])[1:]).code == 0
    after = ordersync("outages")
    assert f"({len(lost(world))} recovered)" in after.out
    assert "To add what is missing" not in after.out


def test_scripts_get_one_document(ordersync: Cli, world: World) -> None:
    ran = ordersync("outages", "--days", "7", "--json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    (outage,) = document["outages"]
    assert document["schema_version"] == 1
    assert {each["currency"]: each["amount_minor"] for each in outage["money"]} == {
        each["currency"]: each["amount_total"] for each in lost(world)
    }
    assert outage["sentence"] in ordersync("outages", "--days", "7").out
    assert len(document["days"]) == 8
    assert sum(day["missing"] for day in document["days"]) == document["lost"] == len(lost(world))


def test_chosen_days_are_those_of_the_payments(ordersync: Cli, world: World) -> None:
    today = world.now.date()
    ran = ordersync(
        "outages", "--from", str(today - timedelta(days=5)), "--to", str(today - timedelta(days=2)), "--json"
    )
    assert [day["day"] for day in json.loads(ran.out)["days"]] == [str(today - timedelta(days=n)) for n in (5, 4, 3, 2)]
    assert ordersync("outages", "--from", str(today)).code == 2


def test_nothing_is_written_and_no_customer_is_named(ordersync: Cli, world: World) -> None:
    before = everything(ordersync.database)
    shown = ordersync("outages").out + ordersync("outages", "--json").out
    assert everything(ordersync.database) == before
    people = {session["customer_details"]["email"] for session in world.sessions if session["customer_details"]}
    assert people
    assert not [email for email in people if email in shown]


def test_a_shop_without_payments_has_nothing_to_tell(ordersync: Cli) -> None:
    ordersync.sandbox.replace(World(ordersync.sandbox.world.now))
    ran = ordersync("outages", "--days", "1")
    today = ordersync.sandbox.world.now.date()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"Webhook from {today - timedelta(days=1)} to {today} (UTC): no payments\n\nNo outage was found.\n"
    )


def test_no_printful_key_is_needed(ordersync: Cli) -> None:
    assert ordersync("outages", PRINTFUL_API_KEY=None).code == 0
    without = ordersync("outages", STRIPE_SECRET_KEY=None)
    assert without.code == 2
    assert "STRIPE_SECRET_KEY is not set" in without.err
