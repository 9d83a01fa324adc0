"""Is `ordersync_audit` whole? Goes along the chain from its first entry to the end that the last run wrote down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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

ROWS = 2000  # fetched at once


@dataclass(frozen=True, slots=True)
class Verification:
    """How many entries there are, how many of them blanked, and the first thing that is wrong, if anything is."""

    entries: int
    blanked: int
    broken: str | None = None


def verify(connection: Connection) -> Verification:
    """Check every entry; stops at the first that does not fit."""
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
        sentence = f"Entry {count + 1} is missing: run {lost[last]} ended at entry {last}, the last there is {count}."
        return Verification(count, blanked, sentence)
    return Verification(count, blanked)


def _fault(record: Record, expected: int, previous: str) -> str | None:
    seq = record["seq"]
    if seq != expected:
        return f"Entry {expected} is missing: the next one there is {seq} of run {record['run_id']}."
    who = f"Entry {seq} of run {record['run_id']} ({record['action']} {record['resource']} {record['resource_id']})"
    if record["prev_hash"] != previous:
        return f"{who} does not follow from the entry before."
    if row_hash(record) != record["row_hash"]:
        return f"{who} was changed."
    if not is_blanked(record) and payload_hash(record) != record["payload_hash"]:
        return f"{who} tells something else than it did when it was written."
    return None


def _other_end(record: Record, ends: Mapping[int, tuple[str, str]]) -> str | None:
    run_id, known = ends.get(record["seq"], ("", record["row_hash"]))
    if known == record["row_hash"]:
        return None
    return f"Entry {record['seq']} is another one than run {run_id} ended with: the audit was written anew."


def _known_ends(connection: Connection) -> dict[int, tuple[str, str]]:
    """Where the audit stood when each run ended: entry → run and hash."""
    query = select(RUNS.c.audit_seq, RUNS.c.id, RUNS.c.audit_hash).where(RUNS.c.audit_seq > 0)
    return {int(seq): (str(run_id), str(known)) for seq, run_id, known in connection.execute(query)}


def _records(connection: Connection) -> Iterator[Record]:
    last = 0
    while True:
        query = select(AUDIT).where(AUDIT.c.seq > last).order_by(AUDIT.c.seq).limit(ROWS)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return
        yield from ({str(name): value for name, value in row.items()} for row in rows)
        last = rows[-1]["seq"]
