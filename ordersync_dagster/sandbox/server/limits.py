"""The vendors' rate limits, as fixed windows."""

from collections.abc import Mapping
from math import ceil

from ordersync_dagster.sandbox.vendors import printful_wire, stripe_errors
from ordersync_dagster.sandbox.vendors.wire import Answer

RateLimits = Mapping[str, tuple[int, float]]
"""Vendor ("stripe", "printful") → (allowed requests, in so many seconds)."""


class Window:
    """Allows `requests` per window; a window starts with its first request."""

    def __init__(self, requests: int, seconds: float) -> None:
        self._requests = requests
        self._seconds = seconds
        self._start = float("-inf")
        self._used = 0

    def wait(self, now: float) -> float | None:
        """None if the request may pass, else the seconds until the window ends."""
        if now - self._start >= self._seconds:
            self._start, self._used = now, 0
        self._used += 1
        return None if self._used <= self._requests else self._start + self._seconds - now


class Limits:
    """One window per limited vendor."""

    def __init__(self, limits: RateLimits) -> None:
        if unknown := limits.keys() - {"stripe", "printful"}:
            raise ValueError(f"no such vendor: {', '.join(sorted(unknown))}")
        self._windows = {vendor: Window(*limit) for vendor, limit in limits.items()}

    def refusal(self, vendor: str, now: float) -> Answer | None:
        """The vendor's 429 if its limit is reached."""
        window = self._windows.get(vendor)
        wait = None if window is None else window.wait(now)
        if wait is None:
            return None
        return too_many(vendor, max(1, ceil(wait)))


def too_many(vendor: str, seconds: int) -> Answer:
    """A 429 as the vendor sends it: only Printful sends Retry-After."""
    if vendor == "stripe":
        reason = ("Stripe-Rate-Limited-Reason", "endpoint-rate")
        return stripe_errors.by_status(429).answer((reason,))
    return printful_wire.by_status(429, seconds).answer().with_headers([("Retry-After", str(seconds))])
