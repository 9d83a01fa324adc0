"""The shop after the outage, in each kind of database, ready for something to go wrong."""

import pytest

from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.conftest import FakeTime, seeded
from ordersync_dagster_tests.shops import Shop


@pytest.fixture
def shop(sandbox: Sandbox, sqlite_url: str, time: FakeTime, outage: World) -> Shop:
    """In SQLite, for what no database changes."""
    return Shop(sandbox, seeded(sqlite_url, outage), time)


@pytest.fixture
def each_shop(sandbox: Sandbox, database_url: str, time: FakeTime, outage: World) -> Shop:
    """In each kind of database."""
    return Shop(sandbox, seeded(database_url, outage), time)


@pytest.fixture
def postgres_shop(sandbox: Sandbox, postgres_url: str, time: FakeTime, outage: World) -> Shop:
    """In PostgreSQL, for what only that does."""
    return Shop(sandbox, seeded(postgres_url, outage), time)
