"""The state of a payment, and the plan for orders with it."""

from typing import Any

from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.reversals import Reversals
from ordersync_dagster.sandbox import INVOICE
from ordersync_dagster_tests.support.builders import new_order

SUBSCRIBED = {"payment_intent_id": None, "invoice_id": INVOICE}  # a subscription's session


def plan_of(reversals: Reversals, *stored: StoredOrder, **overrides: Any) -> Plan:
    """The plan of the default session with `overrides`."""
    sets_refunded = overrides.pop("sets_refunded", True)
    day = SessionDay(sessions=(new_order(**overrides),), reversals=reversals, sets_refunded=sets_refunded)
    return decide_sessions(day, Stored(stored))


def classes(plan: Plan) -> list[str]:
    return [each.problem_class for each in plan.problems]
