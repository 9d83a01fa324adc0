"""The short form of `make deployment`."""

import pytest

from ordersync_dagster_tests.deployment.proof import SHORT, prove


@pytest.mark.slow
@pytest.mark.timeout(600)  # a run whose database was away waits before it tries again
def test_three_shops_end_as_if_nothing_had_happened_to_their_runs() -> None:
    lines: list[str] = []
    assert prove(SHORT, lines.append) == [], "\n".join(lines)
    assert any("was killed" in line for line in lines)
    assert any("Stripe is back" in line for line in lines)
    assert any("database is back" in line for line in lines)
