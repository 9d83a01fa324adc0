"""A list that is not sorted from new to old: what was not shown yet may be newer, so the reader must not go on."""

import random

import pytest

from ordersync_dagster.adapters.stripe.pages import DISORDER, Place, span_of
from ordersync_dagster.adapters.stripe.parallel_list import Page
from ordersync_dagster.core.errors import VendorAnswerError
from ordersync_dagster_tests.adapters.stripe.newest_first import END, START, Row, reader

ROWS_PER_PAGE = 10


class Unsorted:
    """A vendor that lists these rows in their own order."""

    def __init__(self, times: list[int]) -> None:
        self.rows: list[Row] = [(at, f"row{n}") for n, at in enumerate(times)]

    def fetch(self, start: int, end: int, place: Place | None) -> Page[Row]:
        names = [name for _, name in self.rows]
        first = names.index(place.last) + 1 if place else 0
        listed = [row for row in self.rows[first:] if start <= row[0] < end]
        shown = listed[:ROWS_PER_PAGE]
        span = span_of([{"created": at} for at, _ in shown])
        return Page(shown, span, Place(shown[-1][1]) if len(listed) > ROWS_PER_PAGE else None)

    def read(self) -> list[Row]:
        """All rows of a reader, joined."""
        return [row for rows in reader(self.fetch) for row in rows]


def spread(count: int) -> list[int]:
    """So many moments, newest first, an hour apart."""
    return [END - 1 - n * 3600 for n in range(count)]


def test_fault_79_a_list_from_old_to_new_is_refused() -> None:
    with pytest.raises(VendorAnswerError, match="not sorted from new to old"):
        Unsorted(spread(350)[::-1]).read()


def test_fault_79_a_page_that_is_newer_than_the_page_before_is_refused() -> None:
    times = spread(350)
    with pytest.raises(VendorAnswerError, match="not sorted from new to old"):
        Unsorted(times[100:] + times[:100]).read()


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_mixed_within_a_minute_are_all_read(seed: int) -> None:
    jitter = random.Random(seed)
    times = sorted((jitter.randrange(END - 86_400, END) for _ in range(2000)), reverse=True)
    mixed = sorted(times, key=lambda at: -at + jitter.randrange(DISORDER // 2))
    vendor = Unsorted(mixed)
    assert sorted(vendor.read()) == sorted(vendor.rows)


def test_a_row_without_a_time_is_no_disorder() -> None:
    span = span_of([{"created": START + 5}, {"created": None}, "no row", {"created": START}])
    assert span is not None
    assert (span.newest, span.oldest) == (START + 5, START)
    assert span_of([{}, None]) is None
