"""A rate limit within one process: one token for each attempt, so that no vendor has to answer 429."""

from threading import Lock

from pyrate_limiter import Limiter, Rate


class LocalRateLimit:
    """At most `limit` attempts in any `period` seconds, or with `per_endpoint` as many for each endpoint."""

    def __init__(self, limit: int, period: int, *, per_endpoint: bool = False) -> None:
        self._limit, self._period, self._per_endpoint = limit, period, per_endpoint
        self._limiters: dict[str, Limiter] = {}
        self._unused: dict[str, int] = {}  # tokens that the next attempt takes and does not use
        self._lock = Lock()

    def take(self, name: str) -> None:
        """Wait for a token of the endpoint `name`."""
        key = self._key(name)
        with self._lock:
            weight = min(self._limit, 1 + self._unused.pop(key, 0))
        self._limiter(key).try_acquire(weight=weight)

    def slow_down(self, name: str) -> None:
        """After a 429: the next attempt takes a quarter of the tokens and does not use them. Does not wait itself."""
        key = self._key(name)
        with self._lock:
            self._unused[key] = self._unused.get(key, 0) + max(1, self._limit // 4)

    def _key(self, name: str) -> str:
        return name if self._per_endpoint else ""

    def _limiter(self, key: str) -> Limiter:
        with self._lock:
            if key not in self._limiters:
                self._limiters[key] = Limiter(Rate(self._limit, self._period * 1000))
            return self._limiters[key]
