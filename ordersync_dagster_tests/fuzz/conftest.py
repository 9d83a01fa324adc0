"""The same profile as the tests of core."""

from ordersync_dagster_tests.core import conftest as conftest  # loads it
