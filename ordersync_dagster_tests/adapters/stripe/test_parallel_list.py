"""Parallel reading: every row once, newest first, however the rows lie in time; bounded, and over when it is over."""

import threading
from collections.abc import Collection, Sequence
from itertools import chain, count, pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.adapters.stripe import parallel_list
from ordersync_dagster.adapters.stripe.pages import PageTimes, Place
from ordersync_dagster.adapters.stripe.parallel_list import Fetch, Page
from ordersync_dagster.core.errors import VendorAnswerError
from ordersync_dagster_tests.adapters.stripe.newest_first import END, START, Row, Vendor, reader

UTC_DAY = parallel_list.UTC_DAY
FIRST = START // UTC_DAY * UTC_DAY  # the midnight before it
moments = st.integers(START, END - 1)
spread = st.lists(moments, max_size=300)
same_second = st.builds(lambda at, count: [at] * count, moments, st.integers(0, 200))
burst = st.builds(lambda at, count: [min(END - 1, at + n % 7) for n in range(count)], moments, st.integers(0, 200))
any_times = st.lists(st.one_of(spread, same_second, burst), max_size=4).map(lambda parts: list(chain(*parts)))


@given(times=any_times, limit=st.integers(1, 40), workers=st.integers(1, 16))
def test_every_row_comes_once_and_newest_first_however_they_lie(times: list[int], limit: int, workers: int) -> None:
    vendor = Vendor(times, limit)
    assert vendor.read(workers=workers) == vendor.rows


@pytest.mark.parametrize(
    "times",
    [
        [END - 1] * 5_000,
        [START] * 5_000,
        [START + 1] * 3_000 + [END - 2] * 3_000,
        [*range(START, START + 3_000), *([START + 3_000] * 2_000)],
        list(range(END - 5_000, END)),
    ],
    ids=["the newest second", "the oldest second", "both ends", "a rush and a burst", "one busy hour"],
)
def test_thousands_in_one_second_lose_nobody(times: list[int]) -> None:
    vendor = Vendor(times, 100)
    assert vendor.read() == vendor.rows


def test_an_empty_window_costs_one_request() -> None:
    vendor = Vendor([])
    assert vendor.read() == []
    assert len(vendor.spans) == 1


def test_one_page_costs_one_request() -> None:
    vendor = Vendor(range(START, START + 10))
    assert len(vendor.read()) == 10
    assert len(vendor.spans) == 1


