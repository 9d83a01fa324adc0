"""Text from outside: whether it is given, whether a database can hold it, and how it is shown; numbers of things."""

import re
import unicodedata

EMPTY = "''"  # shown in place of an id that has no character
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


def text_or_none(value: object) -> str | None:
    """`value` where it is a text that is not blank."""
    return value if isinstance(value, str) and value.strip() else None


def first_text(*values: object) -> str | None:
    """The first of `values` that is a text and not blank."""
    for value in values:
        if isinstance(value, str) and value.strip():
            return value
    return None


def is_storable(value: object) -> bool:
    """Whether no text in `value`, however deep, holds a NUL or a lone surrogate."""
    waiting = [value]  # a list, because JSON may be nested deeper than Python calls
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "\0" in each or (not each.isascii() and _HALF_A_PAIR.search(each)):
                return False
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, (list, tuple)):  # a tuple: `list | tuple` would be built again for every value
            waiting += each
    return True


def visible(text: str) -> str:
    """`text` with control characters and direction overrides escaped, so that none of them can hide a part of it."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in hidden else c for c in text)


def counted(count: int, one: str, more: str = "") -> str:
    """1 order, 2,000 orders; `more` where the plural is not made with an s."""
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"
