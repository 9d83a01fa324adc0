"""docs/performance.md, written from the figures."""

from collections.abc import Iterable, Sequence

from benchmarks.chart import main_case
from benchmarks.figures import Case, Figures, Limited

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
        _goals(figures),
        _sizes(figures),
        _stages(figures),
        _limits(figures),
        _dagster(figures),
        method,
    )
    return "\n".join(parts)


def _goals(figures: Figures) -> str:
    main = main_case(figures)
    days = [case for case in figures.cases if case.shape == "day" and case.database == "postgresql"]
    rows: list[Sequence[str]] = [_ratio(case) for case in (main, *days)]
    rows += [
        (f"the same, Stripe requests ({case.shape})", "≤ 260", str(case.first.tally.requests)) for case in (main, *days)
    ]
    rows += [
        (
            "the same, one day against thirty: whole process",
            "about 1",
            f"{case.first.cost.wall / main.first.cost.wall:.1f}",
        )
        for case in days
    ]
    share = main.again.cost.cpu / main.first.cost.cpu
    rows.append(("CPU of an unchanged second run against the first", "≤ 60 %", f"{share:.0%}"))
    rows += [
        (
            f"peak memory of the first run or the second, {case.size:,} sessions",
            f"≤ {250 if case.size <= 20_000 else 400} MB",
            f"{max(case.first.cost.memory, case.again.cost.memory):.0f} MB",
        )
        for case in _like(figures, main)
        if case.size >= main.size
    ]
    rows += _memory_at_most(figures)
    if figures.stripe_limit:
        rows.append(("of a limit of 25 requests a second, used", "≥ 90 %", f"{figures.stripe_limit.share:.0%}"))
        rows.append(("sessions lost at that limit", "0", str(figures.stripe_limit.size - figures.stripe_limit.found)))
    rows += _printful_goals(figures.printful_limit)
    if figures.sandbox_pages:
        rows.append(
            ("pages of 100 that the sandbox itself serves in a second", "≥ 1,000", f"{figures.sandbox_pages:,.0f}")
        )
    for name, cost in figures.starts.items():
        goal = "< 0.5 s" if "help" in name else "< 2.5 s"
        rows.append((f"`{name}`" if "help" in name else name, goal, f"{cost.wall:.2f} s"))
    rows += [
        (run.name, "< 4 s" if "order_sync" in run.name else "< 45 s", f"{run.seconds:.1f} s") for run in figures.dagster
    ]
    return _table(("what", "goal", "measured"), rows)


def _memory_at_most(figures: Figures) -> list[Sequence[str]]:
    """What the largest case takes in its worst run, on whichever database and at whichever latency."""
    size = max(case.size for case in figures.cases)
    largest = [case for case in figures.cases if case.size == size]
    most = max(max(case.first.cost.memory, case.again.cost.memory) for case in largest)
    return [(f"the same, {size:,} sessions, the worst of both databases and latencies", "≤ 400 MB", f"{most:.0f} MB")]


def _printful_goals(limited: Limited | None) -> list[Sequence[str]]:
    if limited is None:
        return []
    tally, what = limited.run.tally, f"{limited.size:,} Printful orders and {limited.missing} that it does not know"
    return [
        (f"{what}: requests", f"≤ 110 + {limited.missing}", str(tally.requests)),
        ("the same, whole process at 120 requests a minute", "≤ 75 s", f"{limited.run.cost.wall:.0f} s"),
        ("the same, answered with 429", "0", str(tally.throttled)),
    ]


def _ratio(case: Case) -> Sequence[str]:
    what = f"{case.size:,} sessions of {'30 days' if case.shape == 'month' else 'one day'}, 100 ms, PostgreSQL"
    return (f"{what}: whole process against the read floor", "≤ 4.5", f"{case.ratio:.1f}")


def _like(figures: Figures, main: Case) -> list[Case]:
    return [
        case
        for case in figures.cases
        if (case.shape, case.latency, case.database) == (main.shape, main.latency, main.database)
    ]


def _sizes(figures: Figures) -> str:
    head = (
        *("sessions", "latency", "database", "first run", "CPU", "memory", "requests", "second run", "CPU", "memory"),
        *("read floor", "write floor", "÷ read floor", "one after another", "times faster"),
    )
    text = (
        "Seconds, unless it says otherwise. With no latency there are no round trips to save: there the plain script "
        "can be as fast, which writes neither timeline nor audit and looks at nothing twice."
    )
    return f"## By size\n\n{text}\n\n{_table(head, map(_size, figures.cases))}\n{_growth(figures)}"


def _growth(figures: Figures) -> str:
    """What the largest case costs beside the next smaller one."""
    cases = sorted(_like(figures, main_case(figures)), key=lambda case: case.size)[-2:]
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
    names = list(slow[0].stages)
    text = (
        "## Where the time goes\n\nSeconds of the main thread at 100 ms a request, measured inside one process. "
        "*fetch* is waiting for pages: the round trips, and behind them the other threads' parsing and reading of "
        "sessions, which need the same interpreter lock as all the rest. A day is planned and written whole, so that "
        "it is either done or named as not done: within one day writing begins when reading has ended, over several "
        "they overlap.\n\n"
    )
    rows = [
        (
            f"{case.size:,}{' in one day' if case.shape == 'day' else ''}, {NAMES[case.database]}",
            *(f"{case.stages[name]:.2f}" for name in names),
        )
        for case in slow
    ]
    return text + _table(("sessions", *names), rows)


def _limits(figures: Figures) -> str:
    parts = [
        _limited(limited, vendor)
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
    return text + _table(("what", "runs", "seconds", "orders added"), rows)


def _limited(limited: Limited, vendor: str) -> str:
    tally = limited.run.tally
    if vendor == "Stripe":
        what = f"{limited.size:,} sessions at {limited.limit:.0f} requests a second"
        return (
            f"{what}: {tally.requests} requests in {tally.seconds:.1f} s, {limited.share:.0%} of the limit, "
            f"{tally.throttled} answered with 429; {limited.found:,} orders."
        )
    return (
        f"{limited.size:,} Printful orders and {limited.missing} ids it does not know, at its 120 requests a minute "
        f"and the default budget: {tally.requests} requests, {tally.throttled} answered with 429, the whole run in "
        f"{limited.run.cost.wall:.0f} s. With one GET for each order it would be {limited.size / 120:.0f} minutes."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
