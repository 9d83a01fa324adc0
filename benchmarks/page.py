"""docs/performance.md, written from the figures."""

from collections.abc import Sequence

from benchmarks.commands import HIGH_LIMITS
from benchmarks.figures import Case, Figures, Limited
from benchmarks.goals import goals
from benchmarks.tables import table
from ordersync_dagster.adapters.database.rate_limit import LATE_WAKE_SECONDS

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
INTRODUCTION = """\
# Performance

*Written by `python -m benchmarks`; change the harness, not this page.*

What limits a run is the vendors' rate limits and one round trip. So a window is cut where it is busy and read with
up to 16 requests in flight, rows are read and written by the set, what is unchanged is not written, and a run holds
one day at a time in memory.

![One run beside its floors, and how cost grows](images/performance.png)
"""
METHOD = """\
## How it is measured

The vendors are played by the sandbox (`large` scenario) in a process of its own on the same machine; each answer
takes the latency named. *First run* is the whole process of `ordersync sync --days 30 --printful none`, imports
included, on a database as `ordersync db init` leaves it, with a budget of 100 requests a second; *second run* is the
same command again. CPU and peak memory are the operating system's figures for the process. Up to 20,000 sessions
the fastest of three counts, for ours and for the floors.

- **Read floor**: asyncio and aiohttp, 16 equal slices of the window at once, each page parsed as plain JSON and
  thrown away; imports not counted.
- **Write floor**: the rows of `orders` alone, made beforehand: COPY into a temporary table and INSERT … SELECT … ON
  CONFLICT on PostgreSQL, `executemany` on SQLite. Ours also writes a timeline and an audit row for each order.
- **Report**: `python -m benchmarks --report`. What a reading of so many orders leaves is made beforehand; counted is
  the way from there to the page and the JSON, imports of pandas and matplotlib included, the fastest of three
  processes. Other programs kept both cores busy when it was measured last: the CPU says what it costs.
- **One after another**: a plain script, which reads one page at a time and makes one SELECT and one INSERT for each
  session. Measured on {pages} pages and {rows} sessions and multiplied, not run in full.

| | |
|---|---|
{machine}

To measure again (a quarter of an hour, then an hour for the rows of 1,000,000, which are runs of their own):

```console
$ make bench
$ .venv/bin/python -m benchmarks --million
```
"""


def page(figures: Figures) -> str:
    """The whole page."""
    from benchmarks.sequential import PAGES
    from benchmarks.suite import SEQUENTIAL_ROWS

    machine = {"date": figures.date, **figures.machine, "command": f"`{figures.command}`"}
    method = METHOD.format(
        pages=PAGES, rows=SEQUENTIAL_ROWS, machine="\n".join(f"| {name} | {what} |" for name, what in machine.items())
    )
    parts = (
        INTRODUCTION,
        goals(figures),
        _sizes(figures),
        _stages(figures),
        _limits(figures),
        _dagster(figures),
        method,
    )
    return "\n".join(parts)


def _sizes(figures: Figures) -> str:
    head = (
        *("sessions", "latency", "database", "first run", "CPU", "memory", "requests", "second run", "CPU", "memory"),
        *("read floor", "write floor", "÷ read floor", "one after another", "times faster"),
    )
    text = (
        "Seconds, unless it says otherwise. With no latency there are no round trips to save: there the plain script "
        "can be as fast, which writes neither timeline nor audit and looks at nothing twice."
    )
    return f"## By size\n\n{text}\n\n{table(head, map(_size, figures.cases))}\n{_growth(figures)}"


def _growth(figures: Figures) -> str:
    """The cost of the largest case compared with the next smaller one."""
    cases = figures.sizes[-2:]
    less, more = (case.first.cost for case in cases)
    return (
        f"{cases[1].size:,} sessions are {cases[1].size / cases[0].size:.0f} times {cases[0].size:,}; they take "
        f"{more.cpu / less.cpu:.1f} times the CPU and {more.wall / less.wall:.1f} times the seconds "
        f"(100 ms, PostgreSQL; the read floor itself: {cases[1].reading.wall / cases[0].reading.wall:.1f} times).\n"
    )


