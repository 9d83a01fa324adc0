"""Others write at the same time: a webhook between our read and our write, and runs side by side."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.errors import DatabaseAwayError, LockHeldError, WrongModeError
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.faults.results import is_audit_whole
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.outcomes import counters
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.stores import opened
from ordersync_dagster_tests.support.world import expected_counters, lost, lost_ids

pytestmark = pytest.mark.databases

INSERT = """
INSERT INTO orders (id, stripe_session_id, status, customer_email, total_amount, currency, created_at, updated_at)
VALUES (:id, :id, 'processing', 'theirs@example.com', '1.00', 'usd', '2026-11-20 10:00:00', '2026-11-20 10:00:00')
ON CONFLICT DO NOTHING
"""


def test_fault_35_an_order_that_a_webhook_inserts_first_has_no_entry_of_ours(each_shop: Shop, outage: World) -> None:
    theirs, *ours = lost_ids(outage)
    run = each_shop.run(meanwhile=lambda: each_shop.database.execute(INSERT, id=theirs))
    assert run.outcome.rows["written_first_by_others"] == 1
    assert run.outcome.rows["orders_inserted"] == len(ours)
    created = "SELECT order_id FROM ordersync_audit WHERE resource = 'order' AND action = 'order_create'"
    assert theirs not in each_shop.database.column(created)
    assert len(each_shop.database.column(created)) == len(ours)
    assert each_shop.order(theirs)["customer_email"] == "theirs@example.com"


def test_fault_36_an_order_that_a_webhook_moves_first_is_read_and_decided_again(each_shop: Shop) -> None:
    row = each_shop.of_printful("fulfilled")
    session_id = row["stripe_session_id"]
    cancel = "UPDATE orders SET status = 'refunded' WHERE stripe_session_id = :id"
    run = each_shop.run(meanwhile=lambda: each_shop.database.execute(cancel, id=session_id))
    assert each_shop.order(session_id)["status"] == "refunded"
    assert run.outcome.summary.errors == 0
    assert row["tracking_number"] is None
    assert each_shop.order(session_id)["tracking_number"], "what their change leaves open is still done"
    told = "SELECT count(*) FROM ordersync_audit WHERE order_id = :id AND reason LIKE '%→%'"
    assert each_shop.database.column(told, id=row["id"]) == [0]


def test_fault_36_an_order_that_keeps_changing_is_an_error_and_the_others_are_done(
    shop: Shop,
) -> None:
    restless = shop.of_printful("fulfilled")["stripe_session_id"]
    with moving(shop.database, restless):
        run = shop.run()
    errors = [each for each in run.outcome.problems if each.is_error]
    assert [(each.problem_class, each.ids) for each in errors] == [("kept_changing", {"stripe_session_id": restless})]
    again = shop.run()
    assert (again.outcome.summary.errors, again.outcome.summary.printful_orders_updated) == (0, 1)
    assert again.outcome.summary.stripe_sessions_added == 0


@contextmanager
def moving(database: Database, session_id: str) -> Iterator[None]:
    """Somebody else changes this order whenever we come back to the database."""

    def move(*_: object) -> None:
        with closing(sqlite3.connect(database.path)) as theirs, theirs:
            change = "UPDATE orders SET tracking_number = coalesce(tracking_number, '') || 'x'"
            theirs.execute(f"{change} WHERE stripe_session_id = ?", (session_id,))

    event.listen(Engine, "checkout", move)
    try:
        yield
    finally:
        event.remove(Engine, "checkout", move)


@pytest.mark.parametrize("runs", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_faults_33_and_34_runs_beside_a_webhook_writer_leave_each_order_once(
    each_shop: Shop, outage: World, runs: int
) -> None:
    """All in one process, so that they meet as often as can be."""
    over = threading.Event()
    ends: list[object] = []
    theirs = lost_ids(outage)[0]

    def webhook() -> None:
        while not over.is_set():
            each_shop.database.execute(INSERT, id=theirs)
            each_shop.database.execute("UPDATE orders SET customer_name = 'x' WHERE stripe_session_id = :id", id=theirs)
            over.wait(0.002)

    def run() -> None:
        try:
            ends.append(each_shop.run(attempts=2).outcome.summary.errors)
        except Exception as error:
            ends.append(error)

    threads = [threading.Thread(target=run) for _ in range(runs)]
    writer = threading.Thread(target=webhook)
    for thread in (writer, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    writer.join()
    assert 0 in ends, ends
    assert all(end == 0 or isinstance(end, LockHeldError) for end in ends), ends
    assert each_shop.run().outcome.summary.errors == 0
    sessions = Counter(each_shop.database.column("SELECT stripe_session_id FROM orders"))
    assert set(sessions.values()) == {1}
    assert len(sessions) == len(outage.shop.orders) + len(lost(outage))
    added = expected_counters(outage).printful_items_added
    assert each_shop.database.count("order_items") == len(outage.shop.order_items) + added
    items = each_shop.database.column("SELECT resource_id FROM ordersync_audit WHERE resource = 'order_item'")
    assert len(items) == len(set(items)) == added
    assert is_audit_whole(each_shop.database)


LOCK = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"


@pytest.fixture
def lost_lock(postgres_shop: Shop) -> tuple[Shop, Callable[[], object]]:
    """A shop in PostgreSQL, and what breaks the connection that keeps other runs out."""
    return postgres_shop, lambda: postgres_shop.database.execute(
        f"SELECT pg_terminate_backend(pid) FROM ({LOCK}) AS held"
    )


def test_fault_33_a_run_whose_lock_is_lost_writes_nothing_once_another_has_begun(
    lost_lock: tuple[Shop, Callable[[], object]], outage: World
) -> None:
    shop, lose = lost_lock
    others: list[Run] = []

    def meanwhile() -> None:
        lose()
        others.append(shop.run())

    with pytest.raises(DatabaseAwayError, match="another run has started"):
        shop.run(meanwhile=meanwhile)
    seen, expected = counters(others[0]), expected_counters(outage)
    assert seen.stripe_sessions_checked == expected.stripe_sessions_checked
    assert seen.stripe_sessions_added == expected.stripe_sessions_added
    states = "SELECT state FROM ordersync_runs ORDER BY started_at, state"
    assert shop.database.column(states) == ["interrupted", "succeeded"]
    assert set(shop.database.column("SELECT run_id FROM ordersync_audit")) == {others[0].outcome.run_id}


def test_fault_33_a_run_whose_lock_is_lost_goes_on_while_nobody_else_begins(
    lost_lock: tuple[Shop, Callable[[], object]], outage: World
) -> None:
    shop, lose = lost_lock
    run = shop.run(meanwhile=lose)
    assert counters(run).stripe_sessions_added == expected_counters(outage).stripe_sessions_added
    assert counters(run).errors == 0
    assert shop.database.column("SELECT state FROM ordersync_runs") == ["succeeded"]


def test_fault_33_a_server_that_ends_idle_transactions_does_not_end_the_lock(
    lost_lock: tuple[Shop, Callable[[], object]],
) -> None:
    shop, _ = lost_lock
    shop.database.script("ALTER ROLE CURRENT_USER SET idle_in_transaction_session_timeout = '250ms'")
    try:
        with opened(shop.database.url) as (store, _), store.run("the-first", None):
            shop.database.execute("SELECT pg_sleep(0.5)")
            with pytest.raises(LockHeldError):
                shop.run()
    finally:
        shop.database.script("ALTER ROLE CURRENT_USER RESET idle_in_transaction_session_timeout")


def test_fault_33_a_link_to_the_file_is_the_same_shop(shop: Shop, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(shop.database.path)
    with opened(f"sqlite:///{link}") as (store, _), store.run("the-first", None), pytest.raises(LockHeldError):
        shop.run()


def test_fault_60_a_test_key_writes_nothing_where_a_real_shop_lives(each_shop: Shop) -> None:
    each_shop.database.execute(INSERT, id="cs_live_ofARealCustomer")
    before = each_shop.tables()
    with pytest.raises(WrongModeError, match="a key of test mode"):
        each_shop.run()
    with pytest.raises(WrongModeError):
        each_shop.run(dry_run=True)
    assert each_shop.tables() == before
    assert {request.path for request in each_shop.sandbox.requests} <= {"/orders"}
