"""Reads a newest-first list over a window in parallel: the window is cut where it is busy, the order is kept.

One page of the whole window comes first. Where there is more, what is left is cut into stretches of a few pages
each, judged by how dense the page was; each stretch is read by its own cursor. A quiet window costs one request.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Condition, Thread
from typing import Generic, TypeVar

from ordersync_dagster.core.errors import VendorAnswerError

T = TypeVar("T")

WORKERS = 16  # requests in flight
PAGES_PER_SLICE = 4  # a slice ends with a page that is half empty on average: longer ones waste fewer requests
FIRST_CUT = 16  # slices after the first page, at most: one more round trip shows where the window is busy
NEXT_CUT = 5  # of a slice: four that are as busy as its page was, and the rest, which may be empty after a rush
PAGES_AHEAD = 160  # pages read but not yet taken; only the next few slices may go beyond: bounds the memory
PARTING = 1.0  # seconds that all threads together have to end; one that waits for the vendor ends with the process
MIN_SPAN = 2  # seconds; a shorter slice is not cut but read by its cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows newest first; `oldest` is the created time (Unix seconds) of the last, `cursor` its id."""

    rows: list[T]
    has_more: bool
    oldest: int
    cursor: str | None


Fetch = Callable[[int, int, str | None], Page[T]]  # (start, end, cursor) → a page of [start, end) after cursor


@dataclass(slots=True)
class _Slice(Generic[T]):
    """A stretch [start, end) of the window; it is done when all of it is in `rows` or in slices that follow."""

    start: int
    end: int
    cursor: str | None = None
    cursors: set[str] = field(default_factory=set)  # every one so far: a list that turns in a circle ends here
    rows: list[T] = field(default_factory=list)
    pages: int = 0
    is_taken: bool = False
    is_done: bool = False


class SliceReader(Generic[T]):
    """Iterate over it once: lists of rows, newest first. An error comes no later than its rows would have come."""

    def __init__(self, fetch: Fetch[T], start: int, end: int, *, workers: int = WORKERS) -> None:
        self._fetch, self._workers = fetch, workers
        self._slices: list[_Slice[T]] = [_Slice(start, end)]
        self._changed = Condition()
        self._pages_ahead = 0
        self._requests = 0
        self._is_over = False
        self._error: BaseException | None = None

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
            parted = time.monotonic() + PARTING
            for thread in threads:
                thread.join(timeout=max(0.0, parted - time.monotonic()))

    def _next_rows(self) -> list[T]:
        """The rows of the first slice once it is done; [] when there is only more work to share out."""
        head = self._slices[0]
        if not head.is_done:
            if self._error is not None:
                raise self._error
            self._changed.wait()
            return []
        self._slices.pop(0)
        self._pages_ahead -= head.pages
        self._changed.notify_all()
        return head.rows

    def _start_threads(self, threads: list[Thread]) -> None:
        """As many workers as there are slices to read, never more than allowed."""
        waiting = sum(not each.is_taken for each in self._slices[: self._workers * 2])
        busy = sum(thread.is_alive() for thread in threads)
        for _ in range(min(waiting, self._workers - busy)):
            thread = Thread(target=self._work, name="ordersync-read", daemon=True)
            thread.start()
            threads.append(thread)  # afterwards: SIGTERM may come between, and only what was started can be joined

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            try:
                self._read(taken)
            except BaseException as error:  # noqa: BLE001  # it is raised where the rows are taken
                with self._changed:
                    self._error = self._error or error
                    self._changed.notify_all()
                return

    def _take(self) -> _Slice[T] | None:
        with self._changed:
            while not self._is_over and self._error is None:
                place, free = next(((n, each) for n, each in enumerate(self._slices) if not each.is_taken), (0, None))
                if free is None:
                    return None
                if self._pages_ahead < PAGES_AHEAD or place < self._workers:
                    free.is_taken = True
                    return free
                self._changed.wait()
            return None

    def _read(self, taken: _Slice[T]) -> None:
        """Page by page until the slice ends, or until the rest is worth sharing."""
        while not self._is_over:
            page = self._fetch(taken.start, taken.end, taken.cursor)
            if page.has_more and (page.cursor in (None, taken.cursor) or page.cursor in taken.cursors):
                raise VendorAnswerError("a list makes no progress: a page came twice. Run again.")
            with self._changed:
                taken.rows.extend(page.rows)
                taken.pages += 1
                self._pages_ahead += 1
                rest = self._cut(taken, page) if page.has_more else []
                if page.has_more and not rest:
                    taken.cursor = page.cursor
                    taken.cursors.add(page.cursor or "")
                    continue
                position = self._slices.index(taken)
                self._slices[position + 1 : position + 1] = rest
                taken.is_done = True
                self._changed.notify_all()
                return

    def _cut(self, taken: _Slice[T], page: Page[T]) -> list[_Slice[T]]:
        """What is left of `taken` as slices, newest first; [] to go on by the cursor."""
        if not taken.start <= page.oldest < taken.end:
            return []
        end = page.oldest + 1  # the oldest second may hold more rows than the page had room for
        left = end - taken.start
        pages_left = left * taken.pages / (taken.end - page.oldest)
        is_first = len(self._slices) == 1 and taken.pages == 1
        wanted = min(FIRST_CUT, round(pages_left)) if is_first else round(pages_left / PAGES_PER_SLICE)
        wanted = min(wanted, left // MIN_SPAN)
        if wanted < 2:
            return []
        step, count = left // wanted, min(wanted, FIRST_CUT if is_first else NEXT_CUT)
        edges = [*(end - step * n for n in range(count)), taken.start]
        cut: list[_Slice[T]] = [_Slice(first, last) for last, first in pairwise(edges)]
        cut[0].cursor = page.cursor
        return cut
