"""How the runs of a shop went lately."""

from datetime import UTC, datetime

import pytest

from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.history import PastRun

AT = datetime(2026, 11, 23, tzinfo=UTC)
RUN = PastRun("r1", "sync", None, "succeeded", None, AT, AT, None, None, {})
LOOK = "at this shop yet: run `ordersync sync --dry-run`, then `ordersync sync`."


@pytest.mark.parametrize(
    ("health", "is_recorded", "sentence"),
    [
        (RunHealth(), True, f"No run has looked {LOOK}"),
        (RunHealth(), False, f"No run has looked {LOOK}"),
        (RunHealth(last=RUN), False, f"No run of this release has looked {LOOK}"),
        (RunHealth(last=RUN), True, ""),
    ],
)
def test_a_shop_at_which_no_run_has_looked_is_told(health: RunHealth, is_recorded: bool, sentence: str) -> None:
    assert health.not_looked(is_recorded=is_recorded) == sentence
