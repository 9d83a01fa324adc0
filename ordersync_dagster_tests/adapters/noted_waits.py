"""A rate limit whose waits are noted and not waited; also for processes that share one."""

import threading
import time

from sqlalchemy import Engine

from ordersync_dagster.adapters.database.rate_limit import SharedRateLimit

LIMIT = 20  # in a period of one second


class NotedWaits:
    """Takes the place of sleeping: notes when each token may be used, and goes on at once."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.moments: list[float] = []
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self.moments.append(time.time() + seconds)


def shared(engine: Engine, noted: NotedWaits, limit: int = LIMIT, vendor: str = "stripe") -> SharedRateLimit:
    return SharedRateLimit(engine, vendor, limit, 1, per_endpoint=True, sleep=noted.sleep)
