"""`python -m ordersync_dagster_tests.deployment [short]`: see docs/shops.md."""

import sys

from ordersync_dagster_tests.deployment.proof import FULL, SHORT, prove


def main() -> int:
    """Exit 1 if anything is not as an undisturbed run leaves it."""
    broken = prove(SHORT if "short" in sys.argv[1:] else FULL, lambda line: print(line, flush=True))
    print("\n".join(broken) or "Complete, equal to undisturbed runs, nothing doubled, budgets kept.")
    return 1 if broken else 0


sys.exit(main())
