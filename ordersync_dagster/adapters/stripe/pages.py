"""One page of a Stripe list, and the place where the next one begins.

https://docs.stripe.com/api/pagination
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ordersync_dagster.core.errors import VendorAnswerError

LATEST = 2**37  # Unix seconds; no date is later
DISORDER = 60  # seconds; a row may be so much newer than one before it
Ask = Callable[[str | None], dict[str, Any]]  # the id that the page starts after → Stripe's answer


@dataclass(frozen=True, slots=True)
class Place:
    """After the row with the id `last`; `before` is the id of the row before that one."""

    last: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """Rows, and `following`, where the next page begins. If `is_stuck`, there are more rows and Stripe shows none."""

    rows: list[object]
    following: Place | None = None
    is_stuck: bool = False


def read_page(ask: Ask, place: Place | None) -> ListPage:
    """The page at `place`, or the first one.

    An empty page with more to come is asked for once more, from just before the last row. Raises VendorAnswerError
    for rows without an id and with more to come.
    """
    last, before = (place.last, place.before) if place else (None, None)
    body = ask(last)
    page = _page(body, body["data"], last)
    if page.is_stuck:
        body = ask(before)
        page = _page(body, [row for row in body["data"] if last is None or row_id(row) != last], last)
    return page


def _page(body: dict[str, Any], rows: list[object], last: str | None) -> ListPage:
    has_more = body.get("has_more")
    # Without a documented `has_more`, only an empty page is the end.
    if has_more is False or (has_more is not True and not rows):
        return ListPage(rows)
    ids = [name for row in rows if (name := row_id(row)) is not None]
    if rows and not ids:
        raise VendorAnswerError("a list of Stripe's makes no progress: its rows have no id to go on from. Run again.")
    if not ids:
        return ListPage(rows, is_stuck=True)
    return ListPage(rows, Place(ids[-1], ids[-2] if len(ids) > 1 else last))


def row_id(row: object) -> str | None:
    """The id of a row; None if it cannot be a cursor."""
    name = row.get("id") if isinstance(row, dict) else None
    return name if isinstance(name, str) and name.isascii() else None


def created_of(row: object) -> int | None:
    """The created time (Unix seconds) of a row; None if it has none that can be a time."""
    created = row.get("created") if isinstance(row, dict) else None
    return created if type(created) is int and 0 < created < LATEST else None


def oldest_of(rows: Iterable[object]) -> int | None:
    """The created time of the last row that has one."""
    times = [created for row in rows if (created := created_of(row)) is not None]
    return times[-1] if times else None


@dataclass(frozen=True, slots=True)
class PageTimes:
    """The created times (Unix seconds) of a page's newest and oldest rows."""

    newest: int
    oldest: int


def span_of(rows: Iterable[object]) -> PageTimes | None:
    """None where no row has a created time; raises VendorAnswerError for rows that are not sorted from new to old."""
    times = [created for row in rows if (created := created_of(row)) is not None]
    for time, oldest in zip(times[1:], accumulate(times, min), strict=False):
        require_sorted(time, oldest)
    return PageTimes(max(times), min(times)) if times else None


def require_sorted(newer: int, oldest: int) -> None:
    """Raise VendorAnswerError if a row is newer than the `oldest` before it: others that come later may be too."""
    if newer > oldest + DISORDER:
        raise VendorAnswerError(
            "Stripe's list of sessions is not sorted from new to old, so sessions could be missed. Run again."
        )
