"""GET requests to a vendor: no other method, no redirects, a size cap, a rate limit, retries with a deadline."""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock, local
from typing import Any, NoReturn, Protocol

import requests
import tenacity
import urllib3

from ordersync_dagster.adapters.http.deadline import DeadlineAdapter
from ordersync_dagster.adapters.http.retry_after import THROTTLED, asked_wait
from ordersync_dagster.adapters.http.unreached import why_unreached
from ordersync_dagster.core.errors import VendorAnswerError, VendorUnavailableError

BODY_LIMIT = 32 * 1024 * 1024  # bytes after decompression; the largest real page seen is under 1 MB
CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 25.0  # seconds
_RETRIED = THROTTLED | {408, 409, 425}  # and every 5xx: a proxy before a vendor has numbers of its own (520 to 530)
_REFUSED = {401, 403}  # never retried: the key stays refused, whatever a header says


class RateLimit(Protocol):
    """One rate limit for all requests to a vendor."""

    def take(self, name: str) -> None:
        """Wait until one more attempt at the endpoint `name` is allowed."""

    def slow_down(self, name: str) -> None:
        """After a 429: send fewer requests for a while."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to retry. Times are seconds; tests pass their own `sleep` and `clock`, so that they need not wait."""

    attempts: int = 10
    deadline: float = 240.0
    first_wait: float = 0.5
    longest_wait: float = 65.0  # Printful locks out for 60 s
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class Traffic:
    """Counts of requests to one vendor; for the report, never for a decision."""

    counts: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def add(self, name: str) -> None:
        with self._lock:
            self.counts[name] += 1


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer with its JSON body; `headers` are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: Any


class GetOnlyError(AssertionError):
    """A bug: a request to a vendor was not a GET. It was not sent."""


class _TryAgainError(Exception):
    """One attempt failed; the next may succeed."""

    def __init__(self, what: str, wait: float | None = None, *, is_unreached: bool = False) -> None:
        super().__init__(what)
        self.wait, self.is_unreached = wait, is_unreached


class _TooLargeError(Exception):
    """A body beyond BODY_LIMIT, compressed or not."""


class GuardedSession(requests.Session):
    """A session that sends GET requests only. Every attempt, retries included, takes one token of `rate_limit`.

    `ca_bundle` is a file of certificates to trust instead of the usual ones.
    """

    def __init__(self, rate_limit: RateLimit, traffic: Traffic, ca_bundle: str | None = None) -> None:
        super().__init__()
        self.trust_env = False  # a ~/.netrc would replace our Authorization header
        self._rate_limit, self._traffic, self._ca_bundle = rate_limit, traffic, ca_bundle
        self._turn = local()  # of each thread: whether the token of its next request is taken
        pool = DeadlineAdapter(pool_connections=4, pool_maxsize=16, max_retries=0)
        self.mount("https://", pool)
        self.mount("http://", pool)

    def wait_for_turn(self, url: str) -> None:
        """Take the token of this thread's next request now, so that the caller chooses its page afterwards."""
        self._rate_limit.take(_operation(_path(url)))
        self._turn.is_taken = True

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Every request of this session passes here."""
        path = _path(request.url or "")
        if request.method != "GET" or request.body is not None:
            raise GetOnlyError(f"{request.method} {path} was not sent: this package sends GET requests only")
        options |= {"allow_redirects": False, "stream": True, "timeout": (CONNECT_TIMEOUT, READ_TIMEOUT)}
        # Given for each request, because Stripe's SDK asks for certificates of its own.
        options |= {"verify": self._ca_bundle} if self._ca_bundle else {}
        if not self._turn.__dict__.pop("is_taken", False):
            self._rate_limit.take(_operation(path))
        self._traffic.add("requests")
        response = super().send(request, **options)
        with response:
            if response.status_code in THROTTLED:
                self._rate_limit.slow_down(_operation(path))
            response._content = _body(response)  # because `response.content` would read it without a size cap
        return response

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Always None: the base class would read the body of a redirect without our size cap."""


