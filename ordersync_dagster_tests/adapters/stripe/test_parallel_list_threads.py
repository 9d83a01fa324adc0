"""The threads that read a list: none is left, an interrupt comes through, and little is held."""

import threading
import time
from collections.abc import Iterator, Sequence
from itertools import chain, count

import pytest

from ordersync_dagster.adapters.stripe import parallel_list
from ordersync_dagster.adapters.stripe.pages import Place
from ordersync_dagster.adapters.stripe.parallel_list import Page
from ordersync_dagster.core.errors import VendorAnswerError
from ordersync_dagster_tests.adapters.stripe.newest_first import END, START, Row, Vendor, reader


def test_an_error_does_not_wait_for_every_thread_that_waits_for_the_vendor() -> None:
    vendor = Vendor(range(START, END, 600), 10)
    turns, answered = count(), threading.Event()

    def fetch(start: int, end: int, place: Place | None) -> Page[Row]:
        turn = next(turns)
        if turn == parallel_list.WORKERS:
            raise VendorAnswerError("no answer")
        if turn:
            answered.wait(60)
        return vendor.fetch(start, end, place)

    started = time.monotonic()
    with pytest.raises(VendorAnswerError, match="no answer"):
        list(reader(fetch))
    took = time.monotonic() - started
    answered.set()
    assert took < parallel_list.WORKERS / 2, "each of the others had its own second"


class RememberedVendor(Vendor):
    """Knows the threads that asked it."""

    def __init__(self, times: Sequence[int]) -> None:
        super().__init__(times)
        self.threads: set[threading.Thread] = set()

    def fetch(self, start: int, end: int, place: Place | None) -> Page[Row]:
        self.threads.add(threading.current_thread())
        return super().fetch(start, end, place)

    def alive(self) -> list[threading.Thread]:
        return [each for each in self.threads - {threading.current_thread()} if each.is_alive()]


def test_no_thread_is_left_when_all_was_read() -> None:
    vendor = RememberedVendor(range(START, END, 600))
    vendor.read()
    assert len(vendor.threads) > 1
    assert vendor.alive() == []


def test_closing_early_ends_the_threads() -> None:
    vendor = RememberedVendor(range(START, END, 60))
    reading: Iterator[list[Row]] = iter(reader(vendor.fetch))
    next(reading)
    assert vendor.alive() != []
    reading.close()  # type: ignore[attr-defined]  # it is a generator
    assert vendor.alive() == []


def test_an_interrupt_while_a_thread_starts_comes_through_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)  # SIGTERM comes when it comes
    with pytest.raises(KeyboardInterrupt):
        Vendor([START]).read()


def test_what_was_read_and_not_taken_is_bounded() -> None:
    """Nobody takes anything after the first rows: the readers stop by themselves, and go on when they are wanted."""
    vendor = Vendor(range(START, END, 60), 10)  # 4,320 pages
    reading = chain.from_iterable(reader(vendor.fetch))
    first = next(reading)
    asked = -1
    while asked != len(vendor.spans):
        asked = len(vendor.spans)
        threading.Event().wait(0.1)  # until no request was made for so long
    assert asked <= parallel_list.PAGES_AHEAD + parallel_list.WORKERS * parallel_list.PAGES_PER_SLICE * 2
    assert [first, *reading] == vendor.rows


def test_a_window_of_thousands_of_pages_is_read_by_many_at_once_to_its_end() -> None:
    """What was read far ahead must not leave the next slices to a single worker."""
    vendor = Vendor(range(START, END, 43), limit=10)
    at_once, together, lock = 0, list[int](), threading.Lock()

    def fetch(start: int, end: int, place: Place | None) -> Page[Row]:
        nonlocal at_once
        with lock:
            at_once += 1
            together.append(at_once)
        time.sleep(0.001)  # one thread in here must see the others
        with lock:
            at_once -= 1
        return vendor.fetch(start, end, place)

    assert list(chain.from_iterable(reader(fetch))) == vendor.rows
    assert len(together) > 6_000
    alone = sum(each == 1 for each in together)
    assert alone < len(together) / 20
