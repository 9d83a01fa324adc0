"""Records, newest first, indexed so that a page of a large list is fast."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Entry:
    """One record; `columns` are the values for filters."""

    id: str
    created: int
    body: bytes
    columns: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A half-open range in seconds: `start` is included, `end` is not."""

    start: int | None = None
    end: int | None = None


class RecordIndex:
    """A rank is a record's position, 0 for the newest; all methods return ranks."""

    def __init__(self, entries: Iterable[Entry], columns: Sequence[str] = ()) -> None:
        ordered = sorted(entries, key=lambda entry: -entry.created)
        self.ids = [entry.id for entry in ordered]
        self.bodies = [entry.body for entry in ordered]
        self.rank = {entry_id: rank for rank, entry_id in enumerate(self.ids)}
        self._ages = [-entry.created for entry in ordered]
        self._groups = {name: _grouped(entry.columns[name] for entry in ordered) for name in columns}

    def body(self, entry_id: str) -> bytes | None:
        """The record with this id, as JSON bytes."""
        rank = self.rank.get(entry_id)
        return None if rank is None else self.bodies[rank]

    def between(self, bounds: Bounds) -> tuple[int, int]:
        """First rank and last rank + 1 of the records created within the bounds."""
        first = 0 if bounds.end is None else bisect_right(self._ages, -bounds.end)
        last = len(self.ids) if bounds.start is None else bisect_right(self._ages, -bounds.start)
        return first, last

    def matching(self, filters: Mapping[str, Sequence[str]]) -> Sequence[int]:
        """Ranks of the records with one of the wanted values in each column; `*` is a wildcard."""
        found = [self._of_column(name, wanted) for name, wanted in filters.items()]
        if not found:
            return range(len(self.ids))
        if len(found) == 1:
            return found[0]
        return sorted(set(found[0]).intersection(*found[1:]))

    def _of_column(self, name: str, wanted: Sequence[str]) -> Sequence[int]:
        groups = self._groups[name]
        found = [groups[value] for value in _matches(groups, wanted)]
        return found[0] if len(found) == 1 else sorted(rank for group in found for rank in group)


def slice_of(ranks: Sequence[int], first: int, last: int) -> tuple[int, int]:
    """Start and end in `ranks` of the ranks from `first` up to `last`."""
    start = bisect_left(ranks, first)
    return start, max(start, bisect_left(ranks, last))


def _grouped(values: Iterable[str | None]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for rank, value in enumerate(values):
        if value is not None:
            groups.setdefault(value, []).append(rank)
    return groups


def _matches(known: Mapping[str, object], wanted: Sequence[str]) -> list[str]:
    if any("*" in want for want in wanted):
        return [value for value in known if any(fnmatchcase(value, want) for want in wanted)]
    return [want for want in dict.fromkeys(wanted) if want in known]
