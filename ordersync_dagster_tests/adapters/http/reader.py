"""What asks the sandbox for Printful orders through the one way out."""

from typing import Any

import requests

from ordersync_dagster.adapters.http.client import Answer, GuardedSession, RetryPolicy, Traffic, get_with_retries
from ordersync_dagster.sandbox import PRINTFUL_KEY, Fault, Sandbox

ORDERS = "/orders"
HEADERS = {"Authorization": f"Bearer {PRINTFUL_KEY}"}


class Unlimited:
    """A rate limit that only counts."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.slowed: list[str] = []

    def take(self, name: str) -> None:
        self.taken.append(name)

    def slow_down(self, name: str) -> None:
        self.slowed.append(name)


class Reader:
    """Asks the sandbox for a page of Printful orders, as the adapters do."""

    def __init__(self, sandbox: Sandbox, retry_policy: RetryPolicy) -> None:
        self.rate_limit, self.traffic, self.retry_policy = Unlimited(), Traffic(), retry_policy
        self.session = GuardedSession(self.rate_limit, self.traffic)
        self.url = sandbox.url

    def read(self, path: str = ORDERS) -> Answer:
        return get_with_retries(lambda: self.get(path), "Printful", self.retry_policy, self.traffic)

    def get(self, path: str = ORDERS, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, headers=HEADERS, **options)


def refuse(sandbox: Sandbox, status: int, times: int | None = 1, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sandbox.faults.add(Fault(ORDERS, "status", status=status, times=times, headers=named))
