"""Measure, keep the figures, and write docs/performance.md with its chart from them."""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import dagster_runs, drift_report, page, suite
from benchmarks.chart import draw
from benchmarks.databases import databases
from benchmarks.figures import Figures
from benchmarks.scaling import page as scaling

ROOT = Path(__file__).parents[1]
MAIN = 20_000  # sessions of the page's first case
SMALL = 300  # sessions of a small shop's month
LATENCIES = (0.1, 0.0)  # seconds a request
MILLION = 1_000_000
PRINTFUL_ORDERS, MISSING = 10_000, 10
REPORT = 100_000  # orders, and as many Printful orders
STRIPE_LIMIT = 25  # requests a second


def main() -> None:
    """Measure the most important first; an interrupted measurement keeps its results."""
    # A job in the background ignores Ctrl-C, and so would the processes that it starts: Dagster is ended by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--million", action="store_true", help="1,000,000 sessions alone, added to the last figures (an hour, 8 GB)"
    )
    what.add_argument("--quick", action="store_true", help="2,000 sessions in five minutes, to try the harness")
    what.add_argument("--report", action="store_true", help="the report alone, added to the last figures")
    what.add_argument("--scaling", action="store_true", help="simulate 1,000 shops and write docs/scaling.md alone")
    what.add_argument("--page-only", action="store_true", help="write the page again from the figures of the last time")
    parser.add_argument("--folder", type=Path, default=ROOT, help="the checkout whose figures and page to write")
    wanted = parser.parse_args()
    kept = wanted.folder / "benchmarks" / "figures.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    if wanted.scaling:
        (wanted.folder / "docs" / "scaling.md").write_text(scaling.page(Figures.load(kept)))
        return
    if wanted.page_only:
        figures = Figures.load(kept)
    elif wanted.report:
        figures = Figures.load(kept)
        figures.report = drift_report.measure(REPORT)
        figures.save(kept)
    else:
        for figures in million(Figures.load(kept)) if wanted.million else measured(wanted.quick):
            figures.save(kept)
    images = wanted.folder / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    draw(figures, images / "performance.png")
    (wanted.folder / "docs" / "performance.md").write_text(page.page(figures))


def measured(is_quick: bool) -> Iterator[Figures]:
    """The figures after each step; the next step is announced on stderr."""
    figures = Figures("python -m benchmarks" + (" --quick" if is_quick else ""))
    sizes = [SMALL, 2_000] if is_quick else [SMALL, 5_000, MAIN, 100_000]
    with databases() as fresh:
        say("what the command costs by itself")
        figures.starts = suite.starts(fresh)
        figures.sandbox_pages = suite.sandbox_pages(MAIN)
        yield figures
        for size in sizes:
            say(f"{size:,} sessions of 30 days")
            figures.cases += suite.cases(fresh, "month", size, LATENCIES)
            yield figures
        busy = min(MAIN, sizes[-1])
        say(f"{busy:,} sessions of one day")
        figures.cases += suite.cases(fresh, "day", busy, [0.1])
        yield figures
        say(f"a limit of {STRIPE_LIMIT} requests a second")
        figures.stripe_limit = suite.stripe_limit(fresh, busy, STRIPE_LIMIT)
        yield figures
        orders = busy if is_quick else PRINTFUL_ORDERS
        say(f"{orders:,} Printful orders at 120 requests a minute")
        figures.printful_limit = suite.printful_limit(fresh, orders, MISSING)
        yield figures
        say("runs in Dagster")
        figures.dagster = dagster_runs.measure(size=busy)
        yield figures
        say(f"a report of {busy if is_quick else REPORT:,} orders")
        figures.report = drift_report.measure(busy if is_quick else REPORT)
        yield figures


def million(figures: Figures) -> Iterator[Figures]:
    """The figures after each of the largest cases, which replace the earlier ones."""
    figures.cases = [case for case in figures.cases if case.size != MILLION]
    with databases() as fresh:
        say(f"{MILLION:,} sessions of 30 days")
        for case in suite.cases(fresh, "month", MILLION, LATENCIES):
            figures.cases.append(case)
            yield figures


def say(what: str) -> None:
    """Print the progress."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
