"""The words for the values that a setting or an option takes."""

import re
from collections.abc import Iterable

SWITCH = "`true` or `false`"
A_DAY = "a day such as 2026-01-31"
_PLAIN = re.compile(r"(?!.*[a-z]{2}_(?:live|test)_)[\w*/,?#+.:= -]{1,24}", re.IGNORECASE)


def number_words(least: float | None, most: float | None, *, is_whole: bool = True) -> str:
    """`least` and `most` are allowed; None is no limit."""
    kind = "a whole number" if is_whole else "a number"
    if least is not None and most is not None:
        return f"{kind} from {least:,} to {most:,}"
    if least is not None:
        return f"{kind}, {least:,} or more"
    return kind


def choice_words(words: Iterable[str]) -> str:
    """Each word that can be chosen."""
    return f"one of {', '.join(words)}"


def in_brackets(value: object) -> str:
    """A short value for a message, " (61 3 * * *)"; empty where it could be a secret in the wrong place."""
    text = str(value)
    return f" ({text})" if _PLAIN.fullmatch(text) else ""
