"""A rate budget within one process: one token an attempt, so that no vendor ever has to say 429."""

from threading import Lock

from pyrate_limiter import Limiter, Rate


class LocalBudget:
    """At most `limit` attempts in any `period` seconds; with `per_endpoint`, each endpoint has that much of its own."""

    def __init__(self, limit: int, period: int, *, per_endpoint: bool = False) -> None:
        self._limit, self._period, self._per_endpoint = limit, period, per_endpoint
        self._limiters: dict[str, Limiter] = {}
        self._lock = Lock()

    def take(self, name: str) -> None:
        """Wait for a token of the endpoint `name`."""
        self._limiter(name).try_acquire()

    def slow_down(self, name: str) -> None:
        """After a 429: let a quarter of the budget pass unused; it comes back by itself."""
        self._limiter(name).try_acquire(weight=max(1, self._limit // 4))

    def _limiter(self, name: str) -> Limiter:
        key = name if self._per_endpoint else ""
        with self._lock:
            if key not in self._limiters:
                self._limiters[key] = Limiter(Rate(self._limit, self._period * 1000))
            return self._limiters[key]
