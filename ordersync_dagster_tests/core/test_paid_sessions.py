"""Whether an order came in time, late, from us, or not at all; and when a delay is not known."""

from datetime import timedelta

import pytest

from ordersync_dagster.core.paid_sessions import (
    ENOUGH_DELAYS,
    LATE_AFTER,
    ArrivalKind,
    Made,
    MadeOrder,
    PaidSession,
    arrivals,
)
from ordersync_dagster_tests.core.payments import START, paid, row_of

HOUR = timedelta(hours=1)


def kind_of(session: PaidSession) -> ArrivalKind:
    return arrivals([session]).of[0].kind


@pytest.mark.parametrize(("minutes", "kind"), [(0, "in_time"), (15, "in_time"), (16, "late"), (3 * 1440, "late")])
def test_an_order_that_comes_after_a_quarter_of_an_hour_is_late(minutes: int, kind: str) -> None:
    assert kind_of(paid(START, made_at=START + timedelta(minutes=minutes))) == kind


def test_a_recovered_order_has_no_delay_though_it_has_a_time() -> None:
    """Its `created_at` is the session's, not the time of its insert."""
    session = paid(START, "recovered", made_at=START - timedelta(minutes=1))
    assert (kind_of(session), session.delay) == ("recovered", None)


@pytest.mark.parametrize(("seconds", "delay"), [(1, timedelta(0)), (60, timedelta(0)), (61, None)])
def test_an_order_up_to_a_minute_before_its_payment_has_no_delay_worth_a_second(
    seconds: int, delay: timedelta | None
) -> None:
    assert paid(START, made_at=START - timedelta(seconds=seconds)).delay == delay


def test_an_order_that_was_made_when_the_checkout_began_has_an_unknown_delay() -> None:
    session = paid(START, made_at=START - HOUR)
    assert (kind_of(session), session.delay) == ("in_time", None)


def test_the_time_of_a_session_without_its_event_makes_no_order_late() -> None:
    """The customer may have paid hours after the session was created."""
    session = paid(START, "late", is_exact=False)
    assert (kind_of(session), session.delay) == ("in_time", None)


def test_an_order_without_a_time_is_in_time() -> None:
    assert kind_of(paid(START, made_at=None)) == "in_time"


def test_payments_are_sorted_by_their_time() -> None:
    later, earlier = paid(START + HOUR), paid(START)
    assert [each.session for each in arrivals([later, earlier]).of] == [earlier, later]


def in_zone(hours: int) -> list[PaidSession]:
    return [paid(START + n * HOUR, made_at=START + (n + hours) * HOUR + timedelta(seconds=3)) for n in range(6)]


@pytest.mark.parametrize("hours", [1, 2, 9])
def test_a_column_in_another_time_zone_makes_no_order_late(hours: int) -> None:
    found = arrivals(in_zone(hours))
    assert found.clock_off_by == timedelta(hours=hours, seconds=3)
    assert {each.kind for each in found.of} == {ArrivalKind.IN_TIME}
    assert {each.delay for each in found.of} == {None}


def test_a_lost_order_counts_also_where_the_clock_is_doubtful() -> None:
    found = arrivals([*in_zone(1), paid(START + 7 * HOUR, "missing")])
    assert found.of[-1].kind is ArrivalKind.MISSING


@pytest.mark.parametrize("in_time", [1, 5])
def test_one_order_in_time_says_that_the_clock_is_right(in_time: int) -> None:
    found = arrivals([*in_zone(1), *row_of("." * in_time, start=START + 9 * HOUR)])
    assert found.clock_off_by is None
    assert [each.kind for each in found.of].count(ArrivalKind.LATE) == 6


def test_orders_that_are_late_by_different_times_are_late() -> None:
    """So do Stripe's retries look."""
    sessions = [paid(START + n * HOUR, made_at=START + 12 * HOUR) for n in range(6)]
    assert {each.kind for each in arrivals(sessions).of} == {ArrivalKind.LATE}


def test_who_made_an_order_and_what_became_of_its_payment_use_the_same_words() -> None:
    assert {str(each) for each in Made if each is not Made.BY_SHOP} <= {str(each) for each in ArrivalKind}


@pytest.mark.parametrize(
    ("late_by", "number", "is_doubtful"),
    [
        ([HOUR] * ENOUGH_DELAYS, ENOUGH_DELAYS, True),
        ([HOUR] * (ENOUGH_DELAYS - 1), ENOUGH_DELAYS - 1, False),
        ([LATE_AFTER] * 5, 5, False),
        ([LATE_AFTER + timedelta(seconds=1)] * 5, 5, True),
        ([HOUR, HOUR, HOUR + LATE_AFTER, 9 * HOUR, 9 * HOUR], 5, True),
        ([HOUR, HOUR, HOUR + LATE_AFTER + timedelta(seconds=1), 9 * HOUR, 9 * HOUR], 5, False),
    ],
)
def test_a_clock_is_doubtful_where_half_of_enough_delays_are_alike(
    late_by: list[timedelta], number: int, is_doubtful: bool
) -> None:
    at = [START + n * HOUR for n in range(number)]
    found = arrivals(paid(moment, made_at=moment + delay) for moment, delay in zip(at, late_by, strict=True))
    assert found.clock_off_by == (min(late_by) if is_doubtful else None)


def test_payments_of_one_second_are_sorted_by_their_session() -> None:
    sessions = [paid(START, session_id=name) for name in "bac"]
    assert [each.session.session_id for each in arrivals(sessions).of] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("status", "is_recovered", "made"),
    [("processing", False, "by_shop"), ("pending", False, "missing"), ("pending", True, "recovered"),
     ("cancelled", False, "by_shop"), ("shipped", True, "recovered")],
)  # fmt: skip
def test_an_order_that_does_not_know_its_payment_is_missing(status: str, is_recovered: bool, made: str) -> None:
    assert MadeOrder("1", "cs_1", status, START, is_recovered).made == made
