"""`ordersync_erased`: customers who were erased, as keyed hashes, so that no run brings their data back."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash, readable_keyed_hash
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.core.orders import Order, order_id

ERASED = own_tables().tables["ordersync_erased"]


@dataclass(frozen=True, slots=True)
class Erasures:
    """Recognises the sessions and orders of erased customers; without `keyed` it recognises none."""

    keyed: KeyedHash | None = None
    unknown: int = 0  # entries made with a key that we do not have

    def find(self, connection: Connection, session_ids: Collection[str], orders: Collection[Order]) -> frozenset[str]:
        """Those of `session_ids` whose customer was erased after the session was created.

        `orders` are those of them that could be read: a customer is known by the e-mail address too.
        """
        if self.keyed is None:
            return frozenset()
        named = self._by_hash(self.keyed, session_ids)
        addressed = {hashed: order for order in orders for hashed in self.keyed.every_of_email(order.customer_email)}
        moments = _moments(connection, named.keys() | addressed.keys())
        found = {named[hashed] for hashed in moments.keys() & named.keys()}
        for order in orders:
            times = [moments[each] for each in self.keyed.every_of_email(order.customer_email) if each in moments]
            if any(order.created <= time for time in times):
                found.add(order.session_id)
        return frozenset(found)

    @staticmethod
    def _by_hash(keyed: KeyedHash, session_ids: Collection[str]) -> dict[str, str]:
        """Session by hash: an order that we inserted is known by its own id too."""
        names = ((session_id, name) for session_id in session_ids for name in (session_id, order_id(session_id)))
        return {hashed: session_id for session_id, name in names for hashed in keyed.every_of(name)}


def read_erasures(connection: Connection, given: str) -> Erasures:
    """Read whether anybody was erased, and with which keys; `given` is ORDERSYNC_HASH_KEY."""
    query = select(ERASED.c.key_hash, func.count()).group_by(ERASED.c.key_hash)
    counts = {str(key_hash): int(count) for key_hash, count in connection.execute(query)}
    if not counts:
        return Erasures()
    keyed = readable_keyed_hash(connection, given)
    return Erasures(keyed, sum(count for key_hash, count in counts.items() if key_hash not in keyed.key_hashes))


def remember_erased(connection: Connection, hashes: Iterable[str], keyed: KeyedHash, now: datetime) -> None:
    """Leave these hashes, made with the first key, with the moment of the erasure."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for chunk in chunks(set(hashes)):
        rows = [{"hash": each, "key_hash": keyed.key_hashes[0], "erased_at": now} for each in chunk]
        statement = insert(ERASED).values(rows)
        fresh = {"erased_at": statement.excluded.erased_at}
        connection.execute(statement.on_conflict_do_update(index_elements=["hash"], set_=fresh))


def _moments(connection: Connection, hashes: Collection[str]) -> Mapping[str, datetime]:
    found: dict[str, datetime] = {}
    for chunk in chunks(hashes):
        query = select(ERASED.c.hash, ERASED.c.erased_at).where(is_one_of(ERASED.c.hash, chunk, connection))
        found |= {str(hashed): at for hashed, at in connection.execute(query)}
    return found
