"""Rate budgets: one token an attempt, so that no vendor ever has to say 429."""

from threading import Lock

from pyrate_limiter import Limiter, Rate


class RateBudget:
    """At most `requests` in any `period` seconds; with `per_endpoint`, each endpoint has that much of its own."""

    def __init__(self, requests: int, period: int, *, per_endpoint: bool = False) -> None:
        self._rate = (requests, period * 1000)
        self._per_endpoint = per_endpoint
        self._limiters: dict[str, Limiter] = {}
        self._lock = Lock()

    def take(self, name: str) -> None:
        """Wait for a token of the endpoint `name`."""
        key = name if self._per_endpoint else "all"
        with self._lock:
            limiter = self._limiters.setdefault(key, Limiter(Rate(*self._rate)))
        limiter.try_acquire(key)
