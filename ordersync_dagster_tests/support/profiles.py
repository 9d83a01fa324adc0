"""How much is tried: `fast` for each change, `full` by `make slow`, which sets ORDERSYNC_TEST_PROFILE.

A test that tries more where there is time carries the mark `breadth`; `make slow` runs it again.
"""

import os
from collections.abc import Mapping, Sequence

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


def for_full_profile(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Those of `items` that are one more example of a claim that `make test` tries with another.

    - It has the mark `full`: it holds no more than another, or takes more than a second of a processor.
    - It is about a fault: the suite in `faults/`, except that the table in docs/reliability.md is complete.
    - It claims on PostgreSQL what it claims on SQLite too, about something that no database changes. A test outside
      `adapters/` whose claim is about a database says so by the mark `databases`, and one inside that is about none
      by the mark `any_database`.
    - It has parameters and is costly: on PostgreSQL, or with the pretend shop and a database. The first example of
      each kind of database stays; all of them stay where the mark `examples` says that each is a claim of its own.
    """
    left = {
        item for item in items if item.get_closest_marker("full") or _is_of_fault(item) or _is_of_another_kind(item)
    }
    first: dict[tuple[str, object], pytest.Item] = {}
    several = [item for item in items if item not in left and _is_one_of_several(item)]
    for item in several:  # in any order: pytest may have shuffled them
        test = (item.nodeid.partition("[")[0], _kind(item))
        first[test] = min(first.get(test, item), item, key=_place)
    return [*left, *(set(several) - set(first.values()))]


def _is_of_fault(item: pytest.Item) -> bool:
    return TESTS / "faults" in item.path.parents and item.path.stem != "test_table"


def _is_of_another_kind(item: pytest.Item) -> bool:
    return _kind(item) == "postgresql" and not _is_of_databases(item)


def _is_one_of_several(item: pytest.Item) -> bool:
    return bool(_parameters(item)) and _is_costly(item) and not item.get_closest_marker("examples")


def _place(item: pytest.Item) -> list[int]:
    """Where its parameters stand in the lists of the test."""
    return list(item.callspec.indices.values())  # type: ignore[attr-defined]


def _kind(item: pytest.Item) -> object:
    known = _parameters(item)
    return next((known[name] for name in EACH_KIND if name in known), None)


def _parameters(item: pytest.Item) -> Mapping[str, object]:
    parameters: Mapping[str, object] = getattr(getattr(item, "callspec", None), "params", {})
    return parameters


def _is_of_databases(item: pytest.Item) -> bool:
    if TESTS / "adapters" in item.path.parents:
        return item.get_closest_marker("any_database") is None
    return item.get_closest_marker("databases") is not None


def _is_costly(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    is_on_postgres = _kind(item) == "postgresql" or "_postgres" in fixtures
    return is_on_postgres or ("sandbox" in fixtures and not fixtures.isdisjoint({"sqlite_url", *EACH_KIND}))
