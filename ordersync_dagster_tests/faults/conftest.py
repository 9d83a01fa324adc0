"""The shop after the outage, ready for something to go wrong."""

import pytest

from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.shops import Shop, seeded


@pytest.fixture
def postgres_shop(sandbox: Sandbox, postgres_url: str, time: FakeTime, outage: World) -> Shop:
    """In PostgreSQL, for what only that does."""
    return Shop(sandbox, seeded(postgres_url, outage), time)
