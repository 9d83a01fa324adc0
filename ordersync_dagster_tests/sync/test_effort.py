"""A guard against getting slower, in counts that are the same on every machine: requests, statements and rows."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count

import pytest
from sqlalchemy import Engine, event

from ordersync_dagster.adapters.http.client import RateLimit, RetryPolicy, Traffic
from ordersync_dagster.app.run import Run
from ordersync_dagster.app.wiring import Tools, open_printful, open_stripe
from ordersync_dagster.core.printful_order import Missing
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Sandbox, World, build, printful_item, printful_order
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database, each_statement, everything
from ordersync_dagster_tests.support.profiles import at
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched
from ordersync_dagster_tests.support.world import in_one_day

SIZE = at(3_000, 10_000)
pytestmark = pytest.mark.breadth
MONTH, DAY = Window.last_days(30, NOW), Window.last_days(1, NOW)
DAYS = len(MONTH.days)
FEW = at(900, 3_000)  # sessions: thirty or a hundred a day
# That there was a run, the budget that it was counted against, and which problems are still there.
OURS = {"ordersync_runs", "ordersync_rate", "ordersync_problems"}
BUDGET = ("ordersync_rate", "pg_advisory_xact_lock", "clock_timestamp")  # as many as there are requests
OPENING = ("BEGIN", "PRAGMA", "sqlite_master", "pg_catalog", "ordersync_problems")  # once a run, or free


class NoRateLimit(RateLimit):
    """Counting needs no rate limit."""

    def take(self, name: str) -> None:
        """At once."""

    def slow_down(self, name: str) -> None:
        """Not here."""


class OneByOne(NoRateLimit):
    """One request every ten milliseconds, as an even rate limit lets them go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """In turn."""
        with self._lock:
            time.sleep(0.01)


class Together(Traffic):
    """Lets none of the sixteen requests after the first leave before all of them are about to."""

    def __init__(self) -> None:
        super().__init__()
        self._turns, self._all = count(), threading.Barrier(16, timeout=10)

    def add(self, name: str) -> None:
        """Breaks, and the run with it, where fewer are under way at once."""
        if name == "requests" and 1 <= next(self._turns) <= 16:
            self._all.wait()


@pytest.fixture(scope="module")
def month() -> World:
    return build("large", now=NOW, size=SIZE)


def read_all(sandbox: Sandbox, window: Window, traffic: Traffic | None = None) -> int:
    """How many sessions are read."""
    api = open_stripe(settings_for(sandbox), RetryPolicy(), traffic or Traffic(), NoRateLimit())
    days = chain.from_iterable(api.sessions(window, lambda row: row, with_line_items=False))
    return len(list(chain.from_iterable(rows for _, rows in days)))


def run(sandbox: Sandbox, url: str, days: int = 30) -> Run:
    ran = launched(settings_for(sandbox, url), PrintfulScope.none, days=days, tools=Tools(lambda: NOW))
    for _ in ran.parts:
        continue
    return ran


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement about the shop's rows meanwhile; one for many rows counts once."""
    seen: list[str] = []

    def note(statement: str) -> None:
        if not any(word in statement for word in (*BUDGET, *OPENING)):
            seen.append(statement)

    with each_statement(database, note):
        yield seen


@contextmanager
def each_connection(database: Database) -> Iterator[list[str]]:
    """What each new connection to this database is given meanwhile."""
    name, made = str(database.engine.url.database), list[str]()

    def note(_dialect: object, _record: object, *given: object) -> None:
        made.extend([str(given)] if name in str(given) else [])

    event.listen(Engine, "do_connect", note)
    try:
        yield made
    finally:
        event.remove(Engine, "do_connect", note)


@pytest.mark.parametrize("window", [MONTH, DAY], ids=["a month", "one day"])
def test_many_sessions_cost_hardly_more_requests_than_their_pages(
    sandbox: Sandbox, month: World, window: Window
) -> None:
    sandbox.replace(month if window is MONTH else in_one_day(month))
    assert read_all(sandbox, window) == SIZE
    assert len(sandbox.requests) <= 1.3 * SIZE / 100


