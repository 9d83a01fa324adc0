"""One run, gathered part by part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.rows import ChangeRow, change_rows
from ordersync_dagster.report.summary import Summary, summarise
from ordersync_dagster.sync import Part


@dataclass(slots=True)
class Outcome:
    """What a run has come to so far. `changes` is filled where `keeps_changes`; everything else is small."""

    run_id: str
    window: Window
    is_dry_run: bool
    keeps_changes: bool = True
    summary: Summary = Summary()
    problems: list[Problem] = field(default_factory=list)
    changes: list[ChangeRow] = field(default_factory=list)
    days: dict[date, Summary] = field(default_factory=dict)  # the session side, by UTC day
    rows: dict[str, int] = field(default_factory=dict)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def add(self, part: Part) -> None:
        """Take in the next part."""
        figures = summarise(part)
        self.summary += figures
        if part.plan.day is not None:
            self.days[part.plan.day] = self.days.get(part.plan.day, Summary()) + figures
        self.problems.extend(part.problems)
        if self.keeps_changes:
            self.changes.extend(change_rows(part.plan))
        for applied in part.applied:
            for name in ("orders_inserted", "orders_updated", "items_inserted", "written_first_by_others"):
                self.rows[name] = self.rows.get(name, 0) + getattr(applied, name)

    @property
    def waiting(self) -> list[str]:
        """Recovered orders that have nothing at Printful: their customers wait."""
        return [each.ids["order_id"] for each in self.problems if each.problem_class is ProblemClass.UNFULFILLED]

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return (datetime.now(UTC) - self.started).total_seconds()

    def run_figures(self, traffic: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
        """What depends on the day and the line: rows written, requests, retries, 429s, seconds."""
        return {
            "seconds": round(self.seconds, 3),
            "rows_written": dict(self.rows),
            "traffic": {vendor: dict(counts) for vendor, counts in traffic.items()},
        }
