"""The plan as it was carried out: without refused orders, and with the orders that were decided again."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ordersync_dagster.core.changes import OrderUpdate
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem

_WAITS = (ProblemClass.NOT_LOOKED_AT, ProblemClass.UNFULFILLED)


@dataclass(frozen=True, slots=True)
class DecidedAgain:
    """The second or third plan, for orders that somebody changed after they were read."""

    sessions: frozenset[str]
    plan: Plan


def carried_out(plan: Plan, again: Sequence[DecidedAgain], not_written: Sequence[Problem]) -> Plan:
    """The changes that were made, and every problem once; an order of `not_written` is an error and nothing else.

    Records stay counted as they were: a refused insert becomes a failed session.
    """
    if not again and not not_written:
        return plan
    refused = {_name(problem): problem for problem in not_written}
    made = _less_decided_again(plan, again[0].sessions) if again else plan
    for place, each in enumerate(again):
        later = again[place + 1].sessions if place + 1 < len(again) else frozenset()
        found = _less_decided_again(each.plan, later)
        made = replace(
            made,
            completions=(*made.completions, *found.completions),
            updates=(*made.updates, *found.updates),
            notes=(*made.notes, *found.problems),
        )
    return _less_refused(made, refused)


def _less_decided_again(plan: Plan, sessions: Collection[str]) -> Plan:
    """`plan` without what it says of the orders of `sessions`."""
    updates = (*plan.completions, *plan.updates)
    orders = {update.seen.id for update in updates if update.seen.session_id in sessions}

    def is_kept(problem: Problem) -> bool:
        ids = problem.ids
        return ids.get("stripe_session_id") not in sessions and ids.get("order_id") not in orders

    return replace(
        plan,
        completions=_others(plan.completions, sessions),
        updates=_others(plan.updates, sessions),
        notes=tuple(filter(is_kept, plan.notes)),
    )


def _less_refused(plan: Plan, refused: dict[str, Problem]) -> Plan:
    inserts = {insert.order.session_id for insert in plan.inserts} & refused.keys()
    failed = [SessionProblem(session_id, refused[session_id]) for session_id in refused if session_id in inserts]
    waits = (note for note in plan.notes if note.problem_class in _WAITS and _name(note) in inserts)
    told = set(map(id, waits))
    return replace(
        plan,
        inserts=tuple(insert for insert in plan.inserts if insert.order.session_id not in inserts),
        completions=_others(plan.completions, refused),
        updates=_others(plan.updates, refused),
        failed_sessions=(*plan.failed_sessions, *failed),
        notes=(
            *(note for note in plan.notes if id(note) not in told),
            *(problem for name, problem in refused.items() if name not in inserts),
        ),
    )


def _others(updates: Iterable[OrderUpdate], names: Collection[str]) -> tuple[OrderUpdate, ...]:
    return tuple(update for update in updates if update.seen.key not in names)


def _name(problem: Problem) -> str:
    """The session of the order, else the order's own id."""
    return problem.ids.get("stripe_session_id") or problem.ids["order_id"]