def _size(case: Case) -> Sequence[str]:
    first, again = case.first, case.again
    assert case.sequential is not None
    plain = case.sequential.stripe_side(case.size)
    throttled = f" ({first.tally.throttled} × 429)" if first.tally.throttled else ""
    return (
        f"{case.size:,}" + (" in one day" if case.shape == "day" else ""),
        f"{case.latency * 1000:.0f} ms",
        NAMES[case.database],
        f"**{first.cost.wall:.1f}**",
        f"{first.cost.cpu:.1f}",
        f"{first.cost.memory:.0f} MB",
        f"{first.tally.requests}{throttled}",
        f"{again.cost.wall:.1f}",
        f"{again.cost.cpu:.1f}",
        f"{again.cost.memory:.0f} MB",
        f"{case.reading.wall:.1f}",
        f"{case.write_floor:.2f}",
        f"{case.ratio:.1f}",
        f"{plain:,.0f}",
        f"{plain / first.cost.wall:.1f}",
    )


def _stages(figures: Figures) -> str:
    slow = [case for case in figures.cases if case.latency and case.stages]
    names, requests = list(slow[0].stages), figures.main.first.tally.requests
    budget, span = int(HIGH_LIMITS["STRIPE_REQUESTS_PER_SECOND"]), 1 + LATE_WAKE_SECONDS
    text = (
        "## Where the time goes\n\nSeconds of the main thread at 100 ms a request, measured inside one process. "
        "*fetch* is waiting for pages: the round trips, and behind them the other threads' parsing and reading of "
        "sessions, which need the same interpreter lock as all the rest. A day is planned and written whole, so that "
        "it is either done or named as not done: within one day writing begins when reading has ended, over several "
        "they overlap.\n\n"
        f"The budget is a floor of its own: {budget} requests a second, taken in spans of {span:.2f} s, let {requests} "
        f"requests out in no less than {(requests - 1) // budget * span:.1f} s. The read floor knows no budget. Stripe "
        "itself allows 25 a second for one endpoint, and what that comes to is measured below.\n\n"
    )
    rows = [
        (
            f"{case.size:,}{' in one day' if case.shape == 'day' else ''}, {NAMES[case.database]}",
            *(f"{case.stages[name]:.2f}" for name in names),
        )
        for case in slow
    ]
    return text + table(("sessions", *names), rows)


def _limits(figures: Figures) -> str:
    parts = [
        _limited(limited, vendor, figures.main)
        for limited, vendor in ((figures.stripe_limit, "Stripe"), (figures.printful_limit, "Printful"))
        if limited is not None
    ]
    return "## At the vendors' limits\n\n" + "\n".join(f"- {part}" for part in parts) + "\n"


def _dagster(figures: Figures) -> str:
    text = (
        "## In Dagster\n\nOn a real webserver and daemon with Dagster's own SQLite storage, by Dagster's clock: from "
        "the start of the run's process to its end. Before that lie Dagster's queue and, for a backfill, the daemon's "
        "30-second tick.\n\n"
    )
    rows = [(run.name, str(run.runs), f"{run.seconds:.1f}", f"{run.added:,}") for run in figures.dagster]
    return text + table(("what", "runs", "seconds", "orders added"), rows)


def _limited(limited: Limited, vendor: str, main: Case) -> str:
    tally, plain = limited.run.tally, main.sequential
    assert plain is not None
    if vendor == "Stripe":
        what = f"{limited.size:,} sessions at {limited.limit:.0f} requests a second"
        return (
            f"{what}: {tally.requests} requests in {tally.seconds:.1f} s, {limited.share:.0%} of the limit, "
            f"{tally.throttled} answered with 429; {limited.found:,} orders."
        )
    return (
        f"{limited.size:,} Printful orders and {limited.missing} ids it does not know, at its 120 requests a minute "
        f"and the default budget: {tally.requests} requests, {tally.throttled} answered with 429, the whole run in "
        f"{limited.run.cost.wall:.0f} s. With one GET for each order it would be "
        f"{plain.printful_side(limited.size, 120) / 60:.0f} minutes."
    )
