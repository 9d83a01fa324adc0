"""Rate limits: never more than the vendor allows, however many ask; a 429 leaves room; nobody waits for nothing."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.adapters.database.rate_limit import RATE, SharedRateLimit, open_rate_file
from ordersync_dagster.app.rate_limits import shared_rate_limits
from ordersync_dagster.core.errors import DatabaseAccessError
from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster_tests.adapters.noted_waits import LIMIT, NotedWaits, shared
from ordersync_dagster_tests.adapters.rate_limits import REFUNDS, SESSIONS, at_once, most_in_a_period
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import settings_for

ASKED = 60  # by each of four


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Where the tokens are kept: a file of this machine, or the shop's PostgreSQL."""
    if request.param == "sqlite":
        opened = open_rate_file(tmp_path / "state")
    else:
        opened = create_engine(parse_url(request.getfixturevalue("postgres_url")), poolclass=NullPool)
        RATE.create(opened)
    yield opened
    opened.dispose()


def test_four_threads_with_rate_limits_of_their_own_stay_within_the_limit_together(engine: Engine) -> None:
    noted = NotedWaits()

    def ask() -> None:
        rate_limit = shared(engine, noted)
        for _ in range(ASKED):
            rate_limit.take(SESSIONS)

    at_once(ask, 4)
    assert len(noted.moments) == 4 * ASKED
    assert most_in_a_period(noted.moments) <= LIMIT * 1.1


