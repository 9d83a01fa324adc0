"""A moment, and clients that speak to the sandbox as a program would."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from ordersync_dagster.sandbox import PRINTFUL_KEY, STRIPE_KEY, Sandbox, World, build, serve

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@dataclass
class Client:
    """GETs with a key over one kept-alive connection."""

    url: str
    key: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **params: Any) -> requests.Response:
        """`gte=…` and friends mean `created[gte]`; `expand` means `expand[]`."""
        renamed = {_wire_name(name): value for name, value in params.items()}
        return self.session.get(
            self.url + path, params=renamed, headers={"Authorization": f"Bearer {self.key}"}, timeout=10
        )

    def walk(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every record of a Stripe list, page after page."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.get(path, **params).json()
            found += page["data"]
            if not page["has_more"]:
                return found
            params["starting_after"] = page["data"][-1]["id"]


def _wire_name(name: str) -> str:
    if name in {"gt", "gte", "lt", "lte"}:
        return f"created[{name}]"
    return {"expand": "expand[]", "types": "types[]"}.get(name, name)


@pytest.fixture(scope="session")
def outage() -> World:
    """The default scenario."""
    return build("outage", now=NOW)


@pytest.fixture(scope="session")
def server(outage: World) -> Iterator[Sandbox]:
    """One server for all tests, because each start and stop takes a tenth of a second."""
    with serve(outage) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox, outage: World) -> Sandbox:
    """The default scenario as new: nothing changed, nothing recorded, no faults."""
    server.replace(outage)
    server.faults.reset()
    server.requests.clear()
    return server


@pytest.fixture
def stripe(sandbox: Sandbox) -> Iterator[Client]:
    """A client with Stripe's key."""
    client = Client(sandbox.url, STRIPE_KEY)
    yield client
    client.session.close()


@pytest.fixture
def printful(sandbox: Sandbox) -> Iterator[Client]:
    """A client with Printful's token."""
    client = Client(sandbox.url, PRINTFUL_KEY)
    yield client
    client.session.close()
