"""Printful API v1, read with the fewest requests: list pages of 100, or single orders where those are fewer.

https://developers.printful.com/docs/#tag/Orders-API
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ordersync_dagster.adapters.printful.access import VENDOR, PrintfulAccess, require_access
from ordersync_dagster.core.errors import VendorAnswerError, VendorError, VendorUnavailableError
from ordersync_dagster.core.explanation import RawLookup
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.printful_order_fields import created_at

ORDERS_PER_PAGE = 100  # Printful's maximum
# Two pages share so many orders, because the list shifts when an order is added or deleted between two requests.
SHARED_ORDERS = 3
# A page that shows fewer wanted orders costs as much as asking for them one by one.
WORTH_A_PAGE = 2
WORTH_A_LOOK = 10  # wanted orders; for so many the first page is read, because the newest orders are the open ones
MAX_STEPS_BACK = 20  # then the rest is asked one by one
MAX_FAILURES_IN_A_ROW = 3  # of single orders; then Printful is down and no more are asked


class PrintfulApi:
    """Reads one Printful store."""

    vendor = VENDOR

    def __init__(self, access: PrintfulAccess) -> None:
        self._access = access
        self.unread = ""  # why the last `orders` did not read the whole list; else empty
        self._counted: int | None = None  # may be old: it only decides between list and single requests

    def count(self) -> int:
        """How many orders Printful has. Call it first: it raises KeyRefusedError and SettingsError."""
        self._counted = _total(self._page(0, 1))
        return self._counted

    def orders(
        self, ids: Collection[str], since: int | None = None, if_listed: Collection[str] = ()
    ) -> Iterator[tuple[str, RawLookup]]:
        """An answer for each of `ids`, exactly once, in any order.

        Those of `if_listed` are answered only if the list shows them; no request is made for them alone.
        With `since` (Unix seconds) also every other order of the pages that hold those created at or after it.
        Raises KeyRefusedError and SettingsError; an order without an answer is `NotAsked`.
        """
        wanted, self.unread = set(ids), ""
        if since is not None or self._is_worth_listing(len(wanted)):
            yield from self._listed(wanted, since, if_listed)
        yield from self.one_by_one(sorted(wanted))

    def _is_worth_listing(self, wanted: int) -> bool:
        return wanted >= WORTH_A_LOOK or (wanted > 0 and _list_is_cheaper(wanted, self._known_count()))

    def _known_count(self) -> int:
        return self.count() if self._counted is None else self._counted

    def _listed(
        self, wanted: set[str], since: int | None, if_listed: Collection[str]
    ) -> Iterator[tuple[str, RawLookup]]:
        """One pass over the list; removes found ids from `wanted`.

        It stops when single requests would be fewer and the last page did not show several wanted orders.
        """
        seen: set[str] = set()
        sweep, progress = _Sweep(since), _Progress()
        pages_without_new = 0
        try:
            for page in self._pages():
                fresh = {_id_of(order): order for order in page.orders if _id_of(order) not in seen}
                seen |= fresh.keys()
                progress.note(page, len(fresh))
                pages_without_new += not fresh
                is_fruitful = len(wanted & fresh.keys()) >= WORTH_A_PAGE
                if pages_without_new > MAX_STEPS_BACK:
                    raise VendorAnswerError("Printful's list makes no progress: its pages repeat")
                for order_id, order in fresh.items():
                    if order_id in wanted or order_id in if_listed or since is not None:
                        wanted.discard(order_id)
                        yield order_id, order
                is_enough = len(wanted) <= page.pages_left and not (wanted and is_fruitful)
                if sweep.is_past(fresh.values()) and is_enough and self._ends_older(page, sweep):
                    return
            progress.require_whole()
        except VendorError as error:  # the rest is asked one by one
            self.unread = self.unread or str(error).rstrip(".")

    def _ends_older(self, page: "_Page", sweep: "_Sweep") -> bool:
        """Whether the end of the list is older than `page`, as in a list that begins with the newest order."""
        if not sweep.is_dated or not page.pages_left:
            return True
        last = self._page(max(page.shown, page.total - ORDERS_PER_PAGE), ORDERS_PER_PAGE)["result"]
        return sweep.is_older(order for order in last if isinstance(order, Mapping))

    def _pages(self) -> Iterator["_Page"]:
        """List pages that share a few orders.

        If two pages share no order, the list shifted between them: step back one page.
        """
        offset, last, steps_back = 0, None, 0
        while steps_back <= MAX_STEPS_BACK:
            body = self._page(offset, ORDERS_PER_PAGE)
            page = [order for order in body["result"] if isinstance(order, Mapping) and order.get("id")]
            if len(page) < len(body["result"]):
                self.unread = "Printful's list has a row that is no order"
            is_gap = last is not None and last not in {_id_of(order) for order in page}
            if is_gap and page:
                offset, last, steps_back = max(0, offset - ORDERS_PER_PAGE + SHARED_ORDERS), None, steps_back + 1
                continue
            shown, total = offset + len(body["result"]), _total(body)
            yield _Page(page, offset, shown, total)
            # A full page may have others behind it, whatever the total is.
            if shown >= total and len(body["result"]) < ORDERS_PER_PAGE:
                return
            # A short page is not the end; one without new orders before `paging.total` is an error.
            if shown <= offset + SHARED_ORDERS:
                raise VendorAnswerError(f"Printful's list ends after {shown} of its {total} orders")
            last = _id_of(page[-1]) if page else None
            offset = shown - SHARED_ORDERS
        raise VendorAnswerError("Printful's list shifts too often to be read")

    def one_by_one(self, ids: list[str]) -> Iterator[tuple[str, RawLookup]]:
        """An answer for each; `@NAME` asks for the order with this external_id. Raises as `orders`."""
        failures, reason = 0, ""
        for order_id in ids:
            if failures >= MAX_FAILURES_IN_A_ROW:
                yield order_id, NotAsked(order_id, reason)
                continue
            try:
                yield order_id, self._single(order_id)
                failures = 0
            except VendorAnswerError as error:  # only this order: Printful does answer
                failures = 0
                yield order_id, NotAsked(order_id, str(error).rstrip("."))
            except VendorUnavailableError as error:
                failures, reason = failures + 1, str(error).rstrip(".")
                yield order_id, NotAsked(order_id, reason)

    def _single(self, order_id: str) -> RawLookup:
        answer = self._access.get(f"/orders/{quote(order_id, safe='@')}", {})
        if answer.status == 403:  # the token could read the list, so this order is another store's
            raise VendorAnswerError(f"Printful does not show order {order_id} to this token (HTTP 403)")
        require_access(answer)
        if answer.status == 404:
            return Missing(order_id)
        order = answer.body.get("result") if isinstance(answer.body, Mapping) else None
        if answer.status != 200 or not isinstance(order, Mapping):
            raise VendorAnswerError(f"Printful answered order {order_id} with HTTP {answer.status}")
        if _id_of(order) != order_id and not order_id.startswith("@"):  # @ asks by external_id
            raise VendorAnswerError(f"Printful answered with another order than {order_id}")
        return order

    def _page(self, offset: int, limit: int) -> dict[str, Any]:
        answer = self._access.get("/orders", {"offset": offset, "limit": limit})
        require_access(answer)
        body = answer.body
        if answer.status != 200 or not isinstance(body, dict) or not isinstance(body.get("result"), list):
            raise VendorAnswerError(f"Printful's answer to /orders is not a list (HTTP {answer.status})")
        return body


@dataclass(frozen=True, slots=True)
class _Page:
    """Orders of the list, after the first `offset` and up to the `shown`-th of `total`."""

    orders: list[Mapping[str, Any]]
    offset: int
    shown: int
    total: int

    @property
    def pages_left(self) -> int:
        """How many pages may follow."""
        return -(-max(0, self.total - self.shown) // (ORDERS_PER_PAGE - SHARED_ORDERS))


@dataclass(slots=True)
class _Progress:
    """How many orders of a list were seen; `arrived` are those that came in front of it meanwhile."""

    seen: int = 0
    arrived: int = 0
    shown: int = 0
    total: int = 0

    def note(self, page: _Page, fresh: int) -> None:
        """`fresh` orders of `page` were not seen before."""
        shared = max(0, self.shown - page.offset)
        if fresh:  # a page that is only repeated says nothing of new orders
            repeated = len({_id_of(order) for order in page.orders}) - fresh
            self.arrived += max(0, repeated - shared)
        self.seen, self.shown, self.total = self.seen + fresh, page.shown, page.total

    def require_whole(self) -> None:
        """Raise VendorAnswerError if the list ended before every order was seen."""
        if self.seen + self.arrived < self.total:
            raise VendorAnswerError(f"Printful's list shows {self.seen} of its {self.total} orders")


class _Sweep:
    """How far a list has come that begins with the newest order. Printful does not promise that it does."""

    def __init__(self, since: int | None) -> None:
        self._since = since  # Unix seconds
        self.is_dated = since is not None
        self._oldest: int | None = None  # of all pages; None before the first
        self._is_sorted = True

    def is_past(self, orders: Iterable[Mapping[str, Any]]) -> bool:
        """Whether a page with these new `orders` is wholly older than `since`, and every order was older than the last.

        Only then no later page can hold a younger one.
        """
        if self._since is None:
            return True
        times = [created_at(order) for order in orders]
        for time in times:
            self._is_sorted &= time is not None and (self._oldest is None or time <= self._oldest)
            self._oldest = time
        return self._is_sorted and bool(times) and all(time is not None and time < self._since for time in times)

    def is_older(self, orders: Iterable[Mapping[str, Any]]) -> bool:
        """Whether all `orders`, from the end of the list, are older than those before; if not, nothing is past."""
        times = [created_at(order) for order in orders]
        self._is_sorted &= all(time is not None and time <= (self._oldest or 0) for time in times)
        return self._is_sorted and bool(times)


def _list_is_cheaper(wanted: int, total: int) -> bool:
    return wanted > 1 + total // (ORDERS_PER_PAGE - SHARED_ORDERS)


def _total(body: Mapping[str, Any]) -> int:
    paging = body.get("paging")
    total = paging.get("total") if isinstance(paging, Mapping) else None
    if type(total) is not int or total < 0:
        raise VendorAnswerError("Printful's list does not say how many orders there are")
    return total


def _id_of(order: Mapping[str, Any]) -> str:
    return str(order.get("id"))
