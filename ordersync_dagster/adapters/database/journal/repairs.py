"""The changes that our runs made to orders, counted by kind and reason."""

import re
from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection, func, select

from ordersync_dagster.adapters.database.journal.audit import AUDIT
from ordersync_dagster.core.history import Repair

_MOST_REASONS = 5000  # of updates; the newest are read
_OF_ONE_ORDER = ((re.compile(r"tracking \S+ from"), "tracking from"), (re.compile(r"\d+ items added"), "items added"))
_DONE = {"order_create": "added", "order_update": "updated", "order_delete": "removed"}
_ADDED = "a paid session had no order"
_BLANKED = "(blanked)"


def read_repairs(connection: Connection, run_ids: Collection[str]) -> list[Repair]:
    """The orders that these runs wrote, counted by kind of change and reason; newest run first."""
    found: Counter[tuple[str, str, str]] = Counter()
    is_order = (AUDIT.c.run_id.in_(run_ids), AUDIT.c.resource == "order")
    counts = select(AUDIT.c.run_id, AUDIT.c.action, func.count()).where(*is_order, AUDIT.c.action != "order_update")
    for run_id, action, count in connection.execute(counts.group_by(AUDIT.c.run_id, AUDIT.c.action)):
        found[run_id, _DONE.get(action, action), _ADDED if action == "order_create" else "the run was undone"] += count
    reasons = select(AUDIT.c.run_id, AUDIT.c.reason, func.count()).where(*is_order, AUDIT.c.action == "order_update")
    grouped = reasons.group_by(AUDIT.c.run_id, AUDIT.c.reason).order_by(AUDIT.c.run_id.desc()).limit(_MOST_REASONS)
    for run_id, reason, count in connection.execute(grouped):
        found[run_id, "updated", _without_ids(reason)] += count
    return [Repair(*key, count) for key, count in sorted(found.items(), reverse=True)]


def _without_ids(reason: str | None) -> str:
    for pattern, instead in _OF_ONE_ORDER:
        reason = None if reason is None else pattern.sub(instead, reason)
    return reason or _BLANKED
