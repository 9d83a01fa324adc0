"""How many requests one run makes. Tests compare each count with those that the sandbox counts."""

from bisect import bisect_left
from collections.abc import Sequence

from ordersync_dagster.adapters.printful.api import ORDERS_PER_PAGE, SHARED_ORDERS, WORTH_A_PAGE
from ordersync_dagster.adapters.stripe.pages import PageTimes, Place
from ordersync_dagster.adapters.stripe.parallel_list import Page, SliceReader

SESSIONS_PER_PAGE = 100
REVERSALS = 2  # the list of refunds and that of disputes, where there are sessions; each is one page
COUNT = 1  # how many orders Printful has


def stripe_requests(moments: Sequence[int], start: int, end: int) -> int:
    """For sessions created at `moments` (Unix seconds, oldest first), in a run over [start, end).

    The window is cut by the product's own reader; only the pages are made here.
    """
    asked = 0

    def fetch(start: int, end: int, place: Place | None) -> Page[int]:
        nonlocal asked
        asked += 1
        first, last = bisect_left(moments, start), int(place.last) if place else bisect_left(moments, end)
        begin = max(first, last - SESSIONS_PER_PAGE)
        rows = list(range(last - 1, begin - 1, -1))
        following = Place(str(begin)) if begin > first else None
        span = PageTimes(moments[last - 1], moments[begin]) if rows else None
        return Page(rows, span, following)

    reader = SliceReader(fetch, start, end, gap=lambda _start, _end: [], workers=1)
    found = sum(len(rows) for rows in reader)
    return asked + (REVERSALS if found else 0)


def printful_requests(total: int, open_orders: int, newer: int, *, is_nightly: bool) -> int:
    """For a store of `total` orders, of which the newest `open_orders` are not done and the newest `newer` are of the
    run's window.

    A nightly run looks up all of them, an hourly run the open ones. Both read the list until it leaves the window.
    """
    wanted = total if is_nightly else open_orders
    if not wanted:
        return COUNT
    asked, shown, before = COUNT, 0, 0
    while True:
        asked += 1
        before, shown = shown, min(total, max(0, shown - SHARED_ORDERS) + ORDERS_PER_PAGE)
        left, pages_left = max(0, wanted - shown), -(-(total - shown) // (ORDERS_PER_PAGE - SHARED_ORDERS))
        if not pages_left:
            return asked
        is_fruitful = left and min(wanted, shown) - min(wanted, before) >= WORTH_A_PAGE
        if before >= newer and left <= pages_left and not is_fruitful:
            return asked + 1 + left  # the end of the list is older than this page; the rest is asked one by one
