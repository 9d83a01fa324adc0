"""Payments that came days after their checkout are named while their order waits for its goods."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.late_payment import may_be_late, read_late_payments
from ordersync_dagster.core.orders import Status
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.reversals import Reversals, read_reversals
from ordersync_dagster.sandbox import ABSENT, checkout_session, refund
from ordersync_dagster.sandbox.world.sessions import SESSION_ID
from ordersync_dagster_tests.support.builders import new_order, order_of, stored_order

DAY = 86_400
MADE = int(new_order().created.timestamp())


def told(paid_after: int | None, *rows: Any, reversals: Reversals = Reversals()) -> list[str]:
    paid_at = {} if paid_after is None else {SESSION_ID: MADE + paid_after}
    plan = decide_sessions(SessionDay(sessions=(new_order(),), paid_at=paid_at, reversals=reversals), Stored(rows))
    return [each.sentence for each in plan.problems if each.problem_class == "late_payment"]


@pytest.mark.parametrize("status", [*Status, "odd"])
def test_a_late_payment_is_told_while_its_order_waits(status: str) -> None:
    row = stored_order(status=status)
    assert len(told(9 * DAY, row)) == (status in ("pending", "processing"))
    assert told(7 * DAY, row) == told(None, row) == []


def test_the_sentence_says_when_and_how_late() -> None:
    (sentence,) = told(9 * DAY + 5)
    day = (new_order().created + timedelta(days=9)).date()
    assert f"was paid on {day}, 9 days after its checkout" in sentence


def test_a_late_payment_that_went_back_is_not_told() -> None:
    assert told(9 * DAY, stored_order(), reversals=read_reversals([refund()], [])) == []


def test_events_are_needed_only_where_a_payment_may_have_settled_late() -> None:
    now = MADE + 8 * DAY

    def needed(methods: Any, row: Any = None, now: int = now) -> bool:
        order = order_of(checkout_session(payment_method_types=methods, created=MADE))
        return may_be_late(order, row, 7 * DAY, now)

    assert needed(["card", "sepa_debit"])
    assert needed(ABSENT)
    assert not needed(["card", "link"])
    assert not needed(["sepa_debit"], now=MADE + 7 * DAY)
    assert not needed(["sepa_debit"], stored_order(status="shipped"))


@pytest.mark.parametrize("event", [None, {}, {"data": None}, {"data": {"object": {"id": "cs_1"}}}, {"created": 1}])
def test_an_event_that_says_no_time_or_no_session_is_left_out(event: object) -> None:
    assert read_late_payments([event]) == {}
    assert read_late_payments([{"created": 5, "data": {"object": {"id": "cs_1"}}}]) == {"cs_1": 5}


def test_an_event_without_a_time_hides_no_other() -> None:
    def event(session: str, **time: object) -> object:
        return {"data": {"object": {"id": session}}, **time}

    assert read_late_payments([event("cs_1"), event("cs_2", created=5)]) == {"cs_2": 5}


def test_nobody_pays_late_for_what_is_free() -> None:
    order = order_of(checkout_session(payment_method_types=["sepa_debit"], created=MADE))
    assert may_be_late(replace(order, total=Decimal(1)), None, 7 * DAY, MADE + 8 * DAY)
    assert not may_be_late(replace(order, total=Decimal(0)), None, 7 * DAY, MADE + 8 * DAY)
