"""Half-open windows of time in UTC, and the days in them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

DEFAULT_DAYS = 30
LAST_SECOND = 253402300799  # 9999-12-31, the last that a datetime holds
MAX_DAYS = 3660  # ten years: Stripe Checkout is younger than that


class WindowError(ValueError):
    """The requested period is empty or impossible."""


def unix_second(value: object) -> int | None:
    """A vendor's time in Unix seconds; None for anything that a datetime cannot hold."""
    return value if type(value) is int and 0 < value <= LAST_SECOND else None


def midnight(day: date) -> datetime:
    """00:00 UTC of `day`."""
    return datetime.combine(day, time.min, UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """`[start, end)` over a session's `created`; both ends are aware datetimes in UTC."""

    start: datetime
    end: datetime
    made_at: datetime | None = field(default=None, compare=False, repr=False)  # the time now, by our clock
    asked_end: datetime | None = field(default=None, compare=False, repr=False)  # `end`, if now had not been before it

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.end.utcoffset() != timedelta(0):
            raise WindowError("a window needs both of its ends in UTC")
        if self.start >= self.end:
            raise WindowError(f"the period from {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} is empty")

    @classmethod
    def last_days(cls, days: int, now: datetime) -> "Window":
        """`days` whole UTC days and today up to `now`."""
        if not 1 <= days <= MAX_DAYS:
            raise WindowError(f"days must be a whole number from 1 to {MAX_DAYS}, not {days}")
        return cls(midnight(now.date() - timedelta(days=days)), now, now, datetime.max.replace(tzinfo=UTC))

    @classmethod
    def between(cls, first: date, last: date, now: datetime) -> "Window":
        """The UTC days `first` to `last`, both inclusive, up to `now`."""
        if first > last:
            raise WindowError(f"the first day {first} is after the last day {last}")
        if midnight(first) >= now:
            raise WindowError(f"the first day {first} has not begun yet (it is {now:%Y-%m-%d %H:%M} UTC)")
        if first < now.date() - timedelta(days=MAX_DAYS):
            raise WindowError(f"the first day {first} is more than {MAX_DAYS} days back: begin later")
        asked_end = midnight(min(last, date.max - timedelta(days=1)) + timedelta(days=1))  # date.max has no next day
        return cls(midnight(first), min(asked_end, now), now, asked_end)

    def by_clock(self, ahead: timedelta) -> "Window":
        """The same period up to now, by a clock that is `ahead` of ours; at least its first second."""
        if not ahead or self.made_at is None or self.asked_end is None:
            return self
        end = min(self.asked_end, self.made_at + ahead)
        return replace(self, end=max(end, self.start + timedelta(seconds=1)))

    def is_to_come(self, ahead: timedelta) -> bool:
        """Whether it begins after now, by a clock that is `ahead` of ours."""
        return bool(ahead) and self.made_at is not None and self.start >= self.made_at + ahead

    @property
    def start_epoch(self) -> int:
        """The first Unix second in the window."""
        return int(self.start.timestamp())

    @property
    def end_epoch(self) -> int:
        """The first Unix second after the window; a second that has begun is in it."""
        return -int(-self.end.timestamp() // 1)

    @property
    def days(self) -> tuple[date, ...]:
        """Every UTC day that the window touches, oldest first."""
        return tuple(self._days())

    @property
    def whole_days(self) -> tuple[date, ...]:
        """The days that lie in the window from midnight to midnight."""
        return tuple(
            day for day in self._days() if midnight(day) >= self.start and midnight(day) + timedelta(days=1) <= self.end
        )

    def _days(self) -> Iterator[date]:
        day = self.start.date()
        while midnight(day) < self.end:
            yield day
            day += timedelta(days=1)


def day_of(created: int) -> date:
    """The UTC day of a Unix time in seconds."""
    return datetime.fromtimestamp(created, UTC).date()


def day_ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days as contiguous ranges, both ends inclusive, oldest first."""
    spans: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
