"""Stripe, read through the official SDK's HTTP client: Checkout Sessions, refunds, disputes and events.

Plain JSON and our own page loop, because SDK objects cost 20 to 40 times the CPU, its pagination can loop for ever,
and it never retries a 429. https://docs.stripe.com/api/checkout/sessions/list
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from ordersync_dagster.adapters.http.client import Answer, GuardedSession, RetryPolicy, Traffic, get_with_retries
from ordersync_dagster.adapters.http.vendor_clock import VendorClock, clock_warning, nothing_yet
from ordersync_dagster.adapters.stripe import session_days
from ordersync_dagster.adapters.stripe.pages import LATEST, ListPage, Place, oldest_of, read_page, row_id, span_of
from ordersync_dagster.adapters.stripe.parallel_list import Page, SliceReader
from ordersync_dagster.adapters.stripe.refusals import PERMISSIONS, SESSIONS, refusal
from ordersync_dagster.adapters.stripe.sdk import SdkClient
from ordersync_dagster.adapters.stripe.session_days import Listed
from ordersync_dagster.core.errors import KeyRefusedError, UnreadListError, UsageError, VendorAnswerError
from ordersync_dagster.core.window import Window

API_VERSION = "2026-10-28.endive"  # core/stripe_session.py was written for it, and reads older versions too
ROWS_PER_PAGE = 100  # Stripe's maximum
_RISKS = {
    "/v1/refunds": ("refunds", "a refunded payment may be added as a live order"),
    "/v1/disputes": ("disputes", "a disputed payment may be added as a live order"),
    "/v1/events": ("events", "payments that came days after their checkout are not named"),
}
PAID_EVENTS = ("checkout.session.completed", "checkout.session.async_payment_succeeded")

JsonObject = dict[str, Any]
Filters = list[tuple[str, str]]
T = TypeVar("T")


class StripeApi:
    """Reads one Stripe account; `warnings` are sentences that the run shows."""

    vendor = "Stripe"

    def __init__(
        self, key: str, base: str, session: GuardedSession, retry_policy: RetryPolicy, traffic: Traffic
    ) -> None:
        self._client, self._session = SdkClient(session), session
        self._key, self._base = key, base.rstrip("/")
        self._retry_policy, self._traffic = retry_policy, traffic
        self.warnings: list[str] = []
        self.unread_days: set[date] = set()
        self._clock = VendorClock()
        self._warning_lock = Lock()

    def sessions(
        self, window: Window, read: Callable[[object], T], *, with_line_items: bool
    ) -> Iterator[list[tuple[date, list[T]]]]:
        """Results of `read` for the complete sessions created in `window`, each once, by UTC day, newest first.

        Rows without an id are all given to it. Pages are read in parallel. Days without a session are not yielded;
        those that end on one page are yielded together.
        `unread_days` has the days whose sessions Stripe did not all show, at the latest when an older day is yielded.
        Raises VendorError, KeyRefusedError, UsageError (the window has not begun by Stripe's clock) and what `read`
        raises.
        """
        fixed = [("limit", str(ROWS_PER_PAGE)), ("status", "complete")]
        fixed += [("expand[]", "data.line_items")] if with_line_items else []

        def fetch(start: int, end: int, place: Place | None) -> Page[Listed[T]]:
            span = [("created[gte]", str(start)), ("created[lt]", str(end))]
            page = self._page(SESSIONS, [*fixed, *span], place)
            rows = session_days.read_rows(page.rows, read)
            return Page(rows, span_of(page.rows), page.following, page.is_stuck)

        self.unread_days = set()
        first = fetch(window.start_epoch, window.end_epoch, None)
        if window.is_to_come(self.ahead):
            raise UsageError(nothing_yet(self.vendor, self.ahead))
        if (now := self.period(window)).end > window.end:  # our clock is behind
            first = fetch(now.start_epoch, now.end_epoch, None)
        window = now
        turn = partial(self._session.wait_for_turn, self._base + SESSIONS)
        reader = SliceReader(fetch, window.start_epoch, window.end_epoch, gap=session_days.gap, turn=turn, first=first)
        return session_days.by_day(reader, window.days[-1], self.unread_days, self._traffic)

    def session(self, session_id: str, *, with_line_items: bool = False) -> JsonObject | None:
        """One session by its id; None where Stripe does not know it, as with a key of another account.

        https://docs.stripe.com/api/checkout/sessions/retrieve
        """
        params = [("expand[]", "line_items")] if with_line_items else []
        answer = self._get(f"{SESSIONS}/{quote(session_id, safe='')}", params, or_missing=True)
        return answer.body if answer.status == 200 and isinstance(answer.body, dict) else None

    @property
    def ahead(self) -> timedelta:
        """How far Stripe's clock is ahead of ours, as far as that is known; zero within a minute."""
        return self._clock.ahead

    def period(self, window: Window) -> Window:
        """`window` by Stripe's clock."""
        return window.by_clock(self.ahead)

    def sessions_of_payment(self, payment_intent_id: str) -> list[JsonObject]:
        """The sessions of one payment, paid or not. https://docs.stripe.com/api/checkout/sessions/list"""
        listed = self.rows(SESSIONS, [("payment_intent", payment_intent_id)])
        return [row for row in listed if isinstance(row, dict) and row.get("payment_intent") == payment_intent_id]

    def sessions_of_customer(self, email: str) -> list[JsonObject]:
        """The complete sessions of one e-mail address, paid or not."""
        listed = self.rows(SESSIONS, [("status", "complete"), ("customer_details[email]", email)])
        return [row for row in listed if isinstance(row, dict)]

    def refunds(self, since: int) -> Iterator[object]:
        """Refunds created at or after `since` (Unix seconds); none, and a warning, if the key may not read them.

        Raises UnreadListError after the last row that Stripe shows, if it is not the last of the list.
        """
        return self.optional("/v1/refunds", [("created[gte]", str(since))])

    def disputes(self, since: int) -> Iterator[object]:
        """Disputes, likewise."""
        return self.optional("/v1/disputes", [("created[gte]", str(since))])

    def refunds_of(self, payment: str) -> Iterator[object]:
        """Refunds of one payment intent or charge, of any time; none, and a warning, if the key may not read them."""
        return self.optional("/v1/refunds", _of(payment))

    def disputes_of(self, payment: str) -> Iterator[object]:
        """Disputes, likewise."""
        return self.optional("/v1/disputes", _of(payment))

    def delayed_payments(self, since: int) -> Iterator[object]:
        """Events of payments that came after their checkout, likewise; Stripe keeps events for 30 days."""
        return self.optional("/v1/events", [("types[]", PAID_EVENTS[1]), ("created[gte]", str(since))])

    def invoice_payments(self, since: int) -> Iterator[object]:
        """Payments of invoices created at or after `since`; KeyRefusedError or VendorAnswerError, and a warning."""
        return self.invoice_payments_where([("created[gte]", str(since))])

    def invoice_payments_where(self, filters: Filters) -> Iterator[object]:
        """The same by any filter of Stripe's."""
        try:
            yield from self.rows("/v1/invoice_payments", filters)
        except (KeyRefusedError, VendorAnswerError) as error:
            self._warn(
                "Stripe's list of invoice payments could not be read, so nobody knows whether the payments of "
                f"subscriptions were refunded: {error}"
            )
            raise

    def optional(self, path: str, filters: Filters) -> Iterator[object]:
        """The rows of a list that a run can do without: refunds, disputes or events."""
        try:
            yield from self.rows(path, filters)
        except KeyRefusedError:
            what, risk = _RISKS[path]
            self._warn(f"The Stripe key may not read {what}, so {risk}. Give it the permission “{PERMISSIONS[path]}”.")

    def events(self, since: int, until: int) -> Iterator[object]:
        """Events of paid checkouts, created in [since, until) (Unix seconds), newest first.

        Stripe keeps events for 30 days: https://docs.stripe.com/api/events/list
        """
        filters = [("created[gte]", str(since)), ("created[lt]", str(until))]
        return self.rows("/v1/events", [*(("types[]", name) for name in PAID_EVENTS), *filters])

    def may_read(self, path: str) -> Answer:
        """One small request to `path`; raises KeyRefusedError if the key may not read it."""
        return self._get(path, [("limit", "1")])

    def rows(self, path: str, filters: Filters) -> Iterator[object]:
        """Every row of a list, page by page."""
        place: Place | None = None
        seen: set[str] = set()
        oldest = LATEST
        while True:
            page = self._page(path, [("limit", str(ROWS_PER_PAGE)), *filters], place)
            oldest = oldest_of(page.rows) or oldest
            seen_before = len(seen)
            for row in page.rows:
                name = row_id(row)
                if name in seen:
                    self._traffic.add("duplicates_seen")
                    continue
                if name is not None:
                    seen.add(name)
                yield row
            if page.is_stuck:
                sentence = f"Stripe's list {path} has more rows, and Stripe shows none of them. Run again."
                raise UnreadListError(sentence, oldest + 1)
            if page.following is None:
                return
            if len(seen) == seen_before:
                raise VendorAnswerError(f"Stripe's list {path} makes no progress: a page came twice. Run again.")
            place = page.following

    def _page(self, path: str, params: Filters, place: Place | None) -> ListPage:
        def ask(after: str | None) -> JsonObject:
            body = self._get(path, [*params, *([("starting_after", after)] if after else [])]).body
            if not isinstance(body, dict) or not isinstance(body.get("data"), list):
                raise VendorAnswerError(f"Stripe's answer to {path} is not a list")
            return body

        return read_page(ask, place)

    def _get(self, path: str, params: Filters, *, or_missing: bool = False) -> Answer:
        url = f"{self._base}{path}?{urlencode(params)}" if params else f"{self._base}{path}"
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Stripe-Version": API_VERSION,
            "User-Agent": "ordersync",
            "Accept": "application/json",
        }
        fetch = partial(self._client.get, url, headers)
        answer = get_with_retries(fetch, self.vendor, self._retry_policy, self._traffic)
        if answer.status != 200 and not (or_missing and answer.status == 404):
            raise refusal(path, answer, self._key)
        self._check_version(answer.headers.get("Stripe-Version"))
        if self._clock.note(answer.headers.get("Date")):
            self._warn(clock_warning(self.vendor, self.ahead))
        return answer

    def _check_version(self, answered: str | None) -> None:
        """Another version is only a warning, because unknown fields are ignored and older shapes are read."""
        if answered in (None, API_VERSION):
            return
        shown = re.sub(r"[^\w.-]", "?", answered[:40])
        self._warn(f"Stripe answered in API version {shown}; this release was written for {API_VERSION}.")

    def _warn(self, warning: str) -> None:
        """Once, even if several threads have the same warning."""
        with self._warning_lock:
            if warning not in self.warnings:
                self.warnings.append(warning)


def _of(payment: str) -> Filters:
    return [("payment_intent" if payment.startswith("pi_") else "charge", payment)]
