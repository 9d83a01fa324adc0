"""The goals of a run, and the measured values."""

from collections.abc import Iterator, Sequence

from benchmarks.figures import Case, Figures, Limited
from benchmarks.tables import table

SMALL = 1_000  # sessions: below that a shop is small
CPU = 1.7  # seconds: half of the first run before this goal was set


def goals(figures: Figures) -> str:
    """A table of all goals and measured values."""
    main = figures.main
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
    rows.append((f"CPU of the first run, {main.size:,} sessions", f"≤ {CPU:.1f} s", f"{main.first.cost.cpu:.1f} s"))
    rows.append(("CPU of an unchanged second run against the first", "≤ 60 %", f"{share:.0%}"))
    rows += [
        (
            f"peak memory of the first run or the second, {case.size:,} sessions",
            f"≤ {250 if case.size <= 20_000 else 400} MB",
            f"{max(case.first.cost.memory, case.again.cost.memory):.0f} MB",
        )
        for case in figures.sizes
        if case.size >= main.size
    ]
    rows += _memory_at_most(figures)
    rows += _small_shop(figures)
    if figures.stripe_limit:
        rows += _stripe_goals(figures.stripe_limit, _start(figures))
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
    if figures.report:
        what = f"`ordersync report` of {figures.report.size:,} orders and as many Printful orders, beside the reading"
        rows.append((what, "< 20 s", f"{figures.report.seconds:.1f} s, {figures.report.cpu:.1f} s of CPU"))
        rows.append(("the same, memory", "< 400 MB", f"{figures.report.memory:.0f} MB"))
    return table(("what", "goal", "measured"), rows)


def _memory_at_most(figures: Figures) -> list[Sequence[str]]:
    """The highest memory of the largest case, for all databases and latencies."""
    size = max(case.size for case in figures.cases)
    largest = [case for case in figures.cases if case.size == size]
    most = max(max(case.first.cost.memory, case.again.cost.memory) for case in largest)
    return [(f"the same, {size:,} sessions, the worst of both databases and latencies", "≤ 400 MB", f"{most:.0f} MB")]


def _start(figures: Figures) -> float:
    """Seconds of a run on PostgreSQL that finds nothing."""
    return figures.starts["empty day, postgresql"].wall


def _stripe_goals(limited: Limited, start: float) -> Iterator[Sequence[str]]:
    """The requests take their number divided by the limit; a whole run may take a quarter more, and its start."""
    yield "of a limit of 25 requests a second, used", "≥ 90 %", f"{limited.share:.0%}"
    yield "sessions lost at that limit", "0", str(limited.size - limited.found)
    for name, run in (("first", limited.run), ("second", limited.again)):
        if run is not None:
            most = 1.25 * run.tally.requests / limited.limit + start
            yield f"whole {name} run at that limit", f"≤ {most:.1f} s", f"{run.cost.wall:.1f} s"


def _small_shop(figures: Figures) -> Iterator[Sequence[str]]:
    """Against its own floor: a run that finds nothing, and the reading."""
    for case in figures.sizes[:1]:
        if case.size < SMALL:
            floor = case.reading.wall + _start(figures)
            what = f"{case.size:,} sessions of 30 days, 100 ms, PostgreSQL: whole process against an empty day and the"
            yield f"{what} read floor", "≤ 1.5", f"{case.first.cost.wall / floor:.1f}"


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
