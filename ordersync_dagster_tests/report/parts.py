"""Parts of a run with a bit of everything, and the outcome that they add up to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ordersync_dagster.core.changes import AddItems, FillFields, InsertOrder, NewItem, OrderUpdate, SetStatus
from ordersync_dagster.core.orders import Order, Status, StoredOrder
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.outcome import Outcome

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


DAY = date(2026, 11, 22)


SEEN = StoredOrder(id="order-1", session_id="cs_1", metadata={})


ORDER = Order(
    session_id="cs_new", payment_intent_id=None, printful_order_id=None, status=Status.PROCESSING,
    customer_email="kim@example.com", customer_name="Kim Example", total=Decimal("19.90"), currency="eur",
    shipping_address={"line1": "1 Pier Road"}, metadata={}, created=NOW - timedelta(days=1),
)  # fmt: skip


ITEM = NewItem("item-1", "71", "4011", "Field Notes tee - S", 2, None, None, {})


def problem(of: ProblemClass, sentence: str = "Something is odd.", **ids: str) -> Problem:
    return Problem(of, sentence, ids)


SESSIONS = Part(
    Plan(
        day=DAY,
        inserts=(InsertOrder(ORDER),),
        skips=(Skip("cs_2", SkipReason.ORDER_EXISTS), Skip("cs_3", SkipReason.UNPAID)),
        failed_sessions=(SessionProblem("cs_4", problem(ProblemClass.MISSING_EMAIL, "No e-mail.")),),
        completions=(OrderUpdate(SEEN, (FillFields({"customer_name": "Kim Example"}),)),),
    )
)


PRINTFUL = Part.of(
    Plan(
        updates=(OrderUpdate(SEEN, (SetStatus("processing", "shipped", "partial"), AddItems((ITEM, ITEM)))),),
        printful_orders=("order-1", "order-2"),
        notes=(problem(ProblemClass.MISSING_AT_PRINTFUL, "Printful has no order 7."),),
    ),
    (),
    (),
    (problem(ProblemClass.KEPT_CHANGING, order_id="order-3"),),
)


def outcome(*parts: Part, dry_run: bool = False, keeps_changes: bool = True) -> Outcome:
    made = Outcome("run1", Window.last_days(2, NOW), dry_run, keeps_changes)
    for part in parts:
        made.add(part)
    return made
