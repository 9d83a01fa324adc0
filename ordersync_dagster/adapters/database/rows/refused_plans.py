"""A plan that the database refused: its halves, and the problem of a single order."""

from ordersync_dagster.core.errors import DatabaseRefusedError
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem


def halves_of(plan: Plan) -> tuple[Plan, ...]:
    """The same changes in two plans; none where there is one change alone."""
    inserts, updates = plan.inserts, (*plan.completions, *plan.updates)
    half = (len(inserts) + len(updates)) // 2
    if not half:
        return ()
    cut = max(0, half - len(inserts))
    return (
        Plan(plan.day, inserts=inserts[:half], updates=updates[:cut]),
        Plan(plan.day, inserts=inserts[half:], updates=updates[cut:]),
    )


def refusal_of(plan: Plan, error: DatabaseRefusedError) -> Problem:
    """The database refused the one order of `plan`."""
    changed = [each.seen for each in (*plan.completions, *plan.updates)]
    order = plan.inserts[0].order if plan.inserts else changed[0]
    session_id = order.session_id
    ids = {"stripe_session_id": session_id} if session_id else {"order_id": order.id}
    name = f"The order of session {session_id}" if session_id else f"Order {ids['order_id']}"
    return Problem(ProblemClass.DATABASE_REFUSED, f"{name} was not written: {error}.", ids)
