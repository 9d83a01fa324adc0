import pytest

from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster_tests.adapters.http.reader import Reader
from ordersync_dagster_tests.support.clock import FakeTime


@pytest.fixture
def reader(sandbox: Sandbox, time: FakeTime) -> Reader:
    return Reader(sandbox, time.retry_policy())
