"""Reads a newest-first list over a window in parallel and in order.

The first page covers the whole window. If there are more, the rest is cut into slices of a few pages each, by the
density of the page; each slice is read with its own cursor. A quiet window costs one request. Each request reads the
newest slice that no thread reads at that moment, so that rows arrive in order at any rate limit. A slice that does not
go on is read a UTC day at a time, and a day that does not go on is given up.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Condition, Semaphore, Thread
from typing import Generic, TypeVar

from ordersync_dagster.adapters.stripe.pages import PageTimes, Place, require_sorted
from ordersync_dagster.core.errors import VendorAnswerError

T = TypeVar("T")

WORKERS = 16  # requests in flight
# Threads that wait for the rate limit together. With one alone, a late wake-up would lose a token.
MAX_WAITING_THREADS = 4
# The last page of a slice is half empty on average, so longer slices waste fewer requests.
PAGES_PER_SLICE = 8
FIRST_CUT = 16  # maximum number of slices after the first page
# Slices that a slice is cut into: 4 of the density of its page, and 1 for the rest, which may be empty after a rush.
NEXT_CUT = 5
# Pages read and not yet taken; beyond it only the next slices are read. This bounds the memory.
PAGES_AHEAD = 96
# For all threads to end. A thread that waits for the vendor is a daemon and ends with the process.
SHUTDOWN_SECONDS = 1.0
MIN_SPAN = 2  # seconds; a shorter slice is not cut
UTC_DAY = 86_400  # seconds; multiples of it are midnights in UTC


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows newest first; `span` is None where no row has a created time."""

    rows: list[T]
    span: PageTimes | None
    following: Place | None = None  # where the next page begins; None at the end, or if `is_stuck`
    is_stuck: bool = False  # there are more rows, and they are not shown


Fetch = Callable[[int, int, Place | None], Page[T]]  # (start, end, place) → a page of [start, end) from place on


@dataclass(slots=True)
class _Slice(Generic[T]):
    """A part [start, end) of the window; done when it was read, or its rest was cut into the slices that follow."""

    start: int
    end: int
    place: Place | None = None
    cursors: set[str] = field(default_factory=set)  # all so far, to notice a list that repeats
    pages: list[list[T]] = field(default_factory=list)  # read and not yet taken
    count: int = 0  # of all pages read
    top: int = field(init=False)  # where its reading began: the rows from here to `end` came before its first page
    reached: int = field(init=False)  # all rows from here to `end` were read
    oldest: int | None = None  # created time of the oldest row that came before its next page
    is_busy: bool = False
    is_done: bool = False

    def __post_init__(self) -> None:
        self.top = self.reached = self.end

    @property
    def is_free(self) -> bool:
        return not (self.is_busy or self.is_done)

    def reach(self, span: PageTimes) -> None:
        """Note how far the slice is read; raises VendorAnswerError if a page is newer than the one before."""
        if self.oldest is not None:
            require_sorted(span.newest, self.oldest)
        self.oldest = span.oldest if self.oldest is None else min(self.oldest, span.oldest)
        if self.start <= span.oldest:  # the oldest second may have more rows than the page
            self.reached = min(self.reached, span.oldest + 1)

    def go_on_from(self, place: Place) -> None:
        """Read on from `place`; raises VendorAnswerError if the list repeats."""
        if place.last in self.cursors:
            raise VendorAnswerError("a list makes no progress: a page came twice. Run again.")
        self.place = place
        self.cursors.add(place.last)


