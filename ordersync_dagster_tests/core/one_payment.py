"""Sessions and orders of one payment, and the plan for them."""

from typing import Any

from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.orders import Order, Reference, StoredOrder
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import Reversals
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, stored_order

OTHER = "cs_test_other"


def decided(
    *sessions: Order,
    stored: tuple[StoredOrder, ...] = (),
    elsewhere: Elsewhere = Elsewhere(),
    reversals: Reversals = Reversals(),
) -> Plan:
    """The plan of these paid sessions; orders without a Printful id are nobody's worry here."""
    day = SessionDay(sessions=sessions, reversals=reversals, elsewhere=elsewhere, asks_printful=True)
    return decide_sessions(day, Stored(stored))


def of(plan: Plan, name: str) -> list[Problem]:
    """The problems of one class."""
    return [problem for problem in plan.problems if problem.problem_class == name]


def told(plan: Plan) -> list[str]:
    """The classes of the plan's problems."""
    return sorted(problem.problem_class for problem in plan.problems)


def referring(value: str = ORDER_ID, **overrides: Any) -> Order:
    """A paid session whose reference is `value`, with a payment of its own."""
    known = {"payment_intent_id": "pi_second", "references": (Reference(value, is_certain=True),)}
    return new_order(**known | overrides)


def unpaid(**overrides: Any) -> StoredOrder:
    """An order that the shop made before payment, under a session that was left."""
    known = {"session_id": OTHER, "payment_intent_id": None, "status": "pending", "printful_order_id": None}
    return stored_order(**known | overrides)
