"""Who gets the goods, as hashes: to be compared in memory, never shown, never stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ordersync_dagster.core.privacy import hashed_email, hashed_words
from ordersync_dagster.core.text import text_or_none


@dataclass(frozen=True, slots=True)
class Recipient:
    """Hashes of the e-mail address, the name and the postal code; None where one is not known."""

    email: str | None = None
    name: str | None = None
    postal_code: str | None = None

    @classmethod
    def of(cls, email: object, name: object, postal_code: object) -> "Recipient":
        """From what a vendor sends, whatever it is."""
        address, words, code = map(text_or_none, (email, name, postal_code))
        return cls(
            hashed_email(address) if address else None,
            hashed_words(words) if words else None,
            hashed_words(code.replace(" ", "").replace("-", "")) if code else None,
        )

    @property
    def addressee(self) -> tuple[str, str] | None:
        """Name and postal code, where both are known."""
        return (self.name, self.postal_code) if self.name and self.postal_code else None

    def is_same(self, other: "Recipient") -> bool | None:
        """Whether both are the same, by e-mail address or by name and postal code; None where that is not known.

        A shop may give Printful an e-mail address of its own.
        """
        if self.addressee and self.addressee == other.addressee:
            return True
        if self.email and other.email:
            return self.email == other.email
        if self.addressee and other.addressee:
            is_different = self.name != other.name and self.postal_code != other.postal_code
            return False if is_different else None
        return None


def recipient_of(order: Mapping[str, Any]) -> Recipient:
    """The recipient of a Printful order."""
    fields = order.get("recipient")
    fields = fields if isinstance(fields, Mapping) else {}
    return Recipient.of(fields.get("email"), fields.get("name"), fields.get("zip"))
