"""Past runs, audit records, and results of undo, purge and forget: as text for people, as JSON for scripts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from textwrap import indent
from typing import Any

from ordersync_dagster.core.history import (
    AuditRecord,
    ErasureResult,
    PastRun,
    RunDetails,
    UndoResult,
    Verification,
)
from ordersync_dagster.core.text import counted, visible

HISTORY_VERSION = 1  # changes only when a field's meaning does
BLANKED = "(blanked)"


def runs_text(runs: Sequence[PastRun]) -> str:
    """One line a run, newest first."""
    if not runs:
        return "There was no run yet."
    return "\n".join(_run_line(run) for run in runs)


def runs_json(runs: Sequence[PastRun]) -> str:
    return _versioned(runs=[run_document(run) for run in runs])


def run_text(details: RunDetails) -> Iterator[str]:
    """One run, and each row that it wrote with the reason: piece by piece, because a run may have written many rows."""
    yield _run_line(details.run)
    if details.undone_by:
        yield f"\nUndone by {', '.join(details.undone_by)}."
    for record in details.records:
        yield "\n".join(["", "", *_record_lines(record)])


def run_json(details: RunDetails) -> Iterator[str]:
    """The same as one document of JSON."""
    whole = _versioned(run=run_document(details.run), undone_by=list(details.undone_by), changes=[])
    yield whole.removesuffix("]\n}")
    separator = "\n"
    for record in details.records:
        document = json.dumps(_record_document(record), ensure_ascii=True, indent=2)
        yield separator + indent(document, "    ")
        separator = ",\n"
    yield "]\n}" if separator == "\n" else "\n  ]\n}"


def order_text(records: Sequence[AuditRecord]) -> str:
    """The records of one order: time, run, action, reason and fields."""
    lines = [visible(f"Order {records[0].order_id}")]
    for record in records:
        lines += ["", f"{record.at:%Y-%m-%d %H:%M:%S}  run {record.run_id}", *_record_lines(record)]
    return "\n".join(lines)


def order_json(records: Sequence[AuditRecord]) -> str:
    changes = [{"run_id": record.run_id, **_record_document(record)} for record in records]
    return _versioned(order_id=records[0].order_id, changes=changes)


def undo_text(result: UndoResult) -> str:
    """The figures of an undo or its dry run, and each order that was left."""
    counts, would = result.counts, "" if result.run_id else "would be "
    lines = [
        f"Undo of run {result.target}, {f'as run {result.run_id}' if result.run_id else 'a dry run'}:",
        f"Orders {would}removed: {counts['orders_removed']}",
        f"Orders {would}restored: {counts['orders_reversed']}",
        f"Items {would}removed: {counts['items_removed']}",
        f"Left: {counts['left']}",
    ]
    lines += [f"The run was undone before, by {', '.join(result.undone_by)}."] if result.undone_by else []
    lines += ["", *(visible(f"  {kept.sentence}") for kept in result.kept)] if result.kept else []
    if result.run_id is None:
        lines += ["", "Dry run: nothing was written. Run again without --dry-run to apply it."]
    elif counts["orders_removed"] or counts["orders_reversed"]:
        lines += ["", "The next `ordersync sync` over the same days finds the same drift and repairs it again."]
    return "\n".join(lines)


def undo_json(result: UndoResult) -> str:
    removed = [
        {"change": "remove_order", "order_id": each.order_id, "fields": [], "items": sorted(each.items)}
        for each in result.removals
    ]
    restored = [
        {"change": "set_back", "order_id": each.order_id, "fields": sorted(each.values), "items": sorted(each.items)}
        for each in result.reversals
    ]
    problems = [{"order_id": kept.order_id, "sentence": kept.sentence} for kept in result.kept]
    return _versioned(
        run_id=result.run_id,
        undoes=result.target,
        undone_by=list(result.undone_by),
        dry_run=result.run_id is None,
        summary=result.counts,
        changes=[*removed, *restored],
        problems=problems,
    )


def verification_text(found: Verification) -> str:
    if found.broken:
        return f"The audit is broken. {found.broken}"
    return f"The audit is whole: {counted(found.entries, 'entry', 'entries')}, {found.blanked:,} of them blanked."


def verification_json(found: Verification) -> str:
    return _versioned(entries=found.entries, blanked=found.blanked, broken=found.broken)


def erasure_text(result: ErasureResult) -> str:
    """The figures of a purge or a forget, or of its dry run."""
    found = result.counts
    figures = [
        (found.payloads, "audit payload", "blanked"),
        (found.missing, "remembered 404", "dropped"),
        (found.rates, "rate token", "dropped"),
        (found.hosts, "host name", "blanked"),
        (found.problems, "ended problem", "dropped"),
        (found.alerts, "record", "of alerts dropped"),
        (found.shadows, "change", "of shadow mode dropped"),
        (found.parcels, "date", "of questions for parcels dropped"),
        (found.erased, "hash", "left so that no run brings the customer back"),
    ]
    named = (f"{counted(count, one, f'{one}es' * one.endswith('sh'))} {rest}" for count, one, rest in figures if count)
    shown = ", ".join(named) or "nothing to erase"
    return f"{result.kind} {f'as run {result.run_id}' if result.run_id else '(dry run, nothing was written)'}: {shown}"


def erasure_json(result: ErasureResult) -> str:
    dry_run = result.run_id is None
    return _versioned(run_id=result.run_id, kind=result.kind, dry_run=dry_run, summary=result.counts.by_name)


def _shadow_rows(summary: Mapping[str, int]) -> str:
    repairs, by_shop, wrong = (
        summary.get(f"shadow_{name}", 0) for name in ("repairs", "done_by_shop", "would_be_wrong")
    )
    return f"would have repaired {repairs} so far, the shop did {by_shop} of them, {wrong} would be wrong"


def rows_text(count: int, name: str) -> str:
    """orders_inserted: 1 order inserted, 2 orders inserted."""
    things, _, done = name.replace("_", " ").partition(" ")
    return (
        f"{counted(count, things.removesuffix('s'))} {done}" if things.endswith("s") else f"{count:,} {things} {done}"
    )


def _run_line(run: PastRun) -> str:
    kind = f"undo of {run.undoes}" if run.undoes else run.kind
    period = f"{run.window.start:%Y-%m-%d}…{run.window.end:%Y-%m-%d %H:%M}" if run.window else ""
    rows = ", ".join(rows_text(count, name) for name, count in sorted(run.rows.items())) or "no rows"
    rows = _shadow_rows(run.summary) if run.kind == "shadow" and run.summary else rows
    parts = [run.id, f"{run.started_at:%Y-%m-%d %H:%M:%S}", run.host or BLANKED, kind, state_text(run), period, rows]
    return visible("  ".join(part for part in parts if part))


def state_text(run: PastRun) -> str:
    """The state for people: a run that came to its end may have errors."""
    errors = run.summary.get("errors", 0)
    return f"ended with {counted(errors, 'error')}" if run.state == "succeeded" and errors else run.state


def run_document(run: PastRun) -> dict[str, Any]:
    """One run for scripts."""
    return {
        "run_id": run.id,
        "kind": run.kind,
        "undoes": run.undoes,
        "state": run.state,
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "host": run.host,
        "version": run.version,
        "window": {"start": run.window.start.isoformat(), "end": run.window.end.isoformat()} if run.window else None,
        "summary": dict(run.summary),
        "rows_written": dict(run.rows),
    }


def _record_lines(record: AuditRecord) -> list[str]:
    reason = BLANKED if record.is_blanked else str(record.reason)
    title = f"{record.action} {record.resource} {record.resource_id or ''}".rstrip()
    return [
        visible(f"{title}: {reason}"),
        *(visible(f"  {name}: {before} → {after}") for name, before, after in _fields(record)),
    ]


def _record_document(record: AuditRecord) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "at": record.at.isoformat(),
        "action": record.action,
        "resource": record.resource,
        "resource_id": record.resource_id,
        "order_id": record.order_id,
        "reason": record.reason,
        "is_blanked": record.is_blanked,
        "fields": [{"field": name, "before": was, "after": now} for name, was, now in _fields(record)],
    }


def _fields(record: AuditRecord) -> Iterator[tuple[str, str | None, str | None]]:
    """Field, before, after. A value that is kept only as a hash appears as (set)."""
    before, after = (payload.get("columns", payload) for payload in (record.before, record.after))
    for name in sorted(before.keys() | after.keys()):
        yield name, _value_text(before.get(name)), _value_text(after.get(name))


def _value_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return json.dumps(value["parts"]) if "parts" in value else "(set)"
    return str(value)


def _versioned(**fields: Any) -> str:
    return json.dumps({"schema_version": HISTORY_VERSION, **fields}, ensure_ascii=True, indent=2)
