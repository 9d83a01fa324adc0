"""A shop for the faults of lists."""

import pytest

from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import Shop


@pytest.fixture
def new_shop(sandbox: Sandbox, sqlite_url: str, time: FakeTime) -> Shop:
    """A shop without any order yet."""
    return Shop(sandbox, Database(sqlite_url), time)
