"""Reads a newest-first list over a window in parallel: the window is cut where it is busy, the order is kept.

One page of the whole window comes first. Where there is more, what is left is cut into stretches of a few pages
each, judged by how dense the page was; each stretch is read by its own cursor. A quiet window costs one request.
Whoever may send the next request reads the newest stretch that nobody is reading: rows come in the order in which
they are wanted, however few requests a second there are.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Condition, Semaphore, Thread
from typing import Generic, TypeVar

from ordersync_dagster.core.errors import VendorAnswerError

T = TypeVar("T")

WORKERS = 16  # requests in flight
AT_THE_TURNSTILE = 4  # wait for their turns at once: one alone would lose what it wakes too late
PAGES_PER_SLICE = 8  # a slice ends with a page that is half empty on average: longer ones waste fewer requests
FIRST_CUT = 16  # slices after the first page, at most: one more round trip shows where the window is busy
NEXT_CUT = 5  # of a slice: four that are as busy as its page was, and the rest, which may be empty after a rush
PAGES_AHEAD = 96  # pages read but not yet taken; only the next few slices may go beyond: bounds the memory
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
    """A stretch [start, end) of the window; it is done when all of it was read or is in slices that follow."""

    start: int
    end: int
    cursor: str | None = None
    cursors: set[str] = field(default_factory=set)  # every one so far: a list that turns in a circle ends here
    pages: list[list[T]] = field(default_factory=list)  # read and not yet taken
    count: int = 0  # of all pages read
    is_busy: bool = False
    is_done: bool = False

    @property
    def is_free(self) -> bool:
        return not (self.is_busy or self.is_done)

    def go_on_after(self, cursor: str | None) -> None:
        """Raise VendorAnswerError where the list was there before."""
        if cursor is None or cursor in self.cursors:
            raise VendorAnswerError("a list makes no progress: a page came twice. Run again.")
        self.cursor = cursor
        self.cursors.add(cursor)


class SliceReader(Generic[T]):
    """Iterate over it once: lists of rows, newest first. An error comes no later than its rows would have come.

    `turn` waits until one more request may be sent; what that request reads is chosen afterwards.
    """

    def __init__(
        self,
        fetch: Fetch[T],
        start: int,
        end: int,
        *,
        workers: int = WORKERS,
        turn: Callable[[], object] = lambda: None,
    ) -> None:
        self._fetch, self._workers, self._turn = fetch, workers, turn
        self._slices: list[_Slice[T]] = [_Slice(start, end)]
        self._changed, self._turnstile = Condition(), Semaphore(AT_THE_TURNSTILE)
        self._waiting = 0  # for their turns
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
        """The next page of the first slice; [] when it has none yet, or no more."""
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
        """As many workers as there are slices to read, never more than allowed."""
        with self._changed:
            unread = sum(not each.is_done for each in self._slices)
        for _ in range(len(threads), min(unread, self._workers)):
            thread = Thread(target=self._work, name="ordersync-read", daemon=True)
            thread.start()
            threads.append(thread)  # afterwards: SIGTERM may come between, and only what was started can be joined

    def _work(self) -> None:
        try:
            while (taken := self._take()) is not None:
                page = self._fetch(taken.start, taken.end, taken.cursor)
                with self._changed:
                    self._put(taken, page)
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001  # it is raised where the rows are taken
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()

    def _take(self) -> _Slice[T] | None:
        """The newest slice that nobody reads, chosen when a request may leave; None when nothing is left."""
        with self._turnstile:
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
        """How many slices may be read now."""
        ahead = sum(len(each.pages) for each in self._slices)
        near = self._slices if ahead < PAGES_AHEAD else self._slices[: self._workers]
        return sum(each.is_free for each in near)

    def _put(self, taken: _Slice[T], page: Page[T]) -> None:
        """Keep a page; what is left is read on by the cursor, or shared where that is worth it."""
        taken.pages.append(page.rows)
        taken.count += 1
        taken.is_busy = False
        rest: list[_Slice[T]] = []
        if page.has_more:
            taken.go_on_after(page.cursor)
            rest = self._cut(taken, page)
        if rest or not page.has_more:
            place = self._slices.index(taken) + 1
            self._slices[place:place] = rest
            taken.is_done = True

    def _cut(self, taken: _Slice[T], page: Page[T]) -> list[_Slice[T]]:
        """What is left of `taken` as slices, newest first; [] to go on by the cursor."""
        if not taken.start <= page.oldest < taken.end:
            return []
        end = page.oldest + 1  # the oldest second may hold more rows than the page had room for
        left = end - taken.start
        pages_left = left * taken.count / (taken.end - page.oldest)
        is_first = len(self._slices) == 1 and taken.count == 1
        wanted = min(FIRST_CUT, round(pages_left)) if is_first else round(pages_left / PAGES_PER_SLICE)
        wanted = min(wanted, left // MIN_SPAN)
        if wanted < 2:
            return []
        step, count = left // wanted, min(wanted, FIRST_CUT if is_first else NEXT_CUT)
        edges = [*(end - step * n for n in range(count)), taken.start]
        cut: list[_Slice[T]] = [_Slice(first, last) for last, first in pairwise(edges)]
        cut[0].cursor, cut[0].cursors = taken.cursor, taken.cursors
        return cut
