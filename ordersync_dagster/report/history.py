"""Past runs, undos and what was let go of: as text for people, as JSON for scripts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ordersync_dagster.adapters.database.journal.audit import Record, is_blanked
from ordersync_dagster.adapters.database.journal.erase import Kept
from ordersync_dagster.adapters.database.journal.run_history import PastRun
from ordersync_dagster.adapters.database.journal.verify import Verification
from ordersync_dagster.adapters.database.undo.undo import Undone
from ordersync_dagster.core.text import visible

SCHEMA_VERSION = 1  # changes only when a field's meaning does
BLANKED = "(blanked)"


def runs_text(runs: Sequence[PastRun]) -> str:
    """One line a run, newest first."""
    if not runs:
        return "There was no run yet."
    return "\n".join(_run_line(run) for run in runs)


def runs_json(runs: Sequence[PastRun]) -> str:
    return _document(runs=[_run_document(run) for run in runs])


def run_text(run: PastRun, entries: Sequence[Record], undone_by: Sequence[str]) -> str:
    """One run, and each row that it wrote with the reason."""
    lines = [_run_line(run)]
    lines += [f"Undone by {', '.join(undone_by)}."] if undone_by else []
    return "\n".join([*lines, *(line for entry in entries for line in ("", *_entry_lines(entry)))])


def run_json(run: PastRun, entries: Sequence[Record], undone_by: Sequence[str]) -> str:
    changes = [_entry_document(entry) for entry in entries]
    return _document(run=_run_document(run), undone_by=list(undone_by), changes=changes)


def order_text(order_id: str, entries: Sequence[Record]) -> str:
    """What was written of one order, when, by which run, and why."""
    lines = [visible(f"Order {order_id}")]
    for entry in entries:
        lines += ["", f"{entry['at']:%Y-%m-%d %H:%M:%S}  run {entry['run_id']}", *_entry_lines(entry)]
    return "\n".join(lines)


def order_json(order_id: str, entries: Sequence[Record]) -> str:
    changes = [{"run_id": entry["run_id"], **_entry_document(entry)} for entry in entries]
    return _document(order_id=order_id, changes=changes)


def undo_text(target: str, run_id: str | None, undone: Undone) -> str:
    """What an undo did, or would do, and what it left."""
    counts, would = undone.counts, "" if run_id else "would be "
    lines = [f"Undo of run {target}" + (f", as run {run_id}:" if run_id else ", a dry run:")]
    lines += [
        f"Orders {would}removed: {counts['orders_removed']}",
        f"Orders {would}set back: {counts['orders_reversed']}",
        f"Items {would}removed: {counts['items_removed']}",
        f"Left: {counts['left']}",
    ]
    lines += ["", *(visible(f"  {left.sentence}") for left in undone.left)] if undone.left else []
    if run_id is None:
        lines += ["", "Dry run: nothing was written. Run again without --dry-run to apply it."]
    elif counts["orders_removed"] or counts["orders_reversed"]:
        lines += ["", "The next `ordersync sync` over the same days finds the same drift and repairs it again."]
    return "\n".join(lines)


def undo_json(target: str, run_id: str | None, undone: Undone) -> str:
    removed = [
        {"change": "remove_order", "order_id": each.order_id, "fields": [], "items": sorted(each.items)}
        for each in undone.removed
    ]
    set_back = [
        {"change": "set_back", "order_id": each.order_id, "fields": sorted(each.values), "items": sorted(each.items)}
        for each in undone.reversed
    ]
    problems = [{"order_id": left.order_id, "sentence": left.sentence} for left in undone.left]
    return _document(
        run_id=run_id,
        undoes=target,
        dry_run=run_id is None,
        summary=undone.counts,
        changes=[*removed, *set_back],
        problems=problems,
    )


def verification_text(found: Verification) -> str:
    if found.broken:
        return f"The audit is broken. {found.broken}"
    return f"The audit is whole: {found.entries} entries, {found.blanked} of them blanked."


def verification_json(found: Verification) -> str:
    return _document(entries=found.entries, blanked=found.blanked, broken=found.broken)


def let_go_text(kind: str, run_id: str | None, kept: Kept) -> str:
    """What was blanked and dropped, or would be."""
    figures = {
        "audit payloads blanked": kept.payloads,
        "remembered 404s dropped": kept.missing,
        "rate tokens dropped": kept.rates,
        "host names blanked": kept.hosts,
    }
    shown = ", ".join(f"{count} {name}" for name, count in figures.items() if count) or "nothing was kept"
    if run_id is None:
        return f"{kind} (dry run, nothing was written): {shown}"
    return f"{kind} as run {run_id}: {shown}"


def let_go_json(kind: str, run_id: str | None, kept: Kept) -> str:
    return _document(run_id=run_id, kind=kind, dry_run=run_id is None, summary=kept.counts)


def _run_line(run: PastRun) -> str:
    what = f"undo of {run.undoes}" if run.undoes else run.kind
    period = f"{run.window.start:%Y-%m-%d}…{run.window.end:%Y-%m-%d %H:%M}" if run.window else ""
    rows = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(run.rows.items())) or "no rows"
    parts = [run.id, f"{run.started_at:%Y-%m-%d %H:%M:%S}", run.host or BLANKED, what, run.state, period, rows]
    return visible("  ".join(part for part in parts if part))


def _run_document(run: PastRun) -> dict[str, Any]:
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


def _entry_lines(entry: Record) -> list[str]:
    why = BLANKED if is_blanked(entry) else str(entry["reason"])
    what = f"{entry['action']} {entry['resource']} {entry['resource_id'] or ''}".rstrip()
    return [
        visible(f"{what}: {why}"),
        *(visible(f"  {name}: {before} → {after}") for name, before, after in _fields(entry)),
    ]


def _entry_document(entry: Record) -> dict[str, Any]:
    return {
        "seq": entry["seq"],
        "at": entry["at"].isoformat(),
        "action": entry["action"],
        "resource": entry["resource"],
        "resource_id": entry["resource_id"],
        "order_id": entry["order_id"],
        "reason": entry["reason"],
        "is_blanked": is_blanked(entry),
        "fields": [{"field": name, "before": was, "after": now} for name, was, now in _fields(entry)],
    }


def _fields(entry: Record) -> Iterator[tuple[str, str | None, str | None]]:
    """Field, before, after. What is kept as a hash alone appears as (set)."""
    before, after = _columns(entry["before"]), _columns(entry["after"])
    for name in sorted(before.keys() | after.keys()):
        yield name, _shown(before.get(name)), _shown(after.get(name))


def _columns(kept: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not kept:
        return {}
    columns = kept.get("columns", kept)
    return columns if isinstance(columns, Mapping) else {}


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return json.dumps(value["parts"]) if "parts" in value else "(set)"
    return str(value)


def _document(**fields: Any) -> str:
    return json.dumps({"schema_version": SCHEMA_VERSION, **fields}, ensure_ascii=True, indent=2)
