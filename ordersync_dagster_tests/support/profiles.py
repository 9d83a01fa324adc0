"""How much is tried: `fast` for each change, `full` by `make slow`, which sets ORDERSYNC_TEST_PROFILE.

A test that tries more where there is time carries the mark `breadth`; `make slow` runs it again.
"""

import os

from hypothesis import settings

IS_FULL = os.environ.get("ORDERSYNC_TEST_PROFILE") == "full"


def at(fast: int, full: int) -> int:
    """A size, or a number of examples, by profile."""
    return full if IS_FULL else fast


def load_hypothesis_profile() -> None:
    """The same examples every time where `CI` is set, new ones elsewhere."""
    settings.register_profile(
        "ordersync", deadline=None, max_examples=at(25, 100), database=None, print_blob=True,
        derandomize=bool(os.environ.get("CI")),
    )  # fmt: skip
    settings.load_profile("ordersync")
