"""Thousands of sessions through faults that come again and again: all of them, or exactly which ones not."""

import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.adapters.http.client import RetryPolicy
from ordersync_dagster.app.run import Run
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, utc_now
from ordersync_dagster.core.errors import VendorUnavailableError, WrongModeError
from ordersync_dagster.core.window import day_of
from ordersync_dagster.sandbox import Fault, Sandbox, World, build, checkout_session, customer_details
from ordersync_dagster.sandbox.world.world import Packed, dump
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.faults.processes import MEASURED, ended, environment
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.profiles import at
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched, seeded
from ordersync_dagster_tests.support.world import served

MANY, SOME = 5_000, at(600, 1_200)
ONE_IN_TWENTY = tuple(
    Fault(path, kind, every=20, status=500)
    for path in ("/v1/", "/orders")
    for kind in ("status", "reset", "short_body")
)


def repaired(settings: Settings, tools: Tools, printful: PrintfulScope = PrintfulScope.all) -> Run:
    run = launched(settings, printful, tools=tools)
    for _ in run.parts:
        continue
    return run


def old_enough(sandbox: Sandbox) -> set[str]:
    return {each["id"] for each in sandbox.world.sessions if each["created"] < NOW.timestamp() - 15 * 60}


def stored(database: Database) -> list[str]:
    return sorted(database.column("SELECT stripe_session_id FROM orders"))


def through_faults(sandbox: Sandbox, database: Database, time: FakeTime, size: int) -> None:
    sandbox.replace(build("large", now=NOW, size=size))
    for fault in ONE_IN_TWENTY:
        sandbox.faults.add(fault)
    run = repaired(settings_for(sandbox, database.url), time.tools(attempts=10))
    assert sandbox.faults.fired > size // 1_000
    assert run.traffic["stripe"]["retries"] + run.traffic["printful"].get("retries", 0) >= sandbox.faults.fired
    assert run.outcome.summary.errors == 0
    assert run.outcome.summary.stripe_sessions_checked == size
    assert "duplicates_seen" not in run.traffic["stripe"], "pages that are read in parallel do not overlap"
    assert stored(database) == sorted(old_enough(sandbox))
    items = "SELECT count(*) FROM order_items"
    assert database.column(items)[0] == run.outcome.summary.printful_items_added == size // 20


def test_faults_04_07_and_08_500s_resets_and_short_bodies_lose_no_session(
    sandbox: Sandbox, sqlite_url: str, time: FakeTime
) -> None:
    through_faults(sandbox, Database(sqlite_url), time, 2_400)


@pytest.mark.slow
def test_faults_04_07_and_08_five_thousand_sessions_arrive_in_every_database(
    sandbox: Sandbox, database: Database, time: FakeTime
) -> None:
    through_faults(sandbox, database, time, MANY)


@pytest.mark.parametrize("size", [600, pytest.param(MANY, marks=pytest.mark.slow)])
def test_fault_01_a_limit_of_five_a_second_costs_time_and_no_session(sqlite_url: str, size: int) -> None:
    """In real time: the limit is the vendor's."""
    world = build("large", now=NOW, size=size)
    with served(world, rate_limits={"stripe": (5, 1.0)}) as limited:
        database = Database(sqlite_url)
        run = repaired(settings_for(limited, database.url), Tools(lambda: NOW, RetryPolicy()), PrintfulScope.none)
        assert run.traffic["stripe"]["http_429"] > 0
        assert run.outcome.summary.errors == 0
        assert stored(database) == sorted(old_enough(limited))
        assert run.outcome.summary.stripe_sessions_checked == size


PIPES: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


