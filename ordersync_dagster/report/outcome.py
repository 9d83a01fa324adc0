"""The results of one run, collected part by part."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ordersync_dagster.core.changes import AddItems, Change, NewItem
from ordersync_dagster.core.items import is_guessed
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.planned import PlannedChange, changes_of
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.proof import DayProof, day_proof
from ordersync_dagster.core.shadow import ShadowFigures
from ordersync_dagster.core.summary import Summary, summarise
from ordersync_dagster.core.text import counted
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.rows import ChangeRow, field_rows, iter_changes

KEPT_PROBLEMS = 200  # of each kind, where the whole list is not needed
NOT_MADE = (ProblemClass.STUCK_AT_PRINTFUL, ProblemClass.CANCELLED_AT_PRINTFUL, ProblemClass.GOODS_MISSING)
TO_STOP = (
    ProblemClass.REFUNDED_BUT_SHIPPING,
    ProblemClass.DISPUTED_BUT_SHIPPING,
    ProblemClass.DUPLICATE_FULFILMENT,
    ProblemClass.ORPHAN_PRINTFUL,
)
RECOVERED_WAITS = "unfulfilled, recovered"


def kind_of(problem: Problem) -> str:
    """The class that a problem is counted under; recovered orders that wait are a class of their own."""
    return RECOVERED_WAITS if "recovered" in problem.ids else str(problem.problem_class)


def _items_of(change: Change) -> tuple[NewItem, ...]:
    return change.items if isinstance(change, AddItems) else ()


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A planned change, and the rows that a person sees of it."""

    change: PlannedChange
    rows: tuple[ChangeRow, ...]


@dataclass(slots=True)
class Outcome:
    """The results of a run until now.

    `changes` and `problems` are complete only where `keeps_changes`: a large run may have too many. `planned` is empty
    unless `keeps_plan`.
    """

    run_id: str
    window: Window
    is_dry_run: bool
    keeps_changes: bool = True
    keeps_plan: bool = False
    summary: Summary = Summary()
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)  # all problems by kind
    changes: list[ChangeRow] = field(default_factory=list)
    planned: list[ShownChange] = field(default_factory=list)
    guessed_prices: int = 0  # items priced at cost or 0.00, for a column that needs a price
    plan_warnings: list[str] = field(default_factory=list)
    days: dict[date, Summary] = field(default_factory=dict)  # of the Stripe phase, by UTC day
    proofs: dict[date, DayProof] = field(default_factory=dict)  # of the same days, without their entries
    rows: dict[str, int] = field(default_factory=dict)
    is_shadow: bool = False  # nothing was written to the shop's tables; counted as a dry run
    shadow: ShadowFigures | None = None  # of all runs in shadow mode, once this one came to its end
    began: float = field(default_factory=time.monotonic)  # the wall clock may be set back during a run

    def add(self, part: Part) -> None:
        """Add the results of the next part."""
        figures = summarise(part)
        self.summary += figures
        if part.plan.day is not None:
            self.days[part.plan.day] = self.days.get(part.plan.day, Summary()) + figures
            self.proofs[part.plan.day] = self._proof(part.plan, part.plan.day)
        self.plan_warnings.extend(part.plan.warnings)
        for problem in part.problems:
            kind = kind_of(problem)
            self.counts[kind] += 1
            if self.keeps_changes or self.counts[kind] <= KEPT_PROBLEMS:
                self.problems.append(problem)
        if self.keeps_changes:
            self.changes.extend(iter_changes(part.plan))
        if self.keeps_plan:
            self.planned.extend(
                ShownChange(PlannedChange.of(each), tuple(field_rows(each))) for each in changes_of(part.plan)
            )
        items = (item for each in part.plan.updates for change in each.changes for item in _items_of(change))
        self.guessed_prices += sum(is_guessed(item) for item in items)
        for applied in part.applied:
            for name in ("orders_inserted", "orders_updated", "items_inserted", "written_first_by_others"):
                self.rows[name] = self.rows.get(name, 0) + getattr(applied, name)

    def _proof(self, plan: Plan, day: date) -> DayProof:
        is_over = day in self.window.whole_days
        return replace(day_proof(plan, day, is_over=is_over, is_written=not self.is_dry_run), entries=())

    @property
    def title(self) -> str:
        """The title of a page about the run."""
        if self.is_shadow:
            return "Shadow mode: nothing was written to the shop's tables"
        return "Dry run: nothing was written" if self.is_dry_run else "What this run did"

    @property
    def warnings(self) -> list[str]:
        """Warnings about the plan, not about one record."""
        if not self.guessed_prices:
            return [*self.plan_warnings]
        guessed = (
            f"{counted(self.guessed_prices, 'item')} got a guessed price (the cost at Printful, or 0.00): "
            "order_items.price must be given and nobody says what the customer paid: look for price_source in "
            "their metadata."
        )
        return [*self.plan_warnings, guessed]

    @property
    def is_printful_done(self) -> bool:
        """Whether the Printful phase, if there was one, had no errors."""
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
        """Seconds since the run began."""
        return time.monotonic() - self.began

    def run_figures(self, traffic: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
        """The figures that differ from run to run: rows written, requests, retries, 429s, seconds."""
        return {
            "seconds": round(self.seconds, 3),
            "rows_written": dict(self.rows),
            "traffic": {vendor: dict(counts) for vendor, counts in traffic.items()},
        }
