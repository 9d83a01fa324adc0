"""The classes that a run tells of a shop are those that the documents promise: none missed, none doubled."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import LineItem, Order, StoredOrder
from ordersync_dagster.core.paid_and_made import OF_PAYMENTS
from ordersync_dagster.core.payment_state import needs_reversals, payment_state
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import Lookup, Missing
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import read_reversals
from ordersync_dagster.sandbox import dispute, printful_item, refund, shipment
from ordersync_dagster.sandbox.world.printful_orders import costs
from ordersync_dagster_tests.core.class_model import PAYMENTS, STATUSES, WORDS, Case, promised
from ordersync_dagster_tests.support.builders import new_order, printful_answer, stored_item, stored_order

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CASES = st.builds(
    Case, st.sampled_from(STATUSES), st.sampled_from(PAYMENTS), st.sampled_from(WORDS), st.sampled_from([0, 3, 40]),
    st.sampled_from([1, 2]), st.booleans(), st.just(True),
)  # fmt: skip


@given(st.lists(CASES, min_size=1, max_size=4), st.booleans())
def test_a_run_tells_of_each_order_what_the_documents_promise_and_once(cases: list[Case], sets: bool) -> None:
    cases = [Case(**{**vars_of(case), "sets_refunded": sets}) for case in cases]
    told = Counter((problem.ids["order_id"], str(problem.problem_class)) for problem in problems_of(cases, sets=sets))
    expected = Counter((f"order-{place}", name) for place, case in enumerate(cases) for name in promised(case))
    assert told == expected, cases


def vars_of(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in Case.__dataclass_fields__}


def problems_of(cases: list[Case], *, sets: bool) -> list[Problem]:
    """A run over these orders, whose ids are `order-0` and so on."""
    orders = [order_of(place) for place in range(len(cases))]
    rows = tuple(row_of(place, case) for place, case in enumerate(cases))
    money = [(place, case.payment) for place, case in enumerate(cases)]
    refunds = [
        refund(
            id=f"re_{place}", payment_intent=f"pi_{place}", amount=500 if payment == "part back" else 5200,
            status="pending" if payment == "refund on its way" else "succeeded",
        )
        for place, payment in money
        if payment in ("part back", "back", "refund on its way")
    ]  # fmt: skip
    disputes = [dispute(id=f"du_{place}", payment_intent=f"pi_{place}") for place, each in money if each == "disputed"]
    reversals = read_reversals(refunds, disputes)
    day = SessionDay(sessions=tuple(orders), reversals=reversals, asks_printful=True, sets_refunded=sets)
    plan = decide_sessions(day, Stored(rows))
    now = {row.id: row for row in rows} | {each.seen.id: each.completed for each in plan.completions}
    left: dict[str, list[Problem]] = {}
    for each in plan.problems:
        if each.problem_class in OF_PAYMENTS:
            left.setdefault(each.ids["order_id"], []).append(each)
    payments = {
        order.session_id: Payment.of(order, payment_state(order, reversals))
        if needs_reversals(row)
        else Payment(order.line_items)
        for order, row in zip(orders, rows, strict=True)
    }
    answers = {f"{place + 1}": answer_of(place, case) for place, case in enumerate(cases)}
    batch = PrintfulBatch(answers, payments, now=int(NOW.timestamp()), left=left)
    told = [each for each in plan.problems if each.problem_class not in OF_PAYMENTS]
    return [*told, *decide_printful(batch, Stored(tuple(now.values()))).problems]


def order_of(place: int) -> Order:
    lines = (LineItem(2, Decimal(26)),)
    names = {"session_id": f"cs_test_{place}", "payment_intent_id": f"pi_{place}"}
    made = NOW - timedelta(days=50, hours=5 * place)
    return new_order(**names, total=Decimal("52.00"), line_items=lines, created=made)


def row_of(place: int, case: Case) -> StoredOrder:
    item = stored_item(quantity=case.made)
    names = {"session_id": f"cs_test_{place}", "payment_intent_id": f"pi_{place}", "printful_order_id": f"{place + 1}"}
    return stored_order(**names, id=f"order-{place}", status=case.status, total=Decimal("52.00"), items=(item,))


def answer_of(place: int, case: Case) -> Lookup:
    if case.word == "missing":
        return Missing(f"{place + 1}")
    sent = (NOW - timedelta(days=case.age)).date().isoformat()
    return printful_answer(
        id=place + 1, status=case.word, items=[printful_item(quantity=case.made)],
        created=int((NOW - timedelta(days=case.age)).timestamp()),
        costs=costs(total="60.00" if case.is_dear else "10.00"),
        shipments=[shipment(ship_date=sent)] if case.word in ("partial", "fulfilled") else [],
    )  # fmt: skip
