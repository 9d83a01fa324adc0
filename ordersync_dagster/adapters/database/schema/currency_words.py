"""The shop's spelling of currencies: an enum or a CHECK list may name them in capitals."""

from collections.abc import Collection
from dataclasses import dataclass

from ordersync_dagster.core.money import MoneyError, exponent


@dataclass(frozen=True)
class CapitalWords:
    """Currencies in capitals in the shop, in small letters everywhere else; the counterpart of StatusWords."""

    said: bool = True

    def to_shop(self, word: str) -> str:
        """`usd` as the shop writes it."""
        return word.upper()

    def from_shop(self, word: str) -> str:
        """`USD` as Stripe writes it."""
        return word.lower()


def are_capitals(allowed: Collection[str] | None) -> bool:
    """Whether the column takes currencies in capitals alone."""
    known = [word for word in allowed or () if _is_currency(word.lower())]
    return bool(known) and all(word == word.upper() for word in known)


def no_currency(allowed: Collection[str]) -> str | None:
    """What is wrong with the words of a currency column; None where it takes a currency that Stripe lists."""
    small = [word for word in allowed if _is_currency(word)]
    if small or are_capitals(allowed):
        return None
    return f"takes {', '.join(allowed)}, and none of these is a currency such as usd or USD: allow currencies"


def _is_currency(word: str) -> bool:
    try:
        exponent(word)
    except MoneyError:
        return False
    return True
