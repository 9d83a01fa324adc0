"""A thousand shops and their sales, drawn from a seed: sizes with a long tail, rhythm of day and week, Black Friday."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

BLACK_FRIDAY = datetime(2026, 11, 27, tzinfo=UTC)
FIRST, LAST = datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)  # of the sales
HOURS = int((LAST - FIRST).total_seconds()) // 3600
BY_HOUR = np.array([3, 2, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 12, 12, 12, 13, 14, 16, 18, 18, 15, 10, 6], dtype=float)
BY_WEEKDAY = np.array([1.05, 1.0, 1.0, 1.0, 0.95, 0.9, 1.1])  # Monday first
RUSH = {0: 12.0, 1: 5.0, 2: 4.0, 3: 9.0}  # days after Black Friday → times the usual; until Cyber Monday
SMALLEST, TAIL, LARGEST = 25, 1.0, 60_000  # orders a month: a Pareto distribution, cut at the largest
LOST = 0.002  # of payments whose webhook does its work, one in 500 is lost all the same
OUTAGES_A_DAY = 1 / 45  # of a shop's webhook
OUTAGE_HOURS, OUTAGE_SPREAD = 3.0, 1.2  # median, and the spread of its logarithm: some last for days
RUSH_OUTAGES = 5.0  # times as many on Black Friday
MONTHS = 18  # of orders that a shop's Printful store holds already
DAYS_OPEN = 5  # until an order is made and sent
SHARING, SHOPS_AN_ACCOUNT = 0.1, 10  # so many shops share their Stripe account, ten an account

Numbers = Any  # numpy's arrays


@dataclass(frozen=True)
class Shops:
    """Sales and losses by shop and hour; `account` is each shop's Stripe account."""

    monthly: Numbers
    account: Numbers
    sales: Numbers
    lost: Numbers

    @property
    def count(self) -> int:
        """How many shops."""
        return len(self.monthly)


def draw_shops(count: int, seed: int) -> Shops:
    """The same for the same seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    monthly = np.minimum(SMALLEST * rng.random(count) ** (-1 / TAIL), LARGEST)
    shares = rng.random(count) < SHARING
    account = np.where(shares, count + np.cumsum(shares) // SHOPS_AN_ACCOUNT, np.arange(count))
    rhythm = _rhythm()
    sales = rng.poisson(monthly[:, None] / (30 * 24) * rhythm[None, :])
    is_down = _outages(rng, count)
    lost = rng.binomial(sales, np.where(is_down, 1.0, LOST))
    return Shops(monthly, account, sales, lost)


def hour_of(moment: datetime) -> int:
    """Its place in the arrays."""
    return int((moment - FIRST).total_seconds()) // 3600


def _rhythm() -> Numbers:
    """How many times the mean each hour has."""
    found = np.empty(HOURS)
    for hour in range(HOURS):
        moment = FIRST + timedelta(hours=hour)
        rush = RUSH.get((moment - BLACK_FRIDAY).days, 1.0)
        found[hour] = BY_HOUR[moment.hour] / BY_HOUR.mean() * BY_WEEKDAY[moment.weekday()] * rush
    return found


def _outages(rng: Numbers, count: int) -> Numbers:
    """Whether a shop's webhook is down in an hour."""
    is_down = np.zeros((count, HOURS), dtype=bool)
    chance = np.full(HOURS, OUTAGES_A_DAY / 24)
    rush = hour_of(BLACK_FRIDAY)
    chance[rush : rush + 24] *= RUSH_OUTAGES
    for shop, hour in np.argwhere(rng.random((count, HOURS)) < chance[None, :]):
        length = int(np.ceil(rng.lognormal(np.log(OUTAGE_HOURS), OUTAGE_SPREAD)))
        is_down[shop, hour : hour + length] = True
    return is_down
