"""Checks the hash chain of `ordersync_audit` from its first entry to the last one that a run recorded."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, select

from ordersync_dagster.adapters.database.journal.audit import (
    AUDIT,
    BEGINNING,
    Record,
    is_blanked,
    payload_hash,
    row_hash,
)
from ordersync_dagster.adapters.database.journal.runs import RUNS
from ordersync_dagster.core.history import Verification

ENTRIES_PER_QUERY = 2000


def verify(connection: Connection) -> Verification:
    """Check every entry; stops at the first fault."""
    ends = _known_ends(connection)
    count = blanked = 0
    previous = BEGINNING
    for record in _records(connection):
        count += 1
        blanked += is_blanked(record)
        broken = _fault(record, count, previous) or _other_end(record, ends)
        if broken:
            return Verification(count, blanked, broken)
        previous = record["row_hash"]
    lost = {seq: run_id for seq, (run_id, _) in ends.items() if seq > count}
    if lost:
        last = max(lost)
        sentence = f"Entry {count + 1} is missing: run {lost[last]} ended at entry {last}, but the last one is {count}."
        return Verification(count, blanked, sentence)
    return Verification(count, blanked)


def _fault(record: Record, expected: int, previous: str) -> str | None:
    seq = record["seq"]
    if seq != expected:
        return f"Entry {expected} is missing: the next one is {seq} of run {record['run_id']}."
    entry = f"Entry {seq} of run {record['run_id']} ({record['action']} {record['resource']} {record['resource_id']})"
    if record["prev_hash"] != previous:
        return f"{entry}: its hash of the entry before does not match."
    if row_hash(record) != record["row_hash"]:
        return f"{entry}: its facts do not match its hash."
    if not is_blanked(record) and payload_hash(record) != record["payload_hash"]:
        return f"{entry}: its content does not match its hash."
    return None


def _other_end(record: Record, ends: Mapping[int, tuple[str, str]]) -> str | None:
    run_id, known = ends.get(record["seq"], ("", record["row_hash"]))
    if known == record["row_hash"]:
        return None
    return f"Entry {record['seq']} is not the one that run {run_id} ended with: the audit was written again."


def _known_ends(connection: Connection) -> dict[int, tuple[str, str]]:
    """The last entry when each run ended: number → run and hash."""
    query = select(RUNS.c.audit_seq, RUNS.c.id, RUNS.c.audit_hash).where(RUNS.c.audit_seq > 0)
    return {int(seq): (str(run_id), str(known)) for seq, run_id, known in connection.execute(query)}


def _records(connection: Connection) -> Iterator[Record]:
    last = 0
    while True:
        query = select(AUDIT).where(AUDIT.c.seq > last).order_by(AUDIT.c.seq).limit(ENTRIES_PER_QUERY)
        rows = connection.execute(query).all()
        if not rows:
            return
        yield from (row._asdict() for row in rows)
        last = rows[-1].seq
