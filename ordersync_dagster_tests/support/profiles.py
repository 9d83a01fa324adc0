"""How much is tried: `fast` for each change, `full` by `make slow`, which sets ORDERSYNC_TEST_PROFILE.

A test that tries more where there is time carries the mark `breadth`; `make slow` runs it again.
"""

import os

import pytest
from hypothesis import settings

from ordersync_dagster_tests.support.places import TESTS

EACH_KIND = ("database", "database_url", "each_shop")  # fixtures
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


def is_for_full_profile(item: pytest.Item) -> bool:
    """Whether it is one more example of a claim that `make test` tries already.

    It has the mark `full`; or it claims on PostgreSQL what it claims on SQLite too, about something that no database
    changes. A test outside `adapters/` whose claim is about a database says so by the mark `databases`.
    """
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    is_on_postgres = any(parameters.get(name) == "postgresql" for name in EACH_KIND)
    is_of_databases = TESTS / "adapters" in item.path.parents or item.get_closest_marker("databases")
    return bool(item.get_closest_marker("full") or (is_on_postgres and not is_of_databases))
