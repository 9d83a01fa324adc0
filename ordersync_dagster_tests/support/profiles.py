"""How much is tried: `fast` for each change, `full` by `make slow`, which sets ORDERSYNC_TEST_PROFILE."""

import os

from hypothesis import settings

IS_FULL = os.environ.get("ORDERSYNC_TEST_PROFILE") == "full"


def load_hypothesis_profile() -> None:
    """The same examples every time where `CI` is set, new ones elsewhere."""
    settings.register_profile("fast", deadline=None, max_examples=25, database=None, print_blob=True)
    settings.register_profile("full", settings.get_profile("fast"), max_examples=100)
    chosen = settings.get_profile("full" if IS_FULL else "fast")
    settings.register_profile("chosen", chosen, derandomize=bool(os.environ.get("CI")))
    settings.load_profile("chosen")
