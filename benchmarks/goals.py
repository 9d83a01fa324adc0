"""What was wished of a run, and what came of it."""

from collections.abc import Sequence

from benchmarks.figures import Case, Figures, Limited
from benchmarks.tables import table


def goals(figures: Figures) -> str:
    """A table of every goal and what was measured."""
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
    return table(("what", "goal", "measured"), rows)


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
