"""The runs of all shops, and the cost of each: sessions, requests, seconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from benchmarks.scaling.requests import printful_requests, stripe_requests
from benchmarks.scaling.shops import BY_HOUR, DAYS_OPEN, FIRST, HOURS, MONTHS, Numbers, Shops

HOURLY, NIGHTLY = (50, 1), ((3, 20), 15)  # the minute and days of `hourly_open_orders`; time and days of `daily_resync`
FROM, UNTIL = datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)  # of the runs
TABLE = (0, 50, 100, 101, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)


@dataclass(slots=True)
class Run:
    """One run; times are Unix seconds. `read` is when the payments of its window are repaired."""

    number: int  # in the order of their times
    at: float
    shop: int
    sessions: int
    stripe: int  # requests
    printful: int
    read: float = 0.0
    start: float = 0.0
    end: float = 0.0


def runs_of(shops: Shops) -> Iterator[Run]:
    """All runs, by time."""
    sold = np.concatenate([np.zeros((shops.count, 1), dtype=int), np.cumsum(shops.sales, axis=1)], axis=1)
    before = (shops.monthly * MONTHS).astype(int)
    at, number = FROM, 0
    while at < UNTIL:
        if (at.hour, at.minute) == NIGHTLY[0]:
            made = _of_all(shops, sold, before, at, NIGHTLY[1], is_nightly=True)
        elif at.minute == HOURLY[0]:
            made = _of_all(shops, sold, before, at, HOURLY[1], is_nightly=False)
        else:
            made = iter(())
        for run in made:
            number += 1
            run.number = number
            yield run
        at += timedelta(minutes=10)


def _of_all(
    shops: Shops, sold: Numbers, before: Numbers, at: datetime, days: int, *, is_nightly: bool
) -> Iterator[Run]:
    hour = min(HOURS, int((at - FIRST).total_seconds()) // 3600)
    midnight = hour - at.hour
    sessions = sold[:, hour] - sold[:, max(0, midnight - 24 * days)]
    still_open = sold[:, hour] - sold[:, max(0, hour - 24 * DAYS_OPEN)]
    totals = before + sold[:, hour]
    asked = stripe_of(sessions, days)
    for shop in range(shops.count):
        count = int(sessions[shop])
        theirs = printful_requests(int(totals[shop]), int(still_open[shop]), count, is_nightly=is_nightly)
        yield Run(0, at.timestamp(), shop, count, int(asked[shop]), theirs)


def stripe_of(sessions: Numbers, days: int) -> Numbers:
    """Requests to Stripe of a run over so many days that has so many sessions."""
    return np.ceil(np.interp(sessions, TABLE, _table(days))).astype(int)


@cache
def _table(days: int) -> list[int]:
    """Requests to Stripe for each number of sessions of TABLE, spread by the rhythm of a day."""
    rng = np.random.Generator(np.random.PCG64(1))
    start = int(datetime(2026, 11, 10, tzinfo=UTC).timestamp())
    end = start + (days + 1) * 86_400
    found = []
    for size in TABLE:
        hours = rng.choice(24, size=size, p=BY_HOUR / BY_HOUR.sum())
        moments = start + rng.integers(0, days + 1, size) * 86_400 + hours * 3600 + rng.integers(0, 3600, size)
        found.append(stripe_requests(sorted(moments.tolist()), start, end))
    return found