@pytest.mark.full
def test_sixteen_requests_are_in_flight_at_once(sandbox: Sandbox) -> None:
    sandbox.replace(build("large", now=NOW, size=10_000))  # a smaller month may not have so much to read at once
    assert read_all(sandbox, MONTH, Together()) == 10_000


def test_where_requests_are_few_the_newest_days_come_first(sandbox: Sandbox, month: World) -> None:
    sandbox.replace(month)
    api = open_stripe(settings_for(sandbox), RetryPolicy(), Traffic(), OneByOne())
    days = chain.from_iterable(api.sessions(MONTH, lambda row: row, with_line_items=False))
    for _ in range(10):
        next(days)
    asked = len(sandbox.requests)
    assert sum(len(rows) for _, rows in days) > 0
    assert asked <= 0.6 * len(sandbox.requests), "a third of the days needs about a third of the requests"


def test_an_empty_window_costs_one_request(sandbox: Sandbox) -> None:
    sandbox.replace(World(NOW))
    assert read_all(sandbox, MONTH) == 0
    assert len(sandbox.requests) == 1


@pytest.mark.full
@pytest.mark.databases
def test_a_day_is_written_and_looked_up_in_a_handful_of_statements(sandbox: Sandbox, database: Database) -> None:
    sandbox.replace(build("large", now=NOW, size=FEW))
    with statements(database) as first:
        assert run(sandbox, database.url).outcome.rows["orders_inserted"] == FEW
    before = everything(database)
    with statements(database) as second:
        again = run(sandbox, database.url)
    assert len(first) / DAYS <= 14
    assert len(second) / DAYS <= 6  # on PostgreSQL each transaction sets its timeouts first
    assert set(again.outcome.rows.values()) == {0}
    after = everything(database)
    assert {name for name in after if after[name] != before[name]} <= OURS


@pytest.mark.databases
def test_a_quiet_month_is_looked_up_by_few_questions(sandbox: Sandbox, database: Database) -> None:
    """A database may be far away, and each question then takes as long as a hundred sessions of one."""
    sandbox.replace(build("large", now=NOW, size=3 * DAYS))
    run(sandbox, database.url)
    with statements(database) as of_a_month:
        assert run(sandbox, database.url).outcome.summary.stripe_sessions_checked == 3 * DAYS
    with statements(database) as of_a_day:
        run(sandbox, database.url, days=1)
    assert len(of_a_month) - len(of_a_day) <= 10, "not three or four a day"


@pytest.mark.databases
def test_days_without_a_session_ask_the_database_nothing(sandbox: Sandbox, database: Database) -> None:
    sandbox.replace(World(NOW))
    with statements(database) as of_a_month:
        run(sandbox, database.url)
    with statements(database) as of_a_day:
        run(sandbox, database.url, days=1)
    assert len(of_a_month) == len(of_a_day)


@pytest.mark.databases
def test_a_run_keeps_its_connections(sandbox: Sandbox, database: Database) -> None:
    """Where the last connection to an SQLite file is closed, SQLite copies its log and waits for the disk."""
    sandbox.replace(build("large", now=NOW, size=FEW))
    with each_connection(database) as made:
        run(sandbox, database.url)
    assert len(made) <= 4


@pytest.mark.parametrize("missing", [0, 3])
def test_many_printful_orders_cost_their_pages_and_one_request_per_missing_id(sandbox: Sandbox, missing: int) -> None:
    made = int(NOW.timestamp()) - SIZE
    orders = [printful_order(id=n, created=made + n, items=[printful_item(id=n)]) for n in range(SIZE, 0, -1)]
    sandbox.replace(World(NOW, printful_orders=orders))
    api = open_printful(settings_for(sandbox), RetryPolicy(), Traffic(), NoRateLimit())
    found = dict(api.orders([str(n) for n in range(1, SIZE + missing + 1)]))
    assert sum(isinstance(answer, Missing) for answer in found.values()) == missing
    assert len(found) == SIZE + missing
    assert len(sandbox.requests) <= SIZE // 100 + 10 + missing
