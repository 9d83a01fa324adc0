"""Both adapters over a wire that answers what it is told to."""

import io
from collections.abc import Sequence
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from ordersync_dagster.adapters.http.client import GuardedSession, RetryPolicy, Traffic
from ordersync_dagster.adapters.printful.access import PrintfulAccess
from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.adapters.stripe.api import StripeApi

BASE = "https://vendor.example.com"
Canned = tuple[int, bytes]  # status and body


class _CannedAdapter(HTTPAdapter):
    """The answers in turn, then the last one for ever."""

    def __init__(self, answers: Sequence[Canned]) -> None:
        super().__init__()
        self._answers = list(answers)

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        status, body = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        raw = urllib3.HTTPResponse(io.BytesIO(body), status=status, preload_content=False)
        return self.build_response(request, raw)


class _NoHurry:
    def take(self, name: str) -> None:
        """There is no limit."""

    def slow_down(self, name: str) -> None:
        """There is no limit."""


_RETRY_POLICY = RetryPolicy(attempts=2, sleep=lambda _: None, clock=lambda: 0.0)


def _session(answers: Sequence[Canned]) -> GuardedSession:
    session = GuardedSession(_NoHurry(), Traffic())
    session.mount(BASE, _CannedAdapter(answers))
    return session


def stripe(*answers: Canned) -> StripeApi:
    """Stripe that answers so."""
    return StripeApi("rk_test_x", BASE, _session(answers), _RETRY_POLICY, Traffic())


def printful(*answers: Canned) -> PrintfulApi:
    """Printful that answers so."""
    return PrintfulApi(PrintfulAccess("token", BASE, _session(answers), _RETRY_POLICY, Traffic(), None))
