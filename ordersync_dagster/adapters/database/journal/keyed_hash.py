"""Hashes that say whether two texts are the same, and nothing more to anybody without the key."""

import hmac
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ordersync_dagster.adapters.database.schema.tables import own_tables
from ordersync_dagster.core.errors import SchemaError

SECRETS = own_tables().tables["ordersync_secrets"]


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """HMAC-SHA256 under the first of `keys`; the others still recognise what was hashed before a change of key."""

    keys: tuple[str, ...]

    def of(self, text: str) -> str:
        """The hash of `text`, in hex."""
        return _hash(self.keys[0], text)

    def of_email(self, email: str) -> str:
        """The hash of an address, however it was capitalised."""
        return self.of(_plain(email))

    def every_of_email(self, email: str) -> list[str]:
        """What an address may have been hashed to."""
        return [_hash(key, _plain(email)) for key in self.keys]

    def matches(self, text: str, known: str) -> bool:
        """Whether `known` is a hash of `text`."""
        return any(hmac.compare_digest(_hash(key, text), known) for key in self.keys)


def read_keyed_hash(connection: Connection, given: str) -> KeyedHash:
    """Hashes under the key that a person gave (ORDERSYNC_HASH_KEY), else under the database's own random one."""
    kept = connection.execute(select(SECRETS.c.value).where(SECRETS.c.name == "hash_key")).scalar()
    keys = tuple(key for key in (given, kept) if key)
    if not keys:
        raise SchemaError("ordersync_secrets has lost its hash_key, and ORDERSYNC_HASH_KEY is not set: set it")
    return KeyedHash(keys)


def _hash(key: str, text: str) -> str:
    return hmac.digest(key.encode(), text.encode("utf-8", "surrogatepass"), "sha256").hex()


def _plain(email: str) -> str:
    return email.strip().lower()
