"""Rows of paid sessions for the tests of outages and of the webhook's health."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ordersync_dagster.core.paid_sessions import Made, PaidSession

START = datetime(2026, 11, 14, 2, 10, tzinfo=UTC)


def paid(at: datetime, kind: str = "in_time", **overrides: Any) -> PaidSession:
    """A session paid at `at` for EUR 30.00, opened a minute before; `kind` says what became of it."""
    delays = {"in_time": timedelta(seconds=4), "late": timedelta(hours=2)}
    made = Made(kind) if kind in ("recovered", "missing") else Made.BY_SHOP
    values: dict[str, Any] = {
        "session_id": f"cs_{at:%Y%m%dT%H%M%S}",
        "paid_at": at,
        "created": at - timedelta(minutes=1),
        "amount": 3000,
        "currency": "eur",
        "made": made,
        "made_at": at + delays[kind] if kind in delays else None,
    }
    return PaidSession(**{**values, **overrides})


def row_of(kinds: str, *, every: timedelta = timedelta(minutes=15), start: datetime = START) -> Sequence[PaidSession]:
    """One payment for each letter: `.` in time, `l` late, `r` recovered, `m` missing."""
    words = {".": "in_time", "l": "late", "r": "recovered", "m": "missing"}
    return [paid(start + number * every, words[letter]) for number, letter in enumerate(kinds)]
