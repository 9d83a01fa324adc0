"""`python -m ordersync_dagster_tests.simulation`: play seeds until one fails. See docs/simulation.md."""

import sys
import time

from ordersync_dagster_tests.simulation.seeds import MANY, first_failure, from_environment
from ordersync_dagster_tests.simulation.stage import stage


def main() -> int:
    """Exit 1 at the first seed that breaks a rule."""
    started, seeds = time.monotonic(), from_environment(range(MANY))
    with stage() as prepared:
        failure = first_failure(prepared, seeds)
    print(failure or f"{len(seeds)} seeds from {seeds.start} on hold, in {time.monotonic() - started:.0f} s")
    return 1 if failure else 0


sys.exit(main())