def test_fault_24_a_clock_that_has_gone_back_makes_nobody_wait_for_it_to_catch_up(engine: Engine) -> None:
    noted = NotedWaits()
    rate_limit = shared(engine, noted)
    for _ in range(LIMIT // 2):
        rate_limit.take(SESSIONS)
    with engine.begin() as connection:  # as a clock that was a day ahead has left them
        connection.execute(update(RATE).where(RATE.c.at > 0).values(at=RATE.c.at + 86_400))
    for _ in range(2 * LIMIT):
        rate_limit.take(SESSIONS)
    assert max(noted.waits) < 2.5
    assert most_in_a_period(noted.moments[LIMIT // 2 :]) <= LIMIT * 1.1


PROCESS = """
import json, sys
from sqlalchemy import create_engine
from ordersync_dagster.adapters.database.rate_limit import open_rate_file
from ordersync_dagster_tests.adapters.noted_waits import NotedWaits, shared
from pathlib import Path

kind, where, asked = sys.argv[1:]
engine = open_rate_file(Path(where)) if kind == "sqlite" else create_engine(where)
noted = NotedWaits()
rate_limit = shared(engine, noted)
sys.stdin.readline()
for _ in range(int(asked)):
    rate_limit.take("/v1/checkout/sessions")
print(json.dumps(noted.moments))
"""


@pytest.mark.full
def test_four_processes_stay_within_the_limit_together(engine: Engine, tmp_path: Path) -> None:
    kind = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
    where = str(tmp_path / "state") if kind == "sqlite" else engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, kind, where, str(ASKED)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    answers = [_answer(process) for process in _started(processes)]
    moments = [at for answer in answers for at in answer]
    assert len(moments) == 4 * ASKED
    assert most_in_a_period(moments) <= LIMIT * 1.1


def _started(processes: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes


def _answer(process: subprocess.Popen[str]) -> list[float]:
    with process:
        found: list[float] = json.loads(process.communicate()[0])
    assert process.returncode == 0
    return found


def test_the_whole_limit_can_be_used(engine: Engine) -> None:
    """Budgets that are too careful cost as much as those that are not careful enough."""
    noted, periods = NotedWaits(), 10
    rate_limit = shared(engine, noted)
    started = time.time()
    for _ in range(periods * LIMIT):
        rate_limit.take(SESSIONS)
    asking = time.time() - started  # a slow machine's own time is not the rate_limit's
    seconds = max(noted.moments) - min(noted.moments) - asking
    assert (periods - 1) * LIMIT / seconds >= 0.9 * LIMIT


def test_a_first_burst_as_large_as_the_limit_waits_for_nothing(engine: Engine) -> None:
    noted = NotedWaits()
    rate_limit = shared(engine, noted)
    for _ in range(LIMIT):
        rate_limit.take(SESSIONS)
    assert noted.waits == [0.0] * LIMIT
    rate_limit.take(SESSIONS)
    assert 0 < noted.waits[-1] <= 1.1


def test_after_a_429_a_quarter_passes_unused_and_comes_back(engine: Engine) -> None:
    noted = NotedWaits()
    rate_limit = shared(engine, noted)
    rate_limit.slow_down(SESSIONS)
    for _ in range(2 * LIMIT):
        rate_limit.take(SESSIONS)
    waited = [wait > 0.2 for wait in noted.waits]
    assert waited == [False] * (LIMIT - LIMIT // 4) + [True] * (LIMIT + LIMIT // 4)
    assert most_in_a_period(noted.moments[LIMIT:]) <= LIMIT, "the next period has the whole limit again"
    assert max(noted.waits) < 2.5


def test_slowing_down_does_not_itself_wait(engine: Engine) -> None:
    noted = NotedWaits()
    shared(engine, noted).slow_down(SESSIONS)
    assert noted.waits == []


def test_each_endpoint_and_each_account_has_its_own(engine: Engine) -> None:
    noted = NotedWaits()
    first, other = shared(engine, noted), shared(engine, noted, vendor="stripe of another key")
    for _ in range(LIMIT):
        first.take(SESSIONS)
    first.take(REFUNDS)
    other.take(SESSIONS)
    assert not any(noted.waits)


def test_a_vendor_with_one_limit_for_all_endpoints_has_one_budget(engine: Engine) -> None:
    noted = NotedWaits()
    rate_limit = SharedRateLimit(engine, "printful", LIMIT, 60, sleep=noted.sleep)
    for number in range(LIMIT):
        rate_limit.take(f"/orders/{number}")
    assert not any(noted.waits)
    rate_limit.take("/orders")
    assert 55 < noted.waits[-1] < 61


def test_a_limit_that_was_lowered_holds_from_then_on(engine: Engine) -> None:
    noted = NotedWaits()
    shared(engine, NotedWaits(), limit=LIMIT).take(SESSIONS)
    lower = shared(engine, noted, limit=5)
    for _ in range(20):
        lower.take(SESSIONS)
    assert most_in_a_period(noted.moments) <= 5


def test_where_it_cannot_be_written_is_found_out_before_anything_is_asked(tmp_path: Path) -> None:
    engine = open_rate_file(tmp_path)
    RATE.drop(engine)
    rate_limit = shared(engine, NotedWaits())
    with pytest.raises(DBAPIError):
        rate_limit.check()
    with pytest.raises(DatabaseAccessError, match="no table ordersync_rate"):
        rate_limit.take(SESSIONS)


def test_even_attempts_are_spread_over_the_period_and_never_come_in_a_burst(engine: Engine) -> None:
    noted = NotedWaits()
    rate_limit = SharedRateLimit(engine, "stripe", LIMIT, 1, per_endpoint=True, is_even=True, sleep=noted.sleep)
    for _ in range(3 * LIMIT):
        rate_limit.take(SESSIONS)
    assert most_in_a_period(noted.moments, 0.1) <= LIMIT * 0.1 + 1
    assert most_in_a_period(noted.moments) <= LIMIT + 1  # a wait is noted a little after its token was taken


def test_a_run_spreads_its_requests_to_stripe(sandbox: Sandbox, postgres_database: Database) -> None:
    """20 requests a second are asked for: three of them take a tenth of a second, and no two the same moment."""
    settings = settings_for(sandbox, postgres_database.url, STRIPE_REQUESTS_PER_SECOND="20")
    limits = shared_rate_limits(settings, postgres_database.engine)
    for _ in range(3):
        limits.stripe.take(SESSIONS)
    first, second, third = postgres_database.column("SELECT at FROM ordersync_rate ORDER BY at DESC LIMIT 3")
    assert min(first - second, second - third) >= 0.04
