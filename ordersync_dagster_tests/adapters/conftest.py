import pytest

from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.readers import Reader


@pytest.fixture
def reader(sandbox: Sandbox, time: FakeTime) -> Reader:
    return Reader(sandbox, time.patience())
