"""Rows of the list of sessions, each read, and grouped by UTC day."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, TypeVar, cast

from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.adapters.stripe.pages import created_of, row_id
from ordersync_dagster.core.window import day_of

T = TypeVar("T")
Listed = tuple[date | None, str | None, T]  # day, id, result of `read`; None if malformed
_GAP: Any = object()  # stands for sessions that Stripe did not show


def read_rows(rows: Iterable[object], read: Callable[[object], T]) -> list[Listed[T]]:
    """Each row with its day and its id."""
    return [(_day(row), row_id(row), read(row)) for row in rows]


def gap(start: int, _end: int) -> list[Listed[Any]]:
    """What stands for a time of one UTC day that could not be read."""
    return [(day_of(start), None, _GAP)]


def by_day(
    pages: Iterable[list[Listed[T]]], newest: date, unread: set[date], traffic: Traffic
) -> Iterator[list[tuple[date, list[T]]]]:
    """The results of each day, each session once; the days that end on one page together.

    A day with a gap is added to `unread` before it would be yielded.
    """
    current, kept, seen = newest, cast(list[T], []), cast(set[str], set())
    for page in pages:
        ended: list[tuple[date, list[T]]] = []
        for day, session_id, value in page:
            if day is not None and day < current:  # a row that is a little newer than the last stays with its day
                if kept:
                    ended.append((current, kept))
                current, kept, seen = day, [], set()
            if value is _GAP:
                unread.add(current)
            elif session_id in seen:  # the list moved between two pages, or Stripe listed a session twice
                traffic.add("duplicates_seen")
            else:
                kept.append(value)
                seen.update([session_id] if session_id else [])
        if ended:
            yield ended
        del ended  # else it would hold a busy day while the next page is read
    if kept:
        yield [(current, kept)]


def _day(row: object) -> date | None:
    created = created_of(row)
    return None if created is None else day_of(created)