class Broken:
    """A large shop in which some records can never be done: each kind of trouble, and whose ids it concerns."""

    def __init__(self, sandbox: Sandbox, database: Database) -> None:
        world = build("large", now=NOW, size=SOME)
        sandbox.replace(world)
        sessions = [each for each in world.sessions if each["metadata"].get("printfulOrderId") is None]
        self.malformed = [each["id"] for each in sessions[10:400:100]]
        for session in sessions[10:400:100]:
            sandbox.put_session({**session, "currency": "doubloons"})
        self.refused = sessions[SOME * 3 // 4]["id"]
        rule = f"WHEN NEW.stripe_session_id = '{self.refused}' BEGIN SELECT RAISE(ABORT, 'house rule'); END"
        database.execute(f"CREATE TRIGGER house_rule BEFORE INSERT ON orders {rule}")
        self.unanswered = str(world.printful_orders[SOME // 24]["id"])
        sandbox.faults.add(Fault("/orders", "status", times=None, match="limit=100"))
        sandbox.faults.add(Fault(f"/orders/{self.unanswered}", "status", times=None))
        self.failed_sessions = {*self.malformed, self.refused}
        self.unlinked = {each["id"] for each in sessions} & set(old_enough(sandbox)) - self.failed_sessions


@pytest.mark.full
def test_faults_that_never_heal_are_named_one_by_one_and_all_others_are_done(
    sandbox: Sandbox, sqlite_url: str, time: FakeTime
) -> None:
    database = seeded(sqlite_url)
    broken = Broken(sandbox, database)
    run = repaired(settings_for(sandbox, database.url), time.tools(attempts=3))
    named: dict[str, set[str]] = {"stripe_session_id": set(), "printful_order_id": set()}
    for problem in run.outcome.problems:
        if problem.is_error:
            kind = "printful_order_id" if "printful_order_id" in problem.ids else "stripe_session_id"
            named[kind].add(problem.ids[kind])
    assert sandbox.faults.fired >= 3 * 2, f"the faults must strike: {run.traffic}, {run.outcome.summary}"
    undecided = broken.failed_sessions | broken.unlinked  # the list may have held orders for the second
    assert named == {"stripe_session_id": undecided, "printful_order_id": {broken.unanswered}}
    assert run.outcome.summary.errors == len(undecided) + 1
    assert stored(database) == sorted(old_enough(sandbox) - broken.failed_sessions)
    assert run.outcome.summary.printful_items_added == database.count("order_items") == SOME // 20 - 1


@pytest.mark.full
def test_days_that_a_vendor_never_answers_and_older_ones_are_left_to_the_next_run(
    sandbox: Sandbox, sqlite_url: str, time: FakeTime
) -> None:
    sandbox.replace(build("large", now=NOW, size=SOME * 2))
    database = Database(sqlite_url)
    settings, tools = settings_for(sandbox, database.url), time.tools(attempts=2)
    sandbox.faults.add(Fault("/v1/checkout", "status", times=None, match="gte%5D=1793"))  # before 7 November
    run = launched(settings, PrintfulScope.none, tools=tools)
    with pytest.raises(VendorUnavailableError):
        deque(run.parts)
    done = set(run.outcome.days)
    assert 0 < len(done) < len(run.outcome.window.days)
    days = {each["id"]: day_of(each["created"]) for each in sandbox.world.sessions}
    assert set(stored(database)) == {each for each in old_enough(sandbox) if days[each] in done}
    sandbox.faults.clear()
    repaired(settings, tools, PrintfulScope.none)
    assert stored(database) == sorted(old_enough(sandbox))


@pytest.mark.full
def test_fault_60_a_session_of_the_other_mode_leaves_only_whole_newer_days(
    sandbox: Sandbox, sqlite_url: str, time: FakeTime
) -> None:
    sandbox.replace(build("large", now=NOW, size=SOME * 2))
    days = {each["id"]: day_of(each["created"]) for each in sandbox.world.sessions}
    foreign = sandbox.world.sessions[SOME]
    sandbox.put_session({**foreign, "livemode": True})
    database = Database(sqlite_url)
    settings, tools = settings_for(sandbox, database.url), time.tools()
    run = launched(settings, PrintfulScope.none, tools=tools)
    with pytest.raises(WrongModeError, match="the run stopped there"):
        deque(run.parts)
    done = set(run.outcome.days)
    assert done
    assert min(done) > days[foreign["id"]]
    assert set(stored(database)) == {each for each in old_enough(sandbox) if days[each] in done}
    sandbox.put_session(foreign)
    repaired(settings, tools, PrintfulScope.none)
    assert stored(database) == sorted(old_enough(sandbox))


PER_DAY = 120


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says there what a process needed")
def test_fault_67_memory_depends_on_the_busiest_day_and_not_on_the_period(tmp_path: Path) -> None:
    """A day is one transaction, and some thousands of sessions are read ahead; nothing else is kept."""
    short, long = (peak_of(days, tmp_path / str(days)) for days in (150, 400))
    assert long < short + 60, f"{short} MB for 150 days, {long} MB for 400"


def peak_of(days: int, folder: Path) -> float:
    """MB that a process of its own needs at most for a run over so many days."""
    folder.mkdir()
    now = utc_now()
    seconds = range(3600, days * 86_400, 86_400 // PER_DAY)
    made = [
        checkout_session(
            id=f"cs_test_{n}",
            payment_intent=f"pi_{n}",
            created=int(now.timestamp()) - n,
            customer_details=customer_details(email=f"c{n}@example.com"),
        )
        for n in seconds
    ]
    with served(World(now, Packed(dump(each) for each in made))) as running:
        env = environment(running, f"sqlite:///{folder}/shop.db")
        command = [sys.executable, "-c", MEASURED, "sync", "--days", str(days), "--printful", "none"]
        code, _, err = ended(subprocess.Popen(command, env=env, cwd=folder, **PIPES), 300)
    assert code == 0, err
    assert len(stored(Database(f"sqlite:///{folder}/shop.db"))) == len(made)
    return float(err.split()[-1])
