"""One member of a JSON object is set or removed in its text: the others stay as they are, to the last digit."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_BLANKS = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


class _Member(NamedTuple):
    key: Any
    start: int
    value: int  # where its value begins
    end: int


def with_member(text: str, key: str, value: str) -> str:
    """`text`, an object, with `value`, JSON, under `key`."""
    members = list(_members(text))
    for member in reversed(members):
        if member.key == key:
            return f"{text[: member.value]}{value}{text[member.end :]}"
    new = f"{json.dumps(key)}: {value}"
    if members:
        return f"{text[: members[-1].end]}, {new}{text[members[-1].end :]}"
    begin = text.index("{") + 1
    return f"{text[:begin]}{new}{text[begin:]}"


def without_member(text: str, key: str) -> str:
    """`text`, an object, without `key`."""
    members = list(_members(text))
    for place, member in reversed(list(enumerate(members))):
        if member.key == key:
            if place:
                return text[: members[place - 1].end] + text[member.end :]
            after = members[1].start if len(members) > 1 else member.end
            return text[: member.start] + text[after:]
    return text


def _members(text: str) -> Iterator[_Member]:
    place = _after_blanks(text, text.index("{") + 1)
    while text[place] != "}":
        key, end = _DECODER.raw_decode(text, place)
        value = _after_blanks(text, _after_blanks(text, end) + 1)  # after the colon
        _, end = _DECODER.raw_decode(text, value)
        yield _Member(key, place, value, end)
        place = _after_blanks(text, end)
        if text[place] == ",":
            place = _after_blanks(text, place + 1)


def _after_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place
