"""One stage for all scenarios of a process."""

from collections.abc import Iterator

import pytest

from ordersync_dagster_tests.simulation.stage import Stage, stage


@pytest.fixture(scope="session")
def prepared() -> Iterator[Stage]:
    """A stage to play on; scenarios do not see each other."""
    with stage() as made:
        yield made
