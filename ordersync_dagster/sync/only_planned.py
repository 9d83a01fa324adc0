"""Restricts a run to the changes of a saved plan: it applies those that are as they were, and nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.planned import PlannedChange, changes_of
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import Skip, SkipReason
from ordersync_dagster.sync.step import Step

_NOT_DONE = (ProblemClass.PRINTFUL_NOT_ASKED, ProblemClass.DATABASE_REFUSED, ProblemClass.KEPT_CHANGING)


@dataclass(slots=True)
class OnlyPlanned:
    """Serves one run: leaves changes alone that the plan lacks, and names those that it does not find again."""

    planned: Iterable[PlannedChange]
    _digests: frozenset[str] = field(init=False)
    _not_added: set[str] = field(default_factory=set)  # sessions, and the ids that their orders would have got
    _done: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)  # sessions and orders of which an error says why nothing was written
    _left_out: int = 0

    def __post_init__(self) -> None:
        self._digests = frozenset(each.digest for each in self.planned)

    def restrict(self, step: Step) -> Step:
        """The step with planned changes alone; it remembers no 404s and parcels either."""
        return replace(step.limited(self._restricted), gone=(), back=(), waiting=())

    def _restricted(self, plan: Plan) -> Plan:
        kept = {id(each) for each in changes_of(plan) if PlannedChange.of(each).digest in self._digests}
        dropped = [each.order for each in plan.inserts if id(each) not in kept]
        self._not_added.update(name for order in dropped for name in (order.session_id, order.id))
        left = [each.seen.id for each in (*plan.completions, *plan.updates) if id(each) not in kept]
        return replace(
            plan,
            inserts=tuple(each for each in plan.inserts if id(each) in kept),
            completions=tuple(each for each in plan.completions if id(each) in kept),
            updates=tuple(each for each in plan.updates if id(each) in kept),
            skips=(*plan.skips, *(Skip(order.session_id, SkipReason.NOT_IN_PLAN) for order in dropped)),
            printful_orders=tuple(each for each in plan.printful_orders if each not in self._not_added),
            notes=tuple(each for each in plan.notes if self._not_added.isdisjoint(_names(each))),
            left_out=(*(order.id for order in dropped), *(each for each in left if each not in self._not_added)),
        )

    def followed(self, parts: Iterable[Part]) -> Iterator[Part]:
        """`parts` as they come, then one that names each planned change which was not found again."""
        for part in parts:
            self._done.update(PlannedChange.of(each).digest for each in changes_of(part.plan))
            for problem in part.problems:
                self._told.update(_names(problem) if problem.problem_class in _NOT_DONE else ())
            self._left_out += len(part.plan.left_out)
            yield part
            del part  # no name may hold a busy day while the next is made
        notes, warnings = tuple(self._moved()), tuple(self._beyond())
        if notes or warnings:
            yield Part(Plan(notes=notes, warnings=warnings))

    def _moved(self) -> Iterator[Problem]:
        named: set[str] = set()
        for each in self.planned:
            name = each.session_id or each.order_id
            if each.digest not in self._done and self._told.isdisjoint((each.session_id, each.order_id)):
                yield from [] if name in named else [_not_as_planned(each)]
                named.add(name)

    def _beyond(self) -> Iterator[str]:
        if self._left_out:
            what = "1 change is" if self._left_out == 1 else f"{self._left_out} changes are"
            yield f"{what} needed that the plan does not have: left alone. A new dry run shows what is needed now."


def _names(problem: Problem) -> list[str]:
    return [name for name in (problem.ids.get("stripe_session_id"), problem.ids.get("order_id")) if name]


def _not_as_planned(planned: PlannedChange) -> Problem:
    ids = {"order_id": planned.order_id, "stripe_session_id": planned.session_id}
    if planned.is_insert:
        moved = f"adds an order for session {planned.session_id}, and now that is not to be done any more"
    else:
        moved = f"changes order {planned.order_id}, and since then the order or what changes it moved"
    sentence = f"The plan {moved}; it may be done already. It was left alone. Make a new dry run."
    return Problem(ProblemClass.NOT_AS_PLANNED, sentence, ids)
