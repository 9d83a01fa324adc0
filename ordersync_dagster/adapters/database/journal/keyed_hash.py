"""Keyed hashes: they show whether two texts are equal, and tell nothing else without the key."""

import hmac
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select, text

from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.adapters.database.schema.reflection import own_schema
from ordersync_dagster.core.errors import SchemaError
from ordersync_dagster.core.privacy import normalised_email

SECRETS = own_tables().tables["ordersync_secrets"]


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """HMAC-SHA256 with the first of `keys`; the others still match hashes from before a change of key."""

    keys: tuple[str, ...]

    def of(self, value: str) -> str:
        """The hash of `value`, in hex."""
        return _hash(self.keys[0], value)

    def of_email(self, email: str) -> str:
        """The hash of an address, in lower case and without spaces around it."""
        return self.of(normalised_email(email))

    def every_of_email(self, email: str) -> list[str]:
        """The hash of an address with each key."""
        return self.every_of(normalised_email(email))

    def every_of(self, value: str) -> list[str]:
        """The hash of `value` with each key."""
        return [_hash(key, value) for key in self.keys]

    @property
    def key_hashes(self) -> list[str]:
        """A short hash of each key, which tells the keys apart and nothing of them."""
        return [_hash(key, "ordersync_hash_key")[:16] for key in self.keys]

    def matches(self, value: str, known: str) -> bool:
        """Whether `known` is a hash of `value`."""
        return any(hmac.compare_digest(_hash(key, value), known) for key in self.keys)


def read_keyed_hash(connection: Connection, given: str) -> KeyedHash:
    """Hashes with ORDERSYNC_HASH_KEY if it is set, else with the random key of the database."""
    keys = _keys(given, _stored(connection))
    if not keys:
        raise SchemaError("ordersync_secrets has no hash_key any more, and ORDERSYNC_HASH_KEY is not set: set it")
    return KeyedHash(keys)


def readable_keyed_hash(connection: Connection, given: str) -> KeyedHash:
    """The same for a role that may not read ordersync_secrets, and so perhaps without any key."""
    return KeyedHash(_keys(given, _stored(connection) if _may_read_secrets(connection) else None))


def _keys(*keys: str | None) -> tuple[str, ...]:
    return tuple(key for key in keys if key)


def _stored(connection: Connection) -> str | None:
    return connection.execute(select(SECRETS.c.value).where(SECRETS.c.name == "hash_key")).scalar()


def _may_read_secrets(connection: Connection) -> bool:
    if connection.dialect.name != "postgresql":
        return True
    schema = own_schema(connection) or inspect(connection).default_schema_name
    quote = connection.dialect.identifier_preparer.quote
    query = text("SELECT has_table_privilege(:name, 'SELECT')")
    return bool(connection.execute(query, {"name": f"{quote(str(schema))}.{SECRETS.name}"}).scalar())


def _hash(key: str, value: str) -> str:
    return hmac.digest(key.encode(), value.encode("utf-8", "surrogatepass"), "sha256").hex()
