"""One part of a run: a day of sessions or a batch of Printful orders, planned and perhaps applied."""

from collections.abc import Collection
from dataclasses import dataclass, fields

from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problems import Problem, ProblemClass


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
    """A plan and, where it was applied, the results: one for each time that it was decided."""

    plan: Plan
    applied: tuple[Applied, ...] = ()
    kept_changing: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        refused = tuple(problem for applied in self.applied for problem in applied.refused)
        not_inserted = {problem.ids.get("stripe_session_id") for problem in refused} & self._inserts
        planned = (each for each in self.plan.problems if not _is_of(each, not_inserted))
        return (*planned, *refused, *self.kept_changing)

    @property
    def _inserts(self) -> set[str | None]:
        return {insert.order.session_id for insert in self.plan.inserts}


def _is_of(problem: Problem, not_inserted: Collection[str | None]) -> bool:
    """Whether `problem` says that an order waits, and the order was not inserted."""
    is_of_order = problem.problem_class is ProblemClass.NOT_LOOKED_AT
    return is_of_order and problem.ids.get("stripe_session_id") in not_inserted
