"""Clients of both vendors, on the worker's own server."""

from collections.abc import Iterator

import pytest

from ordersync_dagster.sandbox import PRINTFUL_KEY, STRIPE_KEY, Sandbox, World
from ordersync_dagster_tests.sandbox.client import Client


@pytest.fixture
def sandbox(_server: Sandbox, outage: World) -> Iterator[Sandbox]:
    """The default scenario as new: nothing changed, nothing recorded, no faults; here anything may be sent."""
    _server.replace(outage)
    _server.faults.reset()
    _server.requests.clear()
    yield _server
    _server.methods.clear()


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