def get_with_retries(
    fetch: Callable[[], requests.Response], vendor: str, retry_policy: RetryPolicy, traffic: Traffic
) -> Answer:
    """Fetch until there is an answer that a retry would not change.

    Raises VendorUnavailableError when no attempt or no time is left, VendorAnswerError for a redirect or a body
    larger than BODY_LIMIT. Answers of 400, 401, 403 and 404 are returned.
    """
    started = retry_policy.clock()
    growing = tenacity.wait_exponential(multiplier=retry_policy.first_wait, max=20)
    waits = growing + tenacity.wait_random(0, retry_policy.first_wait)

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = (error.wait if isinstance(error, _TryAgainError) else None) or 0.0
        return min(max(asked + random.uniform(0, 0.2), waits(state)), retry_policy.longest_wait)  # noqa: S311  # jitter

    def is_over(state: tenacity.RetryCallState) -> bool:
        too_late = retry_policy.clock() - started + state.upcoming_sleep > retry_policy.deadline
        return too_late or state.attempt_number >= retry_policy.attempts

    def count(_state: tenacity.RetryCallState) -> None:
        traffic.add("retries")

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_TryAgainError),
        wait=wait,
        stop=is_over,
        sleep=retry_policy.sleep,
        before_sleep=count,
        retry_error_callback=lambda state: _give_up(state, vendor),
    )
    answer: Answer = retrying(_attempt, fetch, vendor, traffic)
    return answer


def _give_up(state: tenacity.RetryCallState, vendor: str) -> NoReturn:
    error = state.outcome.exception() if state.outcome else None
    network = "this machine's network and " if getattr(error, "is_unreached", False) else ""
    raise VendorUnavailableError(
        f"{vendor} gave no usable answer in {state.attempt_number} attempts (the last: {error}). "
        f"Look at {network}{vendor}'s status page, then run again."
    ) from None


def _attempt(fetch: Callable[[], requests.Response], vendor: str, traffic: Traffic) -> Answer:
    try:
        response = fetch()
    except (requests.exceptions.SSLError, requests.exceptions.InvalidURL) as error:
        raise VendorUnavailableError(
            f"{vendor} could not be reached safely ({type(error).__name__}). If a proxy on the way inspects TLS, name "
            "its certificates in ORDERSYNC_CA_BUNDLE; else look at this machine's clock and network."
        ) from None
    except _TooLargeError:
        limit = f"{BODY_LIMIT // 2**20} MB"
        raise VendorAnswerError(f"{vendor}'s answer was larger than {limit} and was not read") from None
    except requests.exceptions.RequestException as error:
        unreached = why_unreached(error)
        what = unreached or f"no whole answer, {type(error).__name__}"
        raise _TryAgainError(what, is_unreached=bool(unreached)) from None
    if response.status_code in THROTTLED:
        traffic.add("http_429")
    if 300 <= response.status_code < 400:
        raise VendorAnswerError(f"{vendor} answered with a redirect ({response.status_code}), which is not followed")
    if _is_worth_a_retry(response):
        raise _TryAgainError(f"HTTP {response.status_code}", asked_wait(response))
    return Answer(response.status_code, response.headers, _json_body(response))


def _is_worth_a_retry(response: requests.Response) -> bool:
    asked = response.headers.get("Stripe-Should-Retry")
    if response.status_code in _REFUSED:
        return False
    if asked in ("true", "false") and response.status_code >= 400:
        return asked == "true"
    return response.status_code in _RETRIED or response.status_code >= 500


def _json_body(response: requests.Response) -> Any:
    try:
        return json.loads(response.content, parse_float=Decimal, parse_constant=_reject, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        if response.status_code >= 400:
            return None  # the status is enough; a proxy's HTML is no JSON
        raise _TryAgainError("a body that is not JSON") from None


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError for a name with two values: one of them would be lost. RFC 8259, section 4."""
    found = dict(members)
    if len(found) < len(members) and any(found[name] != value for name, value in members):
        raise ValueError("a name has two values")
    return found


def _body(response: requests.Response) -> bytes:
    """The decoded body. `read1` returns as soon as some bytes are there; `read` waits for all of a chunk."""
    chunks, size = [], 0
    try:
        while chunk := response.raw.read1(256 * 1024, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > BODY_LIMIT:
                raise _TooLargeError
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(type(error).__name__) from None
    return b"".join(chunks)


def _operation(path: str) -> str:
    """Stripe limits each named operation, and all ids share it: https://docs.stripe.com/rate-limits"""
    return re.sub(r"/cs_[^/]+", "/:id", path)


def _path(url: str) -> str:
    return "/" + url.split("?")[0].split("://")[-1].partition("/")[2]
