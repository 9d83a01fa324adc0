"""A list as Stripe keeps it, for the parallel reader."""

import threading
from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain
from typing import Any

from ordersync_dagster.adapters.stripe import parallel_list
from ordersync_dagster.adapters.stripe.pages import PageTimes, Place
from ordersync_dagster.adapters.stripe.parallel_list import Fetch, Page, SliceReader

Row = tuple[int, str]  # created, id
START, END = 1_000_000, 1_000_000 + 30 * 86_400


class Vendor:
    """Pages newest first, after a cursor, within [start, end)."""

    def __init__(self, times: Sequence[int], limit: int = 10) -> None:
        self.rows: list[Row] = [(at, f"row{n}") for n, at in enumerate(sorted(times, reverse=True))]
        self._ages = [-at for at, _ in self.rows]
        self._rank = {name: n for n, (_, name) in enumerate(self.rows)}
        self._limit = limit
        self._lock = threading.Lock()
        self.spans: list[tuple[int, int]] = []

    def fetch(self, start: int, end: int, place: Place | None) -> Page[Row]:
        with self._lock:
            self.spans.append((start, end))
        first = bisect_left(self._ages, -end + 1) if place is None else self._rank[place.last] + 1
        last = bisect_left(self._ages, -start + 1)
        rows = self.rows[first : min(last, first + self._limit)]
        span = PageTimes(rows[0][0], rows[-1][0]) if rows else None
        return Page(rows, span, Place(rows[-1][1]) if last - first > self._limit else None)

    def read(self, workers: int = parallel_list.WORKERS) -> list[Row]:
        """All rows of a reader, joined."""
        return list(chain.from_iterable(reader(self.fetch, workers=workers)))


def reader(fetch: Fetch[Row], **options: Any) -> SliceReader[Row]:
    """Reads the whole window; a time that cannot be read is a row `unread` at its first second."""
    return SliceReader(fetch, START, END, gap=lambda start, end: [(start, f"unread until {end}")], **options)
