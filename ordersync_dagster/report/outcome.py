"""One run, gathered part by part."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ordersync_dagster.core.changes import AddItems, Change, NewItem
from ordersync_dagster.core.items import is_guessed
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.summary import Summary, summarise
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.rows import ChangeRow, change_rows

KEPT_PROBLEMS = 200  # of each kind, where nobody will list them all
RECOVERED_WAITS = "unfulfilled, recovered"


def kind_of(problem: Problem) -> str:
    """What a problem is counted under: its class; orders that we recovered apart from the shop's own."""
    return RECOVERED_WAITS if "recovered" in problem.ids else str(problem.problem_class)


def _added(change: Change) -> tuple[NewItem, ...]:
    return change.items if isinstance(change, AddItems) else ()


@dataclass(slots=True)
class Outcome:
    """What a run has come to so far.

    Where `keeps_changes`, `changes` and `problems` are complete; else the run may be too large for that.
    """

    run_id: str
    window: Window
    is_dry_run: bool
    keeps_changes: bool = True
    summary: Summary = Summary()
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)  # all problems by kind
    changes: list[ChangeRow] = field(default_factory=list)
    guessed_prices: int = 0  # items that got Printful's cost or 0.00 because their column must have a price
    said_aloud: list[str] = field(default_factory=list)  # warnings of the plans
    days: dict[date, Summary] = field(default_factory=dict)  # the session side, by UTC day
    rows: dict[str, int] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)  # the clock of the day may jump back meanwhile

    def add(self, part: Part) -> None:
        """Take in the next part."""
        figures = summarise(part)
        self.summary += figures
        if part.plan.day is not None:
            self.days[part.plan.day] = self.days.get(part.plan.day, Summary()) + figures
        self.said_aloud.extend(part.plan.warnings)
        for problem in part.problems:
            kind = kind_of(problem)
            self.counts[kind] += 1
            if self.keeps_changes or self.counts[kind] <= KEPT_PROBLEMS:
                self.problems.append(problem)
        if self.keeps_changes:
            self.changes.extend(change_rows(part.plan))
        items = (item for each in part.plan.updates for change in each.changes for item in _added(change))
        self.guessed_prices += sum(is_guessed(item) for item in items)
        for applied in part.applied:
            for name in ("orders_inserted", "orders_updated", "items_inserted", "written_first_by_others"):
                self.rows[name] = self.rows.get(name, 0) + getattr(applied, name)

    @property
    def warnings(self) -> list[str]:
        """What the plan itself has to say aloud."""
        if not self.guessed_prices:
            return [*self.said_aloud]
        guessed = (
            f"{self.guessed_prices} items got a guessed price (the cost at Printful, or 0.00): order_items.price must "
            "be given and nobody says what the customer paid: look for price_source in their metadata."
        )
        return [*self.said_aloud, guessed]

    @property
    def is_printful_done(self) -> bool:
        """Whether the Printful side, if it was looked at, left no record undecided."""
        return self.summary.errors == sum(figures.errors for figures in self.days.values())

    @property
    def waiting(self) -> list[str]:
        """Recovered orders that have nothing at Printful: their customers wait."""
        return [each.ids["order_id"] for each in self.problems if kind_of(each) == RECOVERED_WAITS]

    @property
    def waiting_long(self) -> list[str]:
        """The shop's own orders that were paid more than a day ago and have nothing at Printful."""
        return [each.ids["order_id"] for each in self.problems if kind_of(each) == ProblemClass.UNFULFILLED]

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self.began

    def run_figures(self, traffic: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
        """What depends on the day and the line: rows written, requests, retries, 429s, seconds."""
        return {
            "seconds": round(self.seconds, 3),
            "rows_written": dict(self.rows),
            "traffic": {vendor: dict(counts) for vendor, counts in traffic.items()},
        }
