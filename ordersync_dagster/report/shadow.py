"""Shadow mode as text for people and as JSON for scripts."""

import json
from collections.abc import Iterator, Sequence

from ordersync_dagster.core.shadow import ShadowFigures, ShadowOutcome, ShadowRecord
from ordersync_dagster.core.text import visible

SHADOW_VERSION = 1  # changes only when a field's meaning does
_WORDS = {
    "insert_order": "add the order",
    "fill_fields": "fill empty fields",
    "set_status": "set the status",
    "set_tracking": "set the tracking",
    "add_items": "add the items",
}
_MAX_SHOWN = 20  # of one outcome; --json has all


def shadow_sentence(figures: ShadowFigures) -> str:
    """All figures in one sentence."""
    if figures.since is None:
        return "Shadow mode: no run would have changed anything yet."
    count = figures.counts
    dropped = count.get(ShadowOutcome.DROPPED, 0)
    return (
        f"Shadow mode since {figures.since:%Y-%m-%d}: would have repaired {figures.by_name['shadow_repairs']}; your "
        f"webhooks did {count.get(ShadowOutcome.BY_SHOP, 0)} of them later; would have been wrong "
        f"{count.get(ShadowOutcome.WRONG, 0)}; still open {count.get(ShadowOutcome.OPEN, 0)}"
        + (f"; no longer needed {dropped}." if dropped else ".")
    )


def shadow_text(records: Sequence[ShadowRecord], *, has_looked: bool) -> str:
    """The figures, then each change that would have been wrong or is still open.

    `has_looked` is False where no run in shadow mode has come to its end.
    """
    if not records and not has_looked:
        return "No run in shadow mode has looked at this shop yet: set ORDERSYNC_SHADOW=true and run `ordersync sync`."
    lines = [shadow_sentence(ShadowFigures.of(records))]
    for outcome, title in ((ShadowOutcome.WRONG, "Would have been wrong"), (ShadowOutcome.OPEN, "Still open")):
        shown = [each for each in records if each.outcome is outcome]
        lines += ["", f"{title}:", *_lines(shown)] if shown else []
    return "\n".join(lines)


def shadow_json(records: Sequence[ShadowRecord], *, has_looked: bool) -> str:
    figures = ShadowFigures.of(records)
    document = {
        "schema_version": SHADOW_VERSION,
        "has_looked": has_looked,
        "since": figures.since.isoformat() if figures.since else None,
        "summary": figures.by_name,
        "changes": [
            {
                "id": each.intent.id,
                "change": each.intent.change,
                "order_id": each.intent.order_id,
                "stripe_session_id": each.intent.session_id or None,
                "first_seen": each.first_seen.isoformat(),
                "outcome": str(each.outcome),
                "why": each.why or None,
            }
            for each in records
        ],
    }
    return json.dumps(document, ensure_ascii=True, indent=2)


def _lines(records: Sequence[ShadowRecord]) -> Iterator[str]:
    for each in records[:_MAX_SHOWN]:
        name = each.intent.session_id or f"order {each.intent.order_id}"
        why = f": {each.why}" if each.why else ""
        change = _WORDS[each.intent.change]
        yield visible(f"  {each.first_seen:%Y-%m-%d %H:%M}  {change:<17} {name}{why}")
    if len(records) > _MAX_SHOWN:
        yield f"  … and {len(records) - _MAX_SHOWN} more (--json lists all)"
