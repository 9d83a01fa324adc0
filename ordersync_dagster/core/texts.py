"""Text from outside: what counts as given, what a database can hold, what may be shown."""

import unicodedata
from collections.abc import Mapping


def text_or_none(value: object) -> str | None:
    """`value` as it is where it is text with something in it."""
    return value if isinstance(value, str) and value.strip() else None


def first_text(*values: object) -> str | None:
    """The first of `values` that is text with something in it."""
    return next((text for text in map(text_or_none, values) if text), None)


def is_storable(value: object) -> bool:
    """Whether no text in `value`, however deep, holds a NUL or a lone surrogate."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, Mapping):
        return all(is_storable(key) and is_storable(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(is_storable(each) for each in value)
    return True


def masked_email(email: str) -> str:
    """`jane@example.com` → `j***@e***.com`: enough to recognise, too little to write to."""
    name, _, domain = email.rpartition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{name[:1]}***@{host[:1]}***{dot}{ending}" if name and dot else "***"


def visible(text: str) -> str:
    """`text` with control characters and direction overrides escaped, so that it shows as what it is."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in hidden else c for c in text)
