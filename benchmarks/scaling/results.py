"""The results of a simulation: delays from payment to repair, requests, waves of runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from benchmarks.scaling.runs import FROM, Run
from benchmarks.scaling.shops import BLACK_FRIDAY, FIRST, Numbers, Shops

GRACE = 15 * 60  # ORDERSYNC_GRACE_MINUTES, in seconds
PERCENTS = (50, 95, 99)
USUAL = (FROM + timedelta(days=1), BLACK_FRIDAY - timedelta(days=1))
FRIDAY = (BLACK_FRIDAY, BLACK_FRIDAY + timedelta(days=1))
PERIODS = {"a usual day": USUAL, "Black Friday": FRIDAY}


@dataclass(frozen=True)
class Delays:
    """Minutes from a lost payment to its order, at p50, p95 and p99, and how many payments."""

    payments: int
    minutes: tuple[float, ...]


def lost_payments(shops: Shops, seed: int) -> Numbers:
    """Shop and Unix time of each payment whose webhook did not do its work."""
    rng = np.random.Generator(np.random.PCG64(seed + 1))
    shop, hour = np.nonzero(shops.lost)
    times = shops.lost[shop, hour]
    shop, hour = np.repeat(shop, times), np.repeat(hour, times)
    return np.stack([shop, FIRST.timestamp() + hour * 3600 + rng.random(len(hour)) * 3600])


def delays(done: Sequence[Run], lost: Numbers, period: tuple[datetime, datetime], shops: Shops) -> Delays:
    """For the payments of a period; the first run that starts after the grace time repairs them."""
    start, end = (moment.timestamp() for moment in period)
    found: list[float] = []
    mine: list[list[Run]] = [[] for _ in range(shops.count)]
    for run in done:
        mine[run.shop].append(run)
    of_period = lost[:, (lost[1] >= start) & (lost[1] < end)]
    for shop in np.unique(of_period[0]).astype(int):
        runs = sorted(mine[shop], key=lambda run: run.start)
        starts, read = np.array([run.start for run in runs]), np.array([run.read for run in runs])
        paid = of_period[1][of_period[0] == shop]
        found += (read[np.searchsorted(starts, paid + GRACE)] - paid).tolist()
    return Delays(len(found), tuple(float(each) / 60 for each in np.percentile(found, PERCENTS)))


def sales_of(shops: Shops, day: datetime) -> int:
    """Payments of all shops on a UTC day."""
    hour = int((day - FIRST).total_seconds()) // 3600
    return int(shops.sales[:, hour : hour + 24].sum())


def requests_of(done: Sequence[Run], day: datetime) -> tuple[int, int]:
    """Requests of all shops to Stripe and Printful on a UTC day."""
    mine = [run for run in done if day.timestamp() <= run.at < day.timestamp() + 86_400]
    return sum(run.stripe for run in mine), sum(run.printful for run in mine)


def longest_wave(done: Sequence[Run], day: datetime, hour: int, minute: int) -> float:
    """Minutes until 99 of 100 runs that were due at a time had ended."""
    at = day.replace(hour=hour, minute=minute).timestamp()
    return float(np.percentile([run.end - at for run in done if run.at == at], 99)) / 60
