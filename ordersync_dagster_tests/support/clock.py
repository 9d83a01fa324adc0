"""A moment, and a clock that nobody waits for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ordersync_dagster.adapters.http.client import RetryPolicy
from ordersync_dagster.app.wiring import Tools

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@dataclass
class FakeTime:
    """Time that passes by sleeping only; `slept` holds each wait in seconds."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    meanwhile: Callable[[], object] = lambda: None  # happens in each wait

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.elapsed += seconds
        self.meanwhile()

    def retry_policy(self, attempts: int = 10, deadline: float = 240.0) -> RetryPolicy:
        return RetryPolicy(attempts=attempts, deadline=deadline, sleep=self.sleep, clock=lambda: self.elapsed)

    def tools(self, attempts: int = 4) -> Tools:
        """The clock and a short retry policy, for `launch`."""
        return Tools(lambda: self.now + timedelta(seconds=self.elapsed), self.retry_policy(attempts))
