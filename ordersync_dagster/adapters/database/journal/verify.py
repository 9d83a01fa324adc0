"""Checks the hash chain of `ordersync_audit` from its first entry to the last one that a run recorded."""

import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select

from ordersync_dagster.adapters.database.journal.audit import (
    AUDIT,
    AUDIT_END,
    BEGINNING,
    BLANKED_ENTRIES,
    AuditRow,
    is_blanked,
    payload_hash,
    row_hash,
)
from ordersync_dagster.adapters.database.journal.runs import RUNS
from ordersync_dagster.adapters.database.schema.reflection import own_schema
from ordersync_dagster.core.history import Verification

ENTRIES_PER_QUERY = 2000


def verify(connection: Connection) -> Verification:
    """Check every entry; stops at the first fault."""
    ends, erasures = _known_ends(connection), _Erasures.read(connection)
    count = blanked = 0
    previous = BEGINNING
    for row in _rows(connection):
        count += 1
        blanked += is_blanked(row)
        broken = _fault(row, count, previous) or _other_end(row, ends) or erasures.fault(row)
        if broken:
            return Verification(count, blanked, broken)
        previous = row["row_hash"]
    lost = {seq: run_id for seq, (run_id, _) in ends.items() if seq > count}
    if lost:
        last = max(lost)
        sentence = f"Entry {count + 1} is missing: run {lost[last]} ended at entry {last}, but the last one is {count}."
        return Verification(count, blanked, sentence)
    return Verification(count, blanked, _cut_off(connection, count, previous))


def _cut_off(connection: Connection, count: int, last_hash: str) -> str | None:
    """The sentence where the audit ends before the end that it once had, whatever is left of the runs."""
    if not inspect(connection).has_table(AUDIT_END.name, schema=own_schema(connection)):
        return None  # of an older version
    end = connection.execute(select(AUDIT_END.c.seq, AUDIT_END.c.row_hash)).first()
    if end is None:
        return "The record of the audit's end is missing." if count else None
    if int(end.seq) > count:
        return f"Entry {count + 1} is missing: the audit went on to entry {end.seq}, but the last one is {count}."
    return None if end.row_hash == last_hash else f"Entry {count} is not the last one that we wrote."


@dataclass(frozen=True, slots=True)
class _Erasures:
    """The entries that purge and forget blanked, as their own records name them."""

    ranges: Sequence[tuple[int, int]]  # sorted
    unnamed: int  # the last record of a version that named none: any entry before it may be one

    @classmethod
    def read(cls, connection: Connection) -> "_Erasures":
        query = select(AUDIT.c.seq, AUDIT.c.after).where(AUDIT.c.resource == AUDIT.name)
        records = [(int(seq), after or {}) for seq, after in connection.execute(query)]
        found = [(int(first), int(last)) for _, after in records for first, last in after.get(BLANKED_ENTRIES, ())]
        return cls(
            sorted(found), max((seq for seq, after in records if after and BLANKED_ENTRIES not in after), default=0)
        )

    def fault(self, row: AuditRow) -> str | None:
        """The sentence for an entry that is blank and was blanked neither by purge nor by forget."""
        seq = int(row["seq"])
        if not is_blanked(row) or seq < self.unnamed:
            return None
        place = bisect_right(self.ranges, (seq, sys.maxsize))
        if any(first <= seq <= last for first, last in self.ranges[max(0, place - 1) : place]):
            return None
        return f"Entry {seq} of run {row['run_id']} is blank, and no purge and no forget blanked it."


def _fault(row: AuditRow, expected: int, previous: str) -> str | None:
    seq = row["seq"]
    if seq != expected:
        return f"Entry {expected} is missing: the next one is {seq} of run {row['run_id']}."
    entry = f"Entry {seq} of run {row['run_id']} ({row['action']} {row['resource']} {row['resource_id']})"
    if row["prev_hash"] != previous:
        return f"{entry}: its hash of the entry before does not match."
    if row_hash(row) != row["row_hash"]:
        return f"{entry}: its facts do not match its hash."
    if not is_blanked(row) and payload_hash(row) != row["payload_hash"]:
        return f"{entry}: its content does not match its hash."
    return None


def _other_end(row: AuditRow, ends: Mapping[int, tuple[str, str]]) -> str | None:
    run_id, known = ends.get(row["seq"], ("", row["row_hash"]))
    if known == row["row_hash"]:
        return None
    return f"Entry {row['seq']} is not the one that run {run_id} ended with: the audit was written again."


def _known_ends(connection: Connection) -> dict[int, tuple[str, str]]:
    """The last entry when each run ended: number → run and hash."""
    query = select(RUNS.c.audit_seq, RUNS.c.id, RUNS.c.audit_hash).where(RUNS.c.audit_seq > 0)
    return {int(seq): (str(run_id), str(known)) for seq, run_id, known in connection.execute(query)}


def _rows(connection: Connection) -> Iterator[AuditRow]:
    last = 0
    while True:
        query = select(AUDIT).where(AUDIT.c.seq > last).order_by(AUDIT.c.seq).limit(ENTRIES_PER_QUERY)
        rows = connection.execute(query).all()
        if not rows:
            return
        yield from (row._asdict() for row in rows)
        last = rows[-1].seq
