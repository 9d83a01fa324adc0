"""Stripe's event of a paid checkout: which order it is of, and when it was paid."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ordersync_dagster.core.errors import WrongModeError
from ordersync_dagster.core.paid_events import PaidEvent, read_paid_event
from ordersync_dagster.sandbox import checkout_session
from ordersync_dagster_tests.support.builders import TEST_MODE, order_of

CREATED = 1_790_000_000


def event(**changes: Any) -> dict[str, Any]:
    """The customer paid two minutes after the checkout began."""
    session = checkout_session(created=CREATED)
    kind = "checkout.session.completed"
    return {"type": kind, "created": CREATED + 120, "data": {"object": session}} | changes


@pytest.mark.parametrize(
    ("kind", "is_delayed"),
    [("checkout.session.completed", False), ("checkout.session.async_payment_succeeded", True), (None, False)],
)
def test_an_event_says_when_its_session_was_paid_and_whether_later(kind: str | None, is_delayed: bool) -> None:
    order = order_of(checkout_session(created=CREATED))
    at = datetime.fromtimestamp(CREATED + 120, UTC)
    assert read_paid_event(event(type=kind), TEST_MODE) == PaidEvent(order, at, is_delayed)


@pytest.mark.parametrize("created", [None, 0, "soon"])
def test_an_event_without_a_time_counts_from_its_session(created: object) -> None:
    paid = read_paid_event(event(created=created), TEST_MODE)
    assert paid is not None
    assert paid.at == datetime.fromtimestamp(CREATED, UTC)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "event",
        {},
        event(data=None),
        event(data="session"),
        event(data={}),
        event(data={"object": None}),
        event(data={"object": checkout_session(payment_status="unpaid")}),
        event(data={"object": checkout_session(currency="xyz")}),
    ],
)
def test_an_event_of_no_paid_session_is_none(odd: object) -> None:
    assert read_paid_event(odd, TEST_MODE) is None


def test_an_event_of_the_other_mode_stops_the_run() -> None:
    with pytest.raises(WrongModeError):
        read_paid_event(event(data={"object": checkout_session(livemode=True)}), TEST_MODE)
