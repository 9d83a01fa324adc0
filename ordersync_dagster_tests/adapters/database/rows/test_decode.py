"""The forms in which shops keep the time of an order."""

from datetime import UTC, datetime

import pytest

from ordersync_dagster.adapters.database.rows.decode import time_of

AT = datetime(2026, 11, 14, 2, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-14 02:10:05", "2026-11-14 02:10:05.000000", "2026-11-14T02:10:05Z", "2026-11-14T02:10:05.000Z",
        "2026-11-14 03:10:05+01:00", "1794622205", "1794622205.000000", "1794622205000",
    ],
)  # fmt: skip
def test_each_form_is_the_same_moment(text: str) -> None:
    assert time_of(text) == AT


@pytest.mark.parametrize("text", [None, "", "yesterday", "Infinity", "-Infinity", "NaN", "9" * 15, "2026-13-01"])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert time_of(text) is None
