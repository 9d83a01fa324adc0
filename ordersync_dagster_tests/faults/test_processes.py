"""Real processes: killed, terminated, started together, and interrupted by a database that goes away."""

import signal
import time as real_time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import Sandbox, World, build
from ordersync_dagster_tests.faults.crash import KillPoint
from ordersync_dagster_tests.faults.processes import dying, ended, environment, sync
from ordersync_dagster_tests.faults.results import is_audit_whole
from ordersync_dagster_tests.support.databases import Database, fresh_database
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched, seeded
from ordersync_dagster_tests.support.world import expected_counters, lost, served

BUSY, INTERRUPTED = 75, 1
PATIENT = 25  # seconds that an evicted pod may need


@pytest.fixture(scope="module")
def world() -> World:
    """The outage as of now: processes ask the real clock."""
    return build("outage", now=utc_now())


@pytest.fixture(scope="module")
def slow_sandbox(world: World) -> Iterator[Sandbox]:
    """Vendors that take their time, so that something can happen meanwhile."""
    with served(world, latency=0.3) as running:
        yield running


@pytest.fixture
def shop_database(database: Database, world: World) -> Database:
    """The shop after the outage, in each kind of database."""
    return seeded(database.url, world)


@contextmanager
def another(database: Database, folder: Path) -> Iterator[str]:
    """An empty database of the same kind."""
    if not database.is_postgres:
        yield f"sqlite:///{folder}/another.db"
        return
    with fresh_database(parse_url(database.url).set(database="postgres").render_as_string(hide_password=False)) as url:
        yield url


def repaired(sandbox: Sandbox, database: Database) -> int:
    """A run in this process; how many rows it wrote."""
    settings = settings_for(sandbox, database.url)
    run = launched(settings)
    for _ in run.parts:
        continue
    assert run.outcome.summary.errors == 0
    return sum(run.outcome.rows.values())


def is_as_after_one_run(database: Database, world: World) -> None:
    """Each lost order once, each row with one audit entry, nothing twice."""
    orders = database.column("SELECT stripe_session_id FROM orders")
    assert len(orders) == len(set(orders)) == len(world.shop.orders) + len(lost(world))
    added = expected_counters(world).printful_items_added
    assert database.count("order_items") == len(world.shop.order_items) + added
    audit = Counter(database.column("SELECT resource || action FROM ordersync_audit"))
    assert (audit["orderorder_create"], audit["order_itemorder_create"]) == (len(lost(world)), added)
    assert database.count("audit_logs") == database.count("ordersync_audit") == sum(audit.values())
    assert is_audit_whole(database)


def states(database: Database) -> Counter[str]:
    return Counter(database.column("SELECT state FROM ordersync_runs"))


@pytest.mark.slow
def test_fault_31_a_process_killed_at_three_writes_is_made_up_for(
    slow_sandbox: Sandbox, shop_database: Database, world: World, tmp_path: Path
) -> None:
    env = environment(slow_sandbox, shop_database.url)
    interrupted = 0
    for turn in (1, 8, 3):  # the second and the third take up what the one before them left
        process = dying(turn, env, tmp_path)
        code, _, err = ended(process)
        assert code == -signal.SIGKILL, err
        interrupted = states(shop_database)["interrupted"]
    assert states(shop_database)["running"] <= 1
    repaired(slow_sandbox, shop_database)
    is_as_after_one_run(shop_database, world)
    assert states(shop_database)["running"] == 0
    assert states(shop_database)["interrupted"] >= interrupted
    assert repaired(slow_sandbox, shop_database) == 0


@pytest.mark.slow
def test_fault_31_a_process_killed_at_its_last_write_had_written_everything(
    slow_sandbox: Sandbox, shop_database: Database, world: World, tmp_path: Path
) -> None:
    with another(shop_database, tmp_path) as url:
        twin = seeded(url, world)
        with KillPoint(twin) as counting:
            repaired(slow_sandbox, twin)
    code, _, err = ended(dying(counting.boundaries, environment(slow_sandbox, shop_database.url), tmp_path))
    assert code == -signal.SIGKILL, err
    assert states(shop_database) == {"running": 1}
    assert repaired(slow_sandbox, shop_database) == 0
    assert states(shop_database) == {"interrupted": 1, "succeeded": 1}
    is_as_after_one_run(shop_database, world)


def test_fault_32_sigterm_ends_a_run_in_time_and_frees_the_lock(
    slow_sandbox: Sandbox, sqlite_url: str, world: World, tmp_path: Path
) -> None:
    terminated_in_mid_run(slow_sandbox, seeded(sqlite_url, world), world, tmp_path)


@pytest.mark.slow
def test_fault_32_sigterm_ends_a_run_in_time_on_every_database(
    slow_sandbox: Sandbox, shop_database: Database, world: World, tmp_path: Path
) -> None:
    terminated_in_mid_run(slow_sandbox, shop_database, world, tmp_path)


def terminated_in_mid_run(sandbox: Sandbox, database: Database, world: World, folder: Path) -> None:
    sandbox.requests.clear()
    process = sync(environment(sandbox, database.url), folder)
    deadline = real_time.monotonic() + 60
    while not sandbox.requests or states(database)["running"] == 0:
        assert real_time.monotonic() < deadline, ended(process)
        real_time.sleep(0.02)
    begin = real_time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, _, err = ended(process)
    assert real_time.monotonic() - begin < PATIENT
    assert (code, "ordersync: interrupted" in err, "Traceback" in err) == (INTERRUPTED, True, False), err
    assert states(database) == {"interrupted": 1}
    repaired(sandbox, database)
    is_as_after_one_run(database, world)


@pytest.mark.full
def test_faults_33_and_34_two_runs_that_are_started_together_come_to_what_one_would(
    slow_sandbox: Sandbox, sqlite_url: str, world: World, tmp_path: Path
) -> None:
    started_together(slow_sandbox, seeded(sqlite_url, world), world, tmp_path, 2)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_faults_33_and_34_runs_that_are_started_together_come_to_what_one_would(
    slow_sandbox: Sandbox, shop_database: Database, world: World, tmp_path: Path, count: int
) -> None:
    started_together(slow_sandbox, shop_database, world, tmp_path, count)


def started_together(sandbox: Sandbox, database: Database, world: World, folder: Path, count: int) -> None:
    """So many processes at once: one runs, the others are told whose turn it is, or find nothing left to do."""
    env = environment(sandbox, database.url)
    periods = ["30", "30", "14", "7"][:count]  # overlapping
    processes = [sync(env, folder, "--days", days) for days in periods]
    results = [ended(process) for process in processes]
    assert {code for code, _, _ in results} <= {0, BUSY}, results
    assert any(code == 0 for code, _, _ in results)
    known = set(database.column("SELECT id FROM ordersync_runs"))
    for code, _, err in results:
        if code == BUSY:
            assert "is at work; try again later" in err
            holder = err.rpartition("another run (")[2].partition(")")[0]
            assert holder in known or "another run is at work" in err
        assert "Traceback" not in err
    assert len(known) == sum(code == 0 for code, _, _ in results)
    repaired(sandbox, database)
    is_as_after_one_run(database, world)
