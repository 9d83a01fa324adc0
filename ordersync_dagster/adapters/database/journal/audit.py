"""`ordersync_audit`: one entry for each row written, in the same transaction, chained by hash so that a gap shows.

An entry has facts, which stay, and a payload, which purge and forget blank. `payload_hash` covers the payload,
`row_hash` the entry before, the facts and `payload_hash`: the chain holds with the payload or without it.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from ordersync_dagster import __version__
from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.rows.build import Stamp, audit_id
from ordersync_dagster.adapters.database.rows.bulk_insert import insert_new
from ordersync_dagster.adapters.database.rows.encode import JsonText, literal, quoted
from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.core.errors import DatabaseRefusedError

AUDIT, AUDIT_END = (own_tables().tables[name] for name in ("ordersync_audit", "ordersync_audit_end"))
BEGINNING = "0" * 64  # `prev_hash` of the first entry
FACTS = ("seq", "id", "run_id", "at", "action", "resource", "resource_id", "order_id", "version", "payload_hash")
BLANKED_ENTRIES = "entries"  # in the record of an erasure: the ranges of the entries that it blanked
PAYLOAD = ("before", "after", "reason", "email_hash", "salt")
_IN_PAYLOAD, _IN_ROW = sorted(PAYLOAD), sorted((*FACTS, "prev_hash"))
_PAYLOAD_TEXT, _ROW_TEXT = (  # templates of the text that json.dumps(…, sort_keys=True) gives
    f"{{{', '.join(f'{quoted(name)}: %s' for name in names)}}}" for names in (_IN_PAYLOAD, _IN_ROW)
)
_payload_of, _row_of = itemgetter(*_IN_PAYLOAD), itemgetter(*_IN_ROW)
AuditRow = Mapping[str, Any]  # by the columns of ordersync_audit
_ENCODED = json.JSONEncoder(sort_keys=True).encode  # one encoder for all


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of one row. `before` and `after` hold no e-mail, name or address in clear."""

    action: str
    resource: str
    resource_id: str
    order_id: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str
    email: str | None = None  # kept as a keyed hash, for `forget`


def append(connection: Connection, stamp: Stamp, entries: Sequence[Entry], keyed: KeyedHash) -> str | None:
    """Add `entries` to the end of the chain; returns the id of the first of them.

    Raises DatabaseRefusedError if another process adds at the same time: only the run that holds the lock may.
    """
    if not entries:
        return None
    seq, previous = read_end(connection)
    rows: list[dict[str, Any]] = []
    for number, entry in enumerate(entries, seq + 1):
        rows.append(_chained(entry, stamp, keyed, number, previous))
        previous = rows[-1]["row_hash"]
    _move_end(connection, rows[-1])
    first = str(rows[0]["id"])
    if None in insert_new(connection, AUDIT, rows, "id"):
        raise DatabaseRefusedError("ordersync_audit was written by somebody else at the same time")
    return first


def _move_end(connection: Connection, row: Mapping[str, Any]) -> None:
    """Note the last entry in a table of its own: entries that are cut off together with their run leave it behind."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    end = {"seq": row["seq"], "row_hash": row["row_hash"]}
    statement = insert(AUDIT_END).values(id="end", **end)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=end))


def read_end(connection: Connection) -> tuple[int, str]:
    """Number and hash of the last entry."""
    query = select(AUDIT.c.seq, AUDIT.c.row_hash).order_by(AUDIT.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return (int(row[0]), str(row[1])) if row else (0, BEGINNING)


def has(connection: Connection, entry_id: str | None) -> bool:
    """Whether there is an entry with this id."""
    return connection.execute(select(AUDIT.c.id).where(AUDIT.c.id == entry_id)).first() is not None


def is_blanked(row: AuditRow) -> bool:
    """Whether purge or forget blanked the payload."""
    return all(row[name] is None for name in PAYLOAD)


def payload_hash(row: AuditRow) -> str:
    """The hash of the payload. Because of the salt, nobody can guess a blanked payload from it."""
    return _sha256(_PAYLOAD_TEXT % _texts(_payload_of(row)))


def row_hash(row: AuditRow) -> str:
    """The hash of the entry before, of the facts and of the payload's hash."""
    return _sha256(_ROW_TEXT % _texts(_row_of(row)))


def _chained(entry: Entry, stamp: Stamp, keyed: KeyedHash, seq: int, previous: str) -> dict[str, Any]:
    row = {
        "seq": seq,
        "id": audit_id(stamp.run_id, entry.resource, entry.resource_id, entry.action, entry.reason),
        "run_id": stamp.run_id,
        "at": stamp.now,
        "action": entry.action,
        "resource": entry.resource,
        "resource_id": entry.resource_id,
        "order_id": entry.order_id,
        "version": __version__,
        "before": _encoded(entry.before),
        "after": _encoded(entry.after),
        "reason": entry.reason,
        "email_hash": keyed.of_email(entry.email) if entry.email else None,
        "salt": secrets.token_hex(8),
        "prev_hash": previous,
    }
    row["payload_hash"] = payload_hash(row)
    row["row_hash"] = row_hash(row)
    return row


def _encoded(columns: Mapping[str, Any] | None) -> JsonText | None:
    """Encoded once, for the hash and for the column."""
    return None if columns is None else JsonText(_ENCODED(columns))


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    """Values of an entry as JSON."""
    return tuple([quoted(value) if type(value) is str else _text(value) for value in values])  # most are plain texts


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return quoted(value.astimezone(UTC).isoformat())
    return literal(value) if value is None or isinstance(value, str | int) else _ENCODED(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
