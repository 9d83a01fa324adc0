"""One thing is named as one, several as several."""

import pytest

from ordersync_dagster.core.history import ErasureCounts, ErasureResult, Verification
from ordersync_dagster.core.text import counted
from ordersync_dagster.report.history import erasure_text, rows_text, verification_text


def test_one_is_named_as_one_and_thousands_have_a_comma() -> None:
    assert [counted(n, "order") for n in (0, 1, 2, 20_000)] == ["0 orders", "1 order", "2 orders", "20,000 orders"]
    assert [counted(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


def test_an_erasure_names_one_hash_as_one() -> None:
    one = ErasureResult("forget", "run1", ErasureCounts(payloads=1, erased=1))
    several = ErasureResult("forget", "run1", ErasureCounts(payloads=2, erased=4))
    rest = "left so that no run brings the customer back"
    assert erasure_text(one) == f"forget as run run1: 1 audit payload blanked, 1 hash {rest}"
    assert erasure_text(several) == f"forget as run run1: 2 audit payloads blanked, 4 hashes {rest}"


def test_an_audit_of_one_entry_is_named_so() -> None:
    assert verification_text(Verification(1, 0)) == "The audit is whole: 1 entry, 0 of them blanked."


@pytest.mark.parametrize(
    ("count", "name", "shown"),
    [
        (1, "orders_inserted", "1 order inserted"),
        (2, "items_removed", "2 items removed"),
        (1, "written_first_by_others", "1 written first by others"),
    ],
)
def test_rows_are_named_by_their_number(count: int, name: str, shown: str) -> None:
    assert rows_text(count, name) == shown
