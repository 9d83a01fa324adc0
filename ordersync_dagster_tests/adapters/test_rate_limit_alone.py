"""The rate limit of one process, without a database."""

import time

from ordersync_dagster.adapters.http.rate_limit import LocalRateLimit
from ordersync_dagster_tests.adapters.noted_waits import LIMIT
from ordersync_dagster_tests.adapters.rate_limits import SESSIONS, at_once, most_in_a_period


def test_one_process_alone_stays_within_its_limit() -> None:
    rate_limit = LocalRateLimit(LIMIT, 1, per_endpoint=True)
    moments: list[float] = []

    def ask() -> None:
        for _ in range(LIMIT // 2):
            rate_limit.take(SESSIONS)
            moments.append(time.monotonic())

    at_once(ask, 4)
    assert most_in_a_period(moments, 0.95) <= LIMIT * 1.1


def test_one_process_alone_waits_for_nothing_where_it_is_told_to_slow_down() -> None:
    """It is told so while the answer is open, whose text says how long to wait."""
    rate_limit = LocalRateLimit(2, 60)
    rate_limit.take("/orders")
    rate_limit.take("/orders")
    started = time.monotonic()
    rate_limit.slow_down("/orders")
    assert time.monotonic() - started < 30


def test_one_process_alone_leaves_room_after_a_429() -> None:
    rate_limit = LocalRateLimit(4, 1)
    rate_limit.slow_down("")
    started = time.monotonic()
    for _ in range(3):
        rate_limit.take("/orders")
    assert time.monotonic() - started < 0.5
    rate_limit.take("/orders")
    assert time.monotonic() - started > 0.5
