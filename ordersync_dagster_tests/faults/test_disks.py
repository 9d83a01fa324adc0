"""A disk that is full, a file that is locked or may only be read."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.core.errors import DatabaseAwayError, OrderSyncError, SchemaError
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.faults.results import is_audit_whole
from ordersync_dagster_tests.support.administration import initialise_database
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.outcomes import counters
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, seeded
from ordersync_dagster_tests.support.world import expected_counters, lost, lost_ids


class SmallDisk:
    """From `fill` to `free`, our connections cannot make the shop's file larger than it is."""

    def __init__(self, path: Path) -> None:
        self.path, self.fill_now = str(path), False

    def fill(self) -> None:
        self.fill_now = True

    def free(self) -> None:
        self.fill_now = False

    def limit(self, opened_now: Any, *_: object) -> None:
        if self.fill_now and self.path in str(opened_now.execute("PRAGMA database_list").fetchall()):
            pages = opened_now.execute("PRAGMA page_count").fetchone()[0]
            opened_now.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def disk(shop: Shop) -> Iterator[SmallDisk]:
    """Room enough for the shop until it is filled."""
    made = SmallDisk(shop.database.path)
    event.listen(Engine, "checkout", made.limit)
    yield made
    event.remove(Engine, "checkout", made.limit)


def test_fault_37_a_full_disk_names_what_was_not_written_and_the_file_stays_whole(
    shop: Shop, disk: SmallDisk, outage: World
) -> None:
    payments = {each["id"]: each for each in lost(outage)}
    bulky = {**next(iter(payments.values())), "metadata": {f"key{n}": "x" * 500 for n in range(50)}}
    shop.sandbox.put_session(bulky)
    run = shop.run(meanwhile=disk.fill, printful=PrintfulScope.none)
    refused = {p.ids["stripe_session_id"] for p in run.outcome.problems if p.problem_class == "database_refused"}
    assert bulky["id"] in refused
    assert all("its disk is full. Make room" in each.sentence for each in run.outcome.problems if each.is_error)
    assert run.outcome.summary.errors == len(refused)
    assert not refused & set(shop.database.column("SELECT stripe_session_id FROM orders"))
    assert payments.keys() - refused <= set(shop.database.column("SELECT stripe_session_id FROM orders"))
    assert shop.database.column("PRAGMA integrity_check") == ["ok"]
    disk.free()
    assert shop.run().outcome.summary.errors == 0
    assert set(payments) <= set(shop.database.column("SELECT stripe_session_id FROM orders"))
    assert is_audit_whole(shop.database)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="needs the right to mount")
def test_fault_37_a_run_on_a_really_full_disk_ends_and_is_made_up_for_elsewhere(
    sandbox: Sandbox, time: FakeTime, outage: World, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not permitted here")
    try:
        database = seeded(f"sqlite:///{disk}/shop.db", outage)
        shop = Shop(sandbox, database, time)
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            fill(file)
        assert is_refused(shop)
        shutil.copy(database.path, tmp_path / "shop.db")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    roomy = Shop(sandbox, Database(f"sqlite:///{tmp_path}/shop.db"), time)
    assert roomy.database.column("PRAGMA integrity_check") == ["ok"]
    assert roomy.run().outcome.summary.errors == 0
    assert set(lost_ids(outage)) <= set(roomy.database.column("SELECT stripe_session_id FROM orders"))


def is_refused(shop: Shop) -> bool:
    """Whether a run ended as one does that could not write everything, or not even that it ended."""
    try:
        return shop.run().outcome.summary.errors > 0
    except OrderSyncError:
        return True


def fill(file: Any) -> None:
    """Until there is no room."""
    for size in (65536, 4096, 512, 1):
        try:
            while True:
                file.write(b"x" * size)
        except OSError:
            continue


def test_fault_38_a_file_that_another_writer_locks_is_exit_75_and_nothing_is_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    before = shop.tables()
    with sqlite3.connect(shop.database.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseAwayError, match="does not answer"):
            shop.run()
        other.execute("ROLLBACK")
    other.close()
    assert shop.tables() == before
    assert shop.run().outcome.summary.errors == 0


def test_fault_38_a_writer_that_is_done_soon_is_waited_for(shop: Shop, outage: World) -> None:
    """A run that began by reading could not write any more once the other had: SQLite refuses that at once."""
    other = sqlite3.connect(shop.database.path, isolation_level=None, check_same_thread=False)
    timers: list[threading.Timer] = []

    def write() -> None:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE orders SET updated_at = updated_at")
        timers.append(threading.Timer(0.5, lambda: other.execute("COMMIT")))
        timers[0].start()

    run = shop.run(meanwhile=write)
    timers[0].join()
    other.close()
    assert counters(run) == expected_counters(outage)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody writes here; who may write everywhere needs a mount for that."""
    if os.geteuid() != 0:
        modes = {path: path.stat().st_mode for path in (*folder.iterdir(), folder)}
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        yield
        for path, mode in modes.items():
            path.chmod(mode)
        return
    if subprocess.run(["mount", "--bind", "-o", "ro", str(folder), str(folder)], check=False).returncode:
        pytest.skip("root writes everywhere, and mounting is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_fault_39_a_read_only_file_is_exit_2_before_any_request_and_dry_runs_work(
    sandbox: Sandbox, time: FakeTime, outage: World, tmp_path: Path
) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    shop = Shop(sandbox, seeded(f"sqlite:///{folder}/shop.db", outage), time)
    with read_only(folder):
        with pytest.raises(SchemaError, match=r"shop\.db may not be written by this user"):
            shop.run()
        assert sandbox.requests == []
        with pytest.raises(SchemaError, match=r"shop\.db may not be written by this user"):
            initialise_database(settings_for(sandbox, f"sqlite:///{folder}/shop.db"))
        assert counters(shop.run(dry_run=True)) == expected_counters(outage)
    assert shop.run().outcome.summary.errors == 0
