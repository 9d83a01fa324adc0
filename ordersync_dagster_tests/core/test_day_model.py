"""What a run tells of the sessions of a day is what the documents promise: none missed, none doubled."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import Verdict, read_session
from ordersync_dagster.sandbox import checkout_session, customer_details
from ordersync_dagster_tests.core.day_model import KINDS, LATE_DAYS, Bought, promised_of_day
from ordersync_dagster_tests.support.builders import EXISTING_SHOP, TEST_MODE, stored_order

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
ODD: dict[str, dict[str, Any]] = {
    "good": {},
    "no amount": {"amount_total": None},
    "no e-mail address": {"customer_details": None, "customer_email": None},
    "an unknown currency": {"currency": "xyz"},
    "too large": {"amount_total": 10**13},
    "no text": {"metadata": {"note": "a\0b"}},
}
BOUGHT = st.builds(
    Bought, st.sampled_from(KINDS), st.sampled_from("ab"), st.sampled_from([0, 1, 59, 60, 61, 121, 200]),
    st.sampled_from([None, 2, 7, 9]), st.sampled_from([None, None, "pending", "processing", "delivered", "refunded"]),
)  # fmt: skip


@given(st.lists(BOUGHT, max_size=5))
def test_a_day_gets_what_the_documents_promise(day: list[Bought]) -> None:
    sessions = [read(place, each) for place, each in enumerate(day)]
    rows = [row_of(place, each.status) for place, each in enumerate(day) if each.status]
    paid_at = {id_of(place): paid(each) for place, each in enumerate(day) if each.days is not None}
    facts = SessionDay(sessions=tuple(sessions), asks_printful=True, paid_at=paid_at, late_after=LATE_DAYS * 86_400)
    plan = decide_sessions(facts, Stored(tuple(rows), EXISTING_SHOP))
    assert Counter(map(told, plan.problems)) == Counter(promised_of_day(day)), day


def told(problem: Problem) -> tuple[str, frozenset[int]]:
    names = problem.ids.get("stripe_session_id") or problem.ids["stripe_session_ids"]
    return str(problem.problem_class), frozenset(int(name.rpartition("_")[2]) for name in names.split(", "))


def read(place: int, each: Bought) -> Verdict:
    made = NOON + timedelta(minutes=each.minutes)
    usual = {
        "id": id_of(place),
        "payment_intent": f"pi_{place}",
        "created": int(made.timestamp()),
        "customer_details": customer_details(email=f"{each.customer}@example.com"),
        "amount_total": 2600,
    }
    return read_session(checkout_session(**{**usual, **ODD[each.kind]}), TEST_MODE)


def row_of(place: int, status: str | None) -> Any:
    """An order that has no customer, amount or currency of its own, so that nothing of it disagrees."""
    return stored_order(
        id=f"order-{place}", session_id=id_of(place), payment_intent_id=f"pi_{place}", status=status,
        customer_email=None, total=None, currency=None, printful_order_id=str(place + 1),
    )  # fmt: skip


def id_of(place: int) -> str:
    return f"cs_test_{place}"


def paid(each: Bought) -> int:
    return int((NOON + timedelta(minutes=each.minutes, days=each.days or 0)).timestamp())