@pytest.mark.parametrize("span", [86_400, 30 * 86_400], ids=["a day", "a month"])
def test_few_requests_are_wasted_on_cutting(span: int) -> None:
    times = [START + n * span // 20_000 for n in range(20_000)]
    vendor = Vendor(times, 100)
    vendor.read()
    assert len(vendor.spans) <= 1.3 * 20_000 / 100


def test_a_rush_does_not_make_the_quiet_time_before_it_look_busy() -> None:
    """Five hundred orders in ten seconds, every noon: the rest of each day is not read in slices of seconds."""
    noons = [noon + n % 10 for noon in range(START + 43_200, END, 86_400) for n in range(500)]
    vendor = Vendor(noons, 100)
    assert vendor.read() == vendor.rows
    assert len(vendor.spans) <= 2.5 * len(noons) / 100


def test_a_busy_window_is_read_by_many_at_once() -> None:
    vendor = Vendor(range(START, END, 600), 10)
    turns, together = count(), threading.Barrier(parallel_list.WORKERS, timeout=10)

    def fetch(start: int, end: int, place: Place | None) -> Page[Row]:
        if 1 <= next(turns) <= parallel_list.WORKERS:
            together.wait()  # breaks, and the read with it, unless all of them are asked at the same time
        return vendor.fetch(start, end, place)

    assert list(chain.from_iterable(reader(fetch))) == vendor.rows


def test_where_requests_are_few_the_newest_are_read_first() -> None:
    """The order holds although many threads wait for the rate limit."""
    vendor = Vendor(range(START, END, 300), 10)
    alone, ranks = threading.Semaphore(), list[int]()

    def fetch(start: int, end: int, place: Place | None) -> Page[Row]:
        page = vendor.fetch(start, end, place)
        ranks.extend((END - at) // 3_000 for at, _ in page.rows[:1])
        alone.release()
        return page

    list(reader(fetch, turn=alone.acquire))
    assert len(ranks) >= 864
    early = max(rank - turn for turn, rank in enumerate(ranks))
    assert early <= 3 * parallel_list.PAGES_PER_SLICE, "a page was read that was not yet wanted"


def failing(vendor: Vendor, before: int, error: Exception) -> Fetch[Row]:
    """A vendor that does not answer for the time before `before`, once the first page showed the whole window."""

    def fetch(start: int, end: int, place: Place | None) -> Page[Row]:
        if vendor.spans and start < before:
            raise error
        return vendor.fetch(start, end, place)

    return fetch


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_an_error_comes_where_its_rows_would_have_come(share: float) -> None:
    """What was read of newer time may be taken first; nothing older ever comes before an error."""
    vendor = Vendor(range(START, END, 600), 10)
    before = START + int((END - START) * share)
    taken: list[Row] = []
    reading = reader(failing(vendor, before, VendorAnswerError("no answer")))
    with pytest.raises(VendorAnswerError, match="no answer"):
        taken.extend(chain.from_iterable(reading))
    assert taken == vendor.rows[: len(taken)], "a gap before the error"
    assert all(at >= before for at, _ in taken)


def test_an_error_of_the_first_page_is_raised_at_once() -> None:
    def fetch(_start: int, _end: int, _place: Place | None) -> Page[Row]:
        raise VendorAnswerError("no answer")

    with pytest.raises(VendorAnswerError, match="no answer"):
        list(reader(fetch))


def test_a_page_that_comes_twice_is_an_error_instead_of_a_loop() -> None:
    def fetch(start: int, end: int, _place: Place | None) -> Page[Row]:
        return Page([(end - 1, "same")], PageTimes(end - 1, start), Place("same"))

    with pytest.raises(VendorAnswerError, match="makes no progress"):
        list(reader(fetch))


class Silent(Vendor):
    """Shows no row that is older than a moment, and says that there are more; by itself, a day before it is shown."""

    def __init__(self, times: Sequence[int], *, days: Collection[int], limit: int = 10) -> None:
        super().__init__(times, limit)
        self._days = days  # since START

    def fetch(self, start: int, end: int, place: Place | None) -> Page[Row]:
        page = super().fetch(start, end, place)
        shown = list(takewhile(lambda row: (row[0] - FIRST) // UTC_DAY not in self._days, page.rows))
        if len(shown) == len(page.rows):
            return page
        return (
            Page(shown, PageTimes(shown[0][0], shown[-1][0]), Place(shown[-1][1]))
            if shown
            else Page([], None, is_stuck=True)
        )


@pytest.mark.parametrize("days", [{29}, {10}, {0}, {10, 11}, {3, 17, 29}, set(range(31))], ids=str)
@pytest.mark.parametrize("every", [600, 40_000])
def test_fault_18_a_day_that_is_not_shown_is_a_gap_and_all_other_rows_come(days: set[int], every: int) -> None:
    vendor = Silent(range(START, END, every), days=days)
    rows = list(chain.from_iterable(reader(vendor.fetch)))
    gaps = [row for row in rows if row[1].startswith("unread")]
    assert {(at - FIRST) // UTC_DAY for at, _ in gaps} == days
    shown = {row for row in rows if not row[1].startswith("unread")}
    assert shown == {row for row in vendor.rows if (row[0] - FIRST) // UTC_DAY not in days}
    times = [at // UTC_DAY for at, _ in rows]
    assert times == sorted(times, reverse=True), "days must come newest first"


def test_slices_meet_and_never_reach_beyond_the_window() -> None:
    vendor = Vendor(range(START, END, 600), 10)
    vendor.read()
    assert all(START <= start < end <= END for start, end in vendor.spans)
    edges = sorted({edge for span in vendor.spans for edge in span})
    assert edges[0] == START
    assert edges[-1] == END
    assert all(first < second for first, second in pairwise(edges))
