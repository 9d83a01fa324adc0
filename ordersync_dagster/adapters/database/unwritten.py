"""Orders that were not written, each in one sentence."""

from ordersync_dagster.core.errors import DatabaseRefusedError
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problems import Problem, ProblemClass


def refusal(plan: Plan, error: DatabaseRefusedError) -> Problem:
    """The database refused the one order of `plan`."""
    changed = [each.seen for each in (*plan.completions, *plan.updates)]
    order = plan.inserts[0].order if plan.inserts else changed[0]
    session_id = order.session_id
    ids = {"stripe_session_id": session_id} if session_id else {"order_id": order.id}
    name = f"The order of session {session_id}" if session_id else f"Order {ids['order_id']}"
    return Problem(ProblemClass.DATABASE_REFUSED, f"{name} was not written: {error}.", ids)


def moved(order_id: str) -> Problem:
    """Others moved an order without a session, which is not decided again in the same run."""
    sentence = f"Order {order_id} changed while it was written; the next run takes it up."
    return Problem(ProblemClass.KEPT_CHANGING, sentence, {"order_id": order_id})