class SliceReader(Generic[T]):
    """Iterate once: lists of rows, newest first. An error is raised at the place of the missing rows, or before.

    `turn` waits until one more request may be sent; its slice is chosen afterwards. `first` is the first page, if it
    was read before. `gap` makes the rows that stand
    for a time [start, end) of one UTC day that could not be read.
    """

    def __init__(
        self,
        fetch: Fetch[T],
        start: int,
        end: int,
        *,
        gap: Callable[[int, int], list[T]],
        workers: int = WORKERS,
        turn: Callable[[], object] = lambda: None,
        first: Page[T] | None = None,
    ) -> None:
        self._fetch, self._gap, self._workers, self._turn = fetch, gap, workers, turn
        self._slices: list[_Slice[T]] = [_Slice(start, end)]
        self._changed, self._may_wait = Condition(), Semaphore(MAX_WAITING_THREADS)
        self._waiting = 0  # threads that wait for the rate limit
        self._is_over = False
        self._error: BaseException | None = None
        if first is not None:
            self._put(self._slices[0], first)

    def __iter__(self) -> Iterator[list[T]]:
        threads: list[Thread] = []
        try:
            while self._slices:
                self._start_threads(threads)
                with self._changed:
                    rows = self._next_rows()
                if rows:
                    yield rows
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()
            deadline = time.monotonic() + SHUTDOWN_SECONDS
            for thread in threads:
                thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _next_rows(self) -> list[T]:
        """The next page of the first slice; [] if it has none at the moment."""
        head = self._slices[0]
        if head.pages:
            self._changed.notify_all()  # there is room for one more
            return head.pages.pop(0)
        if head.is_done:
            self._slices.pop(0)
        elif self._error is not None:
            raise self._error
        else:
            self._changed.wait()
        return []

    def _start_threads(self, threads: list[Thread]) -> None:
        """One worker for each unread slice, up to the maximum."""
        with self._changed:
            unread = sum(not each.is_done for each in self._slices)
        for _ in range(len(threads), min(unread, self._workers)):
            thread = Thread(target=self._work, name="ordersync-read", daemon=True)
            thread.start()
            threads.append(thread)  # SIGTERM may come in between, and only a started thread can be joined

    def _work(self) -> None:
        try:
            while (taken := self._take()) is not None:
                page = self._fetch(taken.start, taken.end, taken.place)
                with self._changed:
                    self._put(taken, page)
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001  # raised again where the rows are taken
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()

    def _take(self) -> _Slice[T] | None:
        """The newest slice that no thread reads, chosen when a request may be sent; None at the end."""
        with self._may_wait:
            with self._changed:
                self._changed.wait_for(lambda: self._is_ended or self._free_nearby() > self._waiting)
                self._waiting += 1
            if not self._is_ended:
                self._turn()
            with self._changed:
                self._waiting -= 1
                taken = None if self._is_ended else next(each for each in self._slices if each.is_free)
                if taken is not None:
                    taken.is_busy = True
                return taken

    @property
    def _is_ended(self) -> bool:
        return self._is_over or self._error is not None or all(each.is_done for each in self._slices)

    def _free_nearby(self) -> int:
        """Number of slices that may be read now."""
        ahead = sum(len(each.pages) for each in self._slices)
        near = self._slices if ahead < PAGES_AHEAD else self._slices[: self._workers]
        return sum(each.is_free for each in near)

    def _put(self, taken: _Slice[T], page: Page[T]) -> None:
        """Keep a page; the rest of the slice is read from its place on, or cut into slices."""
        taken.pages.append(page.rows)
        taken.count += 1
        taken.is_busy = False
        rest: list[_Slice[T]] = []
        if page.following:
            taken.go_on_from(page.following)
        if page.span:
            taken.reach(page.span)
        if page.following:
            rest = self._cut(taken, page)
        elif page.is_stuck:
            rest = self._days(taken)
        if rest or not page.following:
            place = self._slices.index(taken) + 1
            self._slices[place:place] = rest
            taken.is_done = True

    def _cut(self, taken: _Slice[T], page: Page[T]) -> list[_Slice[T]]:
        """The rest of `taken` as slices, newest first; [] to read on from its place."""
        if page.span is None or not taken.start <= page.span.oldest < taken.end:
            return []
        end = taken.reached
        left = end - taken.start
        pages_left = left * taken.count / (taken.top - page.span.oldest)
        is_first = len(self._slices) == 1 and taken.count == 1
        wanted = min(FIRST_CUT, round(pages_left)) if is_first else round(pages_left / PAGES_PER_SLICE)
        wanted = min(wanted, left // MIN_SPAN)
        if wanted < 2:
            return []
        step, count = left // wanted, min(wanted, FIRST_CUT if is_first else NEXT_CUT)
        cut: list[_Slice[T]] = _slices_between([*(end - step * n for n in range(count)), taken.start])
        cut[0].place, cut[0].cursors, cut[0].oldest = taken.place, taken.cursors, taken.oldest
        cut[0].end = taken.end  # so that rows which should have come before are noticed
        return cut

    def _days(self, taken: _Slice[T]) -> list[_Slice[T]]:
        """The rest of `taken` a day at a time, from its last row on; within one day it is given up."""
        newest = (taken.reached - 1) // UTC_DAY * UTC_DAY
        if taken.start >= newest:
            taken.pages.append(self._gap(taken.start, taken.reached))
            return []
        return _slices_between([taken.reached, *range(newest, taken.start, -UTC_DAY), taken.start])


def _slices_between(edges: list[int]) -> list[_Slice[T]]:
    return [_Slice(first, last) for last, first in pairwise(edges)]
