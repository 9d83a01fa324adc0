"""A line of cron: whether it has five fields as Dagster reads them, and names a day that comes."""

import re
from dataclasses import dataclass

EXAMPLE = "20 3 * * *"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # days of each month
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d{1,3}))?", re.ASCII)
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)
_NEVER = "(?!)"


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()  # of `least` and the numbers after it
    also: str = _NEVER  # pattern of the values that this field alone takes

    def is_right(self, text: str) -> bool:
        return all(self._is_part(part) for part in text.lower().split(","))

    def _is_part(self, part: str) -> bool:
        if re.fullmatch(self.also, part, re.ASCII):
            return True
        found = _PART.fullmatch(part)
        if found is None or (found[3] and not 1 <= int(found[3]) <= self.most):
            return False
        return all(self.number(end) is not None for end in found.groups()[:2] if end)

    def number(self, text: str) -> int | None:
        """The value of a number or a name; None where the field has no such value."""
        if text.lower() in self.words:
            return self.least + self.words.index(text.lower())
        is_there = _NUMBER.fullmatch(text) and self.least <= int(text) <= self.most
        return int(text) if is_there else None


_DAY, _MONTH = _Field("day of the month", 1, 31, also=r"l|\?"), _Field("month", 1, 12, _MONTHS)
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _DAY,
    _MONTH,
    _Field("day of the week", 0, 7, _WEEKDAYS, also=r"\?|([0-6]|sun|mon|tue|wed|thu|fri|sat)#[1-5]|l[0-6]"),
)


def why_no_time(line: str) -> str:
    """Why `line` is not a time of cron that comes; empty if it is."""
    given = line.split()
    if len(given) != len(_FIELDS):
        return f"it has {len(given)} of the five fields: {', '.join(each.name for each in _FIELDS)}"
    for each, text in zip(_FIELDS, given, strict=True):
        if not each.is_right(text):
            return f"its {each.name} is {text}, and may be {each.least} to {each.most}"
    days, months = _listed(_DAY, given[2]), _listed(_MONTH, given[3])
    if days and months and min(days) > max(_LONGEST[month - 1] for month in months):
        return f"there is no day {min(days)} in the months that it names"
    return ""


def _listed(field: _Field, text: str) -> list[int]:
    """The values of a plain list; empty where the field has ranges, steps or a star."""
    found = [field.number(part) for part in text.split(",")]
    return [each for each in found if each is not None] if None not in found else []
