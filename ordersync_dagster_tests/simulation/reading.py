"""How ordersync reads the vendors while they change: Stripe in pages of its own, Printful through the real adapter."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from ordersync_dagster.adapters.http.client import GuardedSession, RetryPolicy, Traffic
from ordersync_dagster.adapters.printful.access import PrintfulAccess
from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.adapters.printful.parcels import PrintfulParcelsApi
from ordersync_dagster.core.errors import VendorUnavailableError
from ordersync_dagster.core.stripe_session import Verdict
from ordersync_dagster.core.window import Window, day_of
from ordersync_dagster.sandbox.world.parcels_v2 import page_v2
from ordersync_dagster_tests.simulation.vendors import Vendors, newest_first

SESSIONS_A_PAGE = 4
PRINTFUL_BASE = "https://printful.example.com"
Moment = Callable[[str], None]  # a call of this kind is about to be answered; the world may change, or the call fail


class VendorAwayError(Exception):
    """The pretend network does not answer."""


class PretendStripe:
    """Lists sessions by cursor, newest first; between two pages the list may change."""

    ahead = timedelta(0)
    unread_days: frozenset[date] = frozenset()

    def __init__(self, vendors: Vendors, moment: Moment) -> None:
        self._vendors, self._moment = vendors, moment

    def sessions(
        self, window: Window, read: Callable[[object], Verdict], *, with_line_items: bool
    ) -> Iterator[list[tuple[date, list[Verdict]]]]:
        current, kept = None, list[Verdict]()
        for page in self._pages(window):
            ended: list[tuple[date, list[Verdict]]] = []
            for session in page:
                day = day_of(session["created"])
                if kept and day != current:
                    ended.append((current or day, kept))
                    kept = []
                current = day
                kept.append(read(session))
            yield ended
        if current and kept:
            yield [(current, kept)]

    def session(self, session_id: str, *, with_line_items: bool = False) -> dict[str, Any] | None:
        self._ask("stripe")
        return self._vendors.sessions.get(session_id)

    def sessions_of_payment(self, payment_intent_id: str) -> list[dict[str, Any]]:
        self._ask("stripe")
        return [each for each in self._vendors.sessions.values() if each["payment_intent"] == payment_intent_id]

    def sessions_of_customer(self, email: str) -> list[dict[str, Any]]:
        self._ask("stripe")
        return [
            each
            for each in self._vendors.sessions.values()
            if each["status"] == "complete" and (each["customer_details"] or {}).get("email") == email
        ]

    def refunds(self, since: int) -> list[object]:
        try:
            self._ask("refunds")
        except PermissionError:
            return []
        return [each for each in self._vendors.refunds if each["created"] >= since]

    def disputes(self, since: int) -> list[object]:
        return [each for each in self._vendors.disputes if each["created"] >= since]

    def refunds_of(self, payment: str) -> list[object]:
        return [each for each in self.refunds(0) if each["payment_intent"] == payment]  # type: ignore[index]  # a dict

    def disputes_of(self, payment: str) -> list[object]:
        return [each for each in self._vendors.disputes if each["payment_intent"] == payment]

    def delayed_payments(self, _since: int) -> list[object]:
        return []

    def invoice_payments(self, _since: int) -> list[object]:
        return []

    def _pages(self, window: Window) -> Iterator[list[dict[str, Any]]]:
        cursor: tuple[int, str] | None = None
        while True:
            self._ask("stripe")
            found = [
                each for each in newest_first(list(self._vendors.sessions.values())) if each["status"] == "complete"
            ]
            found = [each for each in found if window.start_epoch <= each["created"] < window.end_epoch]
            page = [each for each in found if cursor is None or _place(each) > cursor][:SESSIONS_A_PAGE]
            yield [json.loads(json.dumps(each)) for each in page]
            if len(page) < SESSIONS_A_PAGE:
                return
            cursor = _place(page[-1])

    def _ask(self, what: str) -> None:
        try:
            self._moment(what)
        except VendorAwayError:
            raise VendorUnavailableError("Stripe gave no usable answer") from None


def _place(session: dict[str, Any]) -> tuple[int, str]:
    return -session["created"], session["id"]


class _PretendPrintful(HTTPAdapter):
    """Printful's wire without a wire: the pages are cut from what is there at that moment."""

    def __init__(self, vendors: Vendors, moment: Moment) -> None:
        super().__init__()
        self._vendors, self._moment = vendors, moment

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        assert request.method == "GET"
        try:
            self._moment("printful")
        except VendorAwayError:
            raise requests.exceptions.ConnectionError("nobody answers") from None
        status, body = self._answer(request.url or "")
        raw = urllib3.HTTPResponse(io.BytesIO(json.dumps(body).encode()), status=status, preload_content=False)
        return self.build_response(request, raw)

    def _answer(self, url: str) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(url)
        if parts.path.startswith("/v2/"):
            return self._parcels(parts.path)
        order_id = parts.path.removeprefix("/orders").strip("/")
        if order_id:
            order = self._vendors.printful.get(order_id)
            return (200, {"result": order}) if order else (404, {"result": "Not Found"})
        given = {key: int(values[0]) for key, values in parse_qs(parts.query).items()}
        listed = newest_first(list(self._vendors.printful.values()))
        page = listed[given["offset"] : given["offset"] + given["limit"]]
        return 200, {"result": page, "paging": {"total": len(listed), **given}}

    def _parcels(self, path: str) -> tuple[int, dict[str, Any]]:
        order_id = path.split("/")[3]
        if order_id not in self._vendors.printful:
            return 404, {"status": 404, "title": "Not Found"}
        return 200, page_v2(self._vendors.parcels(order_id), 0, 20, path)


class _NoHurry:
    def take(self, name: str) -> None:
        """There is no limit."""

    def slow_down(self, name: str) -> None:
        """There is no limit."""


def pretend_printful(vendors: Vendors, moment: Moment) -> tuple[PrintfulApi, PrintfulParcelsApi]:
    """The real adapters over the pretend wire; they never wait."""
    traffic = Traffic()
    session = GuardedSession(_NoHurry(), traffic)
    session.mount(PRINTFUL_BASE, _PretendPrintful(vendors, moment))
    retry_policy = RetryPolicy(attempts=2, sleep=lambda _: None, clock=lambda: 0.0)
    access = PrintfulAccess("token", PRINTFUL_BASE, session, retry_policy, traffic, None)
    return PrintfulApi(access), PrintfulParcelsApi(access)
