"""Half-open periods in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ordersync_dagster.core.window import MAX_DAYS, Window, WindowError, day_of, day_ranges, midnight

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
TODAY = NOW.date()


def test_the_last_days_are_whole_days_and_today_so_far() -> None:
    window = Window.last_days(30, NOW)
    assert (window.start, window.end) == (datetime(2026, 10, 24, tzinfo=UTC), NOW)
    assert len(window.days) == 31


def test_at_midnight_today_has_not_begun() -> None:
    assert Window.last_days(1, midnight(TODAY)).days == (TODAY - timedelta(days=1),)


@pytest.mark.parametrize("days", [0, -1, MAX_DAYS + 1])
def test_a_number_of_days_that_makes_no_sense_is_refused(days: int) -> None:
    with pytest.raises(WindowError, match=f"^days must be a whole number from 1 to 3660, not {days}$"):
        Window.last_days(days, NOW)


def test_from_and_to_are_both_inclusive() -> None:
    window = Window.between(date(2026, 11, 1), date(2026, 11, 2), NOW)
    assert (window.start, window.end) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))


def test_one_day_may_be_both_first_and_last() -> None:
    assert Window.between(date(2024, 2, 29), date(2024, 2, 29), NOW).days == (date(2024, 2, 29),)


@pytest.mark.parametrize("last", [TODAY, TODAY + timedelta(days=5), date.max])
def test_a_period_never_reaches_into_the_future(last: date) -> None:
    assert Window.between(date(2026, 11, 1), last, NOW).end == NOW


def test_a_leap_day_is_a_day() -> None:
    window = Window.between(date(2024, 2, 28), date(2024, 3, 1), NOW)
    assert window.days == (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))
    assert window.end_epoch - window.start_epoch == 3 * 86_400


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(WindowError, match=r"^the first day 2026-11-02 is after the last day 2026-11-01$"):
        Window.between(date(2026, 11, 2), date(2026, 11, 1), NOW)


@pytest.mark.parametrize("first", [TODAY + timedelta(days=1), date.max])
def test_a_period_that_has_not_begun_is_refused(first: date) -> None:
    with pytest.raises(WindowError) as error:
        Window.between(first, date.max, NOW)
    assert str(error.value) == f"the first day {first} has not begun yet (it is 2026-11-23 14:30 UTC)"


def test_an_empty_period_is_refused() -> None:
    with pytest.raises(WindowError, match=r"^the period from 2026-11-23 14:30 to 2026-11-23 14:30 is empty$"):
        Window(NOW, NOW)


@pytest.mark.parametrize("end", [NOW.replace(tzinfo=None), NOW.astimezone(timezone(timedelta(hours=1)))])
def test_a_window_is_in_utc(end: datetime) -> None:
    with pytest.raises(WindowError, match=r"^a window needs both of its ends in UTC$"):
        Window(midnight(TODAY), end)
    with pytest.raises(WindowError, match=r"^a window needs both of its ends in UTC$"):
        Window(end, NOW + timedelta(days=1))


def test_a_started_second_belongs_to_the_window() -> None:
    whole = Window(midnight(TODAY), NOW)
    started = Window(midnight(TODAY), NOW + timedelta(microseconds=1))
    assert (whole.end_epoch, started.end_epoch) == (int(NOW.timestamp()), int(NOW.timestamp()) + 1)


def test_windows_that_meet_share_no_second_and_leave_none_out() -> None:
    earlier, later = Window(midnight(date(2026, 1, 1)), midnight(TODAY)), Window(midnight(TODAY), NOW)
    assert earlier.end_epoch == later.start_epoch


def test_only_days_from_midnight_to_midnight_are_whole() -> None:
    window = Window(NOW - timedelta(days=3), NOW)
    assert window.days == tuple(TODAY - timedelta(days=back) for back in (3, 2, 1, 0))
    assert window.whole_days == (TODAY - timedelta(days=2), TODAY - timedelta(days=1))


def test_the_day_of_a_session_is_the_utc_day() -> None:
    midnight_epoch = int(midnight(TODAY).timestamp())
    assert day_of(midnight_epoch) == TODAY
    assert day_of(midnight_epoch - 1) == TODAY - timedelta(days=1)


@pytest.mark.parametrize("ahead", [timedelta(hours=-3), timedelta(hours=3)])
def test_a_period_up_to_now_ends_by_the_other_clock(ahead: timedelta) -> None:
    now = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert Window.last_days(2, now).by_clock(ahead) == Window(midnight(date(2026, 11, 21)), now + ahead)
    assert Window.between(now.date(), now.date(), now).by_clock(ahead).end == now + ahead


def test_a_period_that_was_asked_for_is_never_longer() -> None:
    now = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    day = Window.between(now.date(), now.date(), now)
    assert day.by_clock(timedelta(hours=2)).end == midnight(date(2026, 11, 24))
    past = Window.between(date(2026, 11, 20), date(2026, 11, 22), now)
    assert past.by_clock(timedelta(hours=2)) == past.by_clock(timedelta(hours=-2)) == past
    assert past.by_clock(timedelta(days=-1)).end == now - timedelta(days=1)


def test_a_period_that_has_not_begun_by_the_other_clock_is_its_first_second() -> None:
    now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    day = Window.between(now.date(), now.date(), now).by_clock(timedelta(hours=-2))
    assert (day.start, day.end) == (midnight(now.date()), midnight(now.date()) + timedelta(seconds=1))


def test_a_period_with_given_ends_and_clocks_that_agree_change_nothing() -> None:
    now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    given = Window(midnight(date(2026, 11, 21)), now)
    assert given.by_clock(timedelta(hours=-9)) is given
    assert Window.last_days(3, now).by_clock(timedelta(0)).end == now


def test_days_become_contiguous_ranges() -> None:
    days = [date(2026, 11, 3), date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 5), date(2026, 11, 3)]
    assert day_ranges(days) == [(date(2026, 11, 1), date(2026, 11, 3)), (date(2026, 11, 5), date(2026, 11, 5))]
    assert day_ranges([]) == []


def test_a_period_may_begin_as_far_back_as_days_may_reach() -> None:
    earliest = TODAY - timedelta(days=MAX_DAYS)
    assert Window.between(earliest, earliest, NOW).start == midnight(earliest)
    too_early = earliest - timedelta(days=1)
    with pytest.raises(WindowError, match=f"the first day {too_early} is more than {MAX_DAYS} days back: begin later"):
        Window.between(too_early, TODAY, NOW)


def test_a_period_is_to_come_if_it_begins_after_now_by_the_vendors_clock() -> None:
    began = Window(midnight(TODAY), NOW, NOW)
    to_midnight = midnight(TODAY) - NOW
    assert began.is_to_come(to_midnight)  # our clock is so far ahead that the day has only begun there
    assert not began.is_to_come(to_midnight + timedelta(seconds=1))
    assert not began.is_to_come(timedelta(0))
    assert not Window(midnight(TODAY), NOW).is_to_come(timedelta(days=-9))


def test_a_period_whose_moment_or_end_nobody_knows_stays_as_it_is() -> None:
    start, ahead = midnight(TODAY), timedelta(hours=-1)
    for window in (Window(start, NOW), Window(start, NOW, NOW), Window(start, NOW, None, NOW)):
        assert window.by_clock(ahead) is window


def test_the_last_days_of_the_calendar_are_asked_for_whole() -> None:
    for last in (date.max, date.max - timedelta(days=1)):
        assert Window.between(TODAY, last, NOW).asked_end == midnight(date.max)
