"""Printful's adapter on the sandbox."""

import pytest

from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster_tests.adapters.printful.held_orders import api
from ordersync_dagster_tests.support.clock import FakeTime


@pytest.fixture
def printful(sandbox: Sandbox, time: FakeTime) -> PrintfulApi:
    return api(sandbox, time)
