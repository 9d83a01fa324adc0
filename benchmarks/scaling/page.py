"""docs/scaling.md: the answer, the figures of the simulation, and how they were found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.figures import Figures
from benchmarks.scaling.requests import printful_requests
from benchmarks.scaling.results import (
    FRIDAY,
    PERIODS,
    Delays,
    delays,
    longest_wave,
    lost_payments,
    requests_of,
    sales_of,
)
from benchmarks.scaling.runs import FROM, HOURLY, NIGHTLY, Run, runs_of, stripe_of
from benchmarks.scaling.shops import BLACK_FRIDAY, DAYS_OPEN, MONTHS, RUSH, Shops, draw_shops
from benchmarks.scaling.simulate import PRINTFUL_A_MINUTE, STRIPE_A_SECOND, Machine, alone, play
from benchmarks.scaling.words import ANSWER, HOW, LIMITS
from benchmarks.tables import table

SEED = 7
POD, PROCESS = 10.0, 1.5  # seconds to the first request
MACHINES = {
    "3 pods": Machine(3, POD),
    "4 pods": Machine(4, POD),
    "10 pods": Machine(10, POD),
    "25 pods": Machine(25, POD),
    "10 processes": Machine(10, PROCESS),
}
SIZES = (100, 1_000, 10_000, 100_000)  # orders a month of one shop
ORDERS_A_PAGE = 97  # of Printful's list: 100, and 3 of them were on the page before
USUAL_DAY = BLACK_FRIDAY - timedelta(days=9)


@dataclass(frozen=True)
class Played:
    """One machine: its runs, and the delays of each period."""

    done: Sequence[Run]
    delays: dict[str, Delays]


def page(figures: Figures, count: int = 1_000) -> str:
    """The whole page."""
    shops = draw_shops(count, SEED)
    lost, runs = lost_payments(shops, SEED), list(runs_of(shops))
    played = dict(_played(shops, lost, runs))
    facts = _facts(figures, shops, played)
    parts = [ANSWER.format(**facts), _delay_table(played), _request_table(shops, played["10 pods"].done)]
    return "\n".join([*parts, LIMITS.format(**facts), _size_table(), HOW.format(**facts)])


def _played(shops: Shops, lost: object, runs: Sequence[Run]) -> Iterable[tuple[str, Played]]:
    for name, machine in MACHINES.items():
        done = [Run(each.number, each.at, each.shop, each.sessions, each.stripe, each.printful) for each in runs]
        done = play(done, shops, machine)
        yield name, Played(done, {title: delays(done, lost, period, shops) for title, period in PERIODS.items()})


def _delay_table(played: dict[str, Played]) -> str:
    head = ["runs at once", *(f"{title}: p50, p95, p99" for title in PERIODS), "all nightly runs", "all hourly runs"]
    rows = []
    for name, each in played.items():
        found = [" · ".join(f"{minutes:,.0f}" for minutes in each.delays[title].minutes) for title in PERIODS]
        (at, _), minute = NIGHTLY, HOURLY[0]
        waves = [longest_wave(each.done, FRIDAY[0], *at), longest_wave(each.done, FRIDAY[0], 12, minute)]
        rows.append([name, *found, *(f"{minutes:,.0f}" for minutes in waves)])
    return table(head, rows)


def _request_table(shops: Shops, done: Sequence[Run]) -> str:
    head = ["", "payments", "requests to Stripe", "requests to Printful"]
    rows = []
    for title, day in (("a usual day", USUAL_DAY), ("Black Friday", BLACK_FRIDAY)):
        stripe, printful = requests_of(done, day)
        rows.append([title, f"{sales_of(shops, day):,}", f"{stripe:,}", f"{printful:,}"])
    return table(head, rows)


def _size_table() -> str:
    head = ["orders a month", "hourly run", "minutes", "hourly, Black Friday", "minutes", "nightly run", "minutes"]
    return table(head, (_size_row(monthly) for monthly in SIZES))


def _size_row(monthly: int) -> list[str]:
    day = monthly / 30
    hourly, rush = (_run(monthly, sessions, is_nightly=False) for sessions in (2 * day, (1 + RUSH[0]) * day))
    nightly = _run(monthly, (NIGHTLY[1] + 0.14) * day, is_nightly=True)
    cells = [(f"{each.stripe} + {each.printful:,}", f"{_minutes(each):.1f}") for each in (hourly, rush, nightly)]
    return [f"{monthly:,}", *(cell for pair in cells for cell in pair)]


def _minutes(run: Run) -> float:
    return (alone(run, Machine(1, POD)).end - run.at) / 60


def _hourly_limit() -> int:
    """Orders a month, in thousands, up to which an hourly run ends within the hour."""
    step = 10_000
    sizes = range(step, 10_000_000, step)
    return next(size for size in sizes if _minutes(_run(size, size / 15, is_nightly=False)) > 60) - step


def _run(monthly: int, sessions: float, *, is_nightly: bool) -> Run:
    days = NIGHTLY[1] if is_nightly else HOURLY[1]
    still_open = int(monthly / 30 * DAYS_OPEN + max(0.0, sessions - 2 * monthly / 30) * (not is_nightly))
    theirs = printful_requests(monthly * MONTHS, still_open, int(sessions), is_nightly=is_nightly)
    return Run(0, FROM.timestamp(), 0, int(sessions), int(stripe_of(sessions, days)), theirs)


def _facts(figures: Figures, shops: Shops, played: dict[str, Played]) -> dict[str, object]:
    ten = played["10 pods"]
    hourly = [run.end - run.start for run in ten.done if run.at % 3600 == HOURLY[0] * 60]
    mean = sum(hourly) / len(hourly)
    stripe, printful, main = figures.stripe_limit, figures.printful_limit, figures.main
    assert stripe is not None
    assert printful is not None
    return {
        "shops": f"{shops.count:,}",
        "usual": ten.delays["a usual day"],
        "friday": ten.delays["Black Friday"],
        "median": f"{ten.delays['a usual day'].minutes[0]:.0f}",
        "late": f"{ten.delays['Black Friday'].minutes[2]:.0f}",
        "seconds": f"{mean:.1f}",
        "needed": -(-int(shops.count * mean) // 3600),
        "a_pod": f"{int(3600 / mean):,}",
        "hourly_limit": f"{_hourly_limit():,}",
        "sessions_a_second": f"{STRIPE_A_SECOND * 100:,}",
        "orders_a_minute": f"{PRINTFUL_A_MINUTE * ORDERS_A_PAGE:,}",
        "orders_an_hour": f"{PRINTFUL_A_MINUTE * ORDERS_A_PAGE * 60:,}",
        "main_size": f"{main.size:,}",
        "main_seconds": f"{main.first.cost.wall:.1f}",
        "stripe_size": f"{stripe.size:,}",
        "stripe_requests": stripe.run.tally.requests,
        "stripe_seconds": f"{stripe.run.tally.seconds:.1f}",
        "printful_size": f"{printful.size:,}",
        "printful_seconds": f"{printful.run.cost.wall:.0f}",
        "median_size": f"{sorted(shops.monthly)[shops.count // 2]:.0f}",
        "largest": f"{shops.monthly.max():,.0f}",
        "seed": SEED,
        "lost_share": f"{shops.lost.sum() / shops.sales.sum():.1%}",
        "lost_usual": ten.delays["a usual day"].payments,
        "lost_friday": ten.delays["Black Friday"].payments,
    }
