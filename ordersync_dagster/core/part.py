"""One part of a run: a day of sessions or a batch of Printful orders, planned and perhaps applied."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from ordersync_dagster.core.carried_out import DecidedAgain, carried_out
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problems import Problem


@dataclass(frozen=True, slots=True)
class Applied:
    """The result of applying one plan: rows written, and orders that were not written."""

    orders_inserted: int = 0
    orders_updated: int = 0
    items_inserted: int = 0
    written_first_by_others: int = 0  # sessions whose order somebody else inserted between our read and our write
    stale_sessions: tuple[str, ...] = ()  # sessions whose order somebody changed after it was read
    refused: tuple[Problem, ...] = ()

    def __add__(self, other: "Applied") -> "Applied":
        """Both results of two halves of one plan."""
        return Applied(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Part:
    """A plan as it was carried out (in a dry run: as it was decided), and the result of each time it was applied."""

    plan: Plan
    applied: tuple[Applied, ...] = ()

    @classmethod
    def of(
        cls, plan: Plan, applied: Sequence[Applied], again: Sequence[DecidedAgain], kept_changing: Sequence[Problem]
    ) -> "Part":
        """The part of a plan that was applied, and of which some orders were decided `again`."""
        refused = [problem for each in applied for problem in each.refused]
        return cls(carried_out(plan, again, [*refused, *kept_changing]), tuple(applied))

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.plan.problems
