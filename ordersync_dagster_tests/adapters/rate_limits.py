"""Moments of requests, counted."""

import threading
from collections.abc import Callable, Sequence

SESSIONS, REFUNDS = "/v1/checkout/sessions", "/v1/refunds"


def most_in_a_period(moments: Sequence[float], period: float = 1.0) -> int:
    ordered = sorted(moments)
    return max(sum(start <= at < start + period for at in ordered) for start in ordered)


def at_once(work: Callable[[], None], how_many: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(how_many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
