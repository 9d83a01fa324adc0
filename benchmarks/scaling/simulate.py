"""When each run starts and ends: so many at once, one for each Stripe account, within the vendors' budgets."""

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.scaling.runs import Run
from benchmarks.scaling.shops import Shops

STRIPE_A_SECOND = 20  # STRIPE_REQUESTS_PER_SECOND
PRINTFUL_A_MINUTE = 110  # PRINTFUL_REQUESTS_PER_MINUTE
LATENCY = 0.3  # seconds of a request; Printful's pages are read one after another
IN_FLIGHT = 16  # requests to Stripe at once
SECONDS_A_SESSION = 0.00025  # 100,000 sessions in 24.8 s: docs/performance.md


@dataclass(frozen=True)
class Machine:
    """How many runs at once, and how long one takes from its start to its first request."""

    at_once: int
    start_seconds: float


class Bucket:
    """A minute's requests of one Printful account."""

    def __init__(self) -> None:
        self._left, self._at = float(PRINTFUL_A_MINUTE), 0.0

    def taken(self, count: int, at: float) -> float:
        """When `count` requests, asked for from `at` on, have been let through."""
        rate = PRINTFUL_A_MINUTE / 60
        left = min(PRINTFUL_A_MINUTE, self._left + max(0.0, at - self._at) * rate)
        wait = max(0.0, (count - left) / rate)
        self._left, self._at = left + wait * rate - count, at + wait
        return self._at


def play(runs: Iterable[Run], shops: Shops, machine: Machine) -> list[Run]:
    """The runs with their times. A run whose account is busy waits outside, and takes no place."""
    account = shops.account.tolist()
    buckets = [Bucket() for _ in range(shops.count)]
    busy: set[int] = set()
    waiting: dict[int, deque[Run]] = {}
    ready: list[tuple[float, int, Run]] = []
    ending: list[tuple[float, int, Run]] = []
    done: list[Run] = []

    def begin(now: float) -> None:
        while ready and len(ending) < machine.at_once:
            _, place, run = heapq.heappop(ready)
            _carry_out(run, now, machine, buckets[run.shop])
            heapq.heappush(ending, (run.end, place, run))

    def finish(until: float) -> None:
        while ending and ending[0][0] <= until:
            now, _, run = heapq.heappop(ending)
            done.append(run)
            queue = waiting.get(account[run.shop])
            if queue:
                following = queue.popleft()
                heapq.heappush(ready, (following.at, following.number, following))
            else:
                busy.discard(account[run.shop])
            begin(now)

    for run in runs:
        finish(run.at)
        if account[run.shop] in busy:
            waiting.setdefault(account[run.shop], deque()).append(run)
        else:
            busy.add(account[run.shop])
            heapq.heappush(ready, (run.at, run.number, run))
        begin(run.at)
    finish(float("inf"))
    return done


def alone(run: Run, machine: Machine) -> Run:
    """The run, begun when it is due, with the whole budget of its accounts."""
    _carry_out(run, run.at, machine, Bucket())
    return run


def _carry_out(run: Run, now: float, machine: Machine, bucket: Bucket) -> None:
    run.start = now
    first = now + machine.start_seconds
    reading = max(run.stripe / STRIPE_A_SECOND, (1 + run.stripe // IN_FLIGHT) * LATENCY)
    run.read = first + max(reading, run.sessions * SECONDS_A_SESSION)
    run.end = max(run.read + run.printful * LATENCY, bucket.taken(run.printful, run.read))
