"""Text from outside: what counts as given, what a database can hold, what may be shown."""

import hashlib
import re
import unicodedata

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


def text_or_none(value: object) -> str | None:
    """`value` as it is where it is text with something in it."""
    return value if isinstance(value, str) and value.strip() else None


def first_text(*values: object) -> str | None:
    """The first of `values` that is text with something in it."""
    return next((text for text in map(text_or_none, values) if text), None)


def is_storable(value: object) -> bool:
    """Whether no text in `value`, however deep, holds a NUL or a lone surrogate."""
    waiting = [value]  # a list of our own, because JSON may be deeper than Python calls
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "\0" in each or (not each.isascii() and _HALF_A_PAIR.search(each)):
                return False
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, (list, tuple)):  # a union would be made anew for every value
            waiting += each
    return True


def masked_email(email: str) -> str:
    """`jane@example.com` → `j***@e***.com`: enough to recognise, too little to write to."""
    name, _, domain = email.rpartition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{name[:1]}***@{host[:1]}***{dot}{ending}" if name and dot else "***"


def hashed_email(email: str) -> str:
    """The same for the same address however it is written; never shown, never stored."""
    return hashlib.sha256(email.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def visible(text: str) -> str:
    """`text` with control characters and direction overrides escaped, so that it shows as what it is."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in hidden else c for c in text)
