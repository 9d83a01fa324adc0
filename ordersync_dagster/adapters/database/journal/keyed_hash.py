"""Keyed hashes: they show whether two texts are equal, and tell nothing else without the key."""

import hmac
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ordersync_dagster.adapters.database.schema.tables import own_tables
from ordersync_dagster.core.errors import SchemaError

SECRETS = own_tables().tables["ordersync_secrets"]


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """HMAC-SHA256 with the first of `keys`; the others still match hashes from before a change of key."""

    keys: tuple[str, ...]

    def of(self, text: str) -> str:
        """The hash of `text`, in hex."""
        return _hash(self.keys[0], text)

    def of_email(self, email: str) -> str:
        """The hash of an address, in lower case and without spaces around it."""
        return self.of(_normalised(email))

    def every_of_email(self, email: str) -> list[str]:
        """The hash of an address with each key."""
        return [_hash(key, _normalised(email)) for key in self.keys]

    def matches(self, text: str, known: str) -> bool:
        """Whether `known` is a hash of `text`."""
        return any(hmac.compare_digest(_hash(key, text), known) for key in self.keys)


def read_keyed_hash(connection: Connection, given: str) -> KeyedHash:
    """Hashes with ORDERSYNC_HASH_KEY if it is set, else with the random key of the database."""
    stored = connection.execute(select(SECRETS.c.value).where(SECRETS.c.name == "hash_key")).scalar()
    keys = tuple(key for key in (given, stored) if key)
    if not keys:
        raise SchemaError("ordersync_secrets has no hash_key any more, and ORDERSYNC_HASH_KEY is not set: set it")
    return KeyedHash(keys)


def _hash(key: str, text: str) -> str:
    return hmac.digest(key.encode(), text.encode("utf-8", "surrogatepass"), "sha256").hex()


def _normalised(email: str) -> str:
    return email.strip().lower()
