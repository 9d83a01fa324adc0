"""Exactly what a dry run showed: each planned change has a digest of all that it would write and all that it rests on.

A digest takes the place of names and addresses, so that a saved plan holds none.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from ordersync_dagster.core.changes import InsertOrder, OrderUpdate
from ordersync_dagster.core.errors import PlanMovedError
from ordersync_dagster.core.order_fields import INSERTED
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.text import counted

REFERENCE_DIGITS = 32  # of a plan's digest: 128 bits
_MOMENT = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One order to insert, or all changes of one step to one order."""

    digest: str
    order_id: str
    session_id: str
    is_insert: bool

    @classmethod
    def of(cls, change: InsertOrder | OrderUpdate) -> "PlannedChange":
        if isinstance(change, InsertOrder):
            return cls(_digest(_inserted(change)), change.order.id, change.order.session_id, is_insert=True)
        return cls(_digest(_updated(change)), change.seen.id, change.seen.session_id, is_insert=False)


def changes_of(plan: Plan) -> Iterator[InsertOrder | OrderUpdate]:
    """Every change of `plan` that a digest is made of, in the order in which they are applied."""
    yield from plan.inserts
    yield from plan.completions
    yield from plan.updates


def plan_digest(changes: Iterable[PlannedChange]) -> str:
    """One digest of all `changes`, in whatever order they come."""
    return _digest(sorted(each.digest for each in changes))[:REFERENCE_DIGITS]


def require_plan(plans: Iterable[Plan], expected: str) -> None:
    """Raise PlanMovedError where the digest of all changes is not `expected`."""
    changes = [PlannedChange.of(each) for plan in plans for each in changes_of(plan)]
    if plan_digest(changes) != expected:
        raise PlanMovedError(
            f"the plan of the dry run is not what a run would do now ({counted(len(changes), 'order')} to add or "
            "change): something moved since. Nothing was written. Make a new dry run and look at it."
        )


@dataclass(frozen=True, slots=True)
class PlanReference:
    """Names a plan in one short text: the moment that it was made at, and its digest."""

    made_at: datetime
    digest: str

    def __str__(self) -> str:
        return f"{self.made_at:{_MOMENT}}-{self.digest}"

    @classmethod
    def parse(cls, text: str) -> "PlanReference":
        """Raises ValueError where `text` is none."""
        found = re.fullmatch(f"([^-]+)-([0-9a-f]{{{REFERENCE_DIGITS}}})", text.strip())
        if not found:
            raise ValueError("no digest of a plan")
        return cls(datetime.strptime(found[1], _MOMENT).replace(tzinfo=UTC), found[2])


def _inserted(insert: InsertOrder) -> dict[str, Any]:
    values = {field.attribute: getattr(insert.order, field.attribute) for field in INSERTED}
    return {"insert": values}


def _updated(update: OrderUpdate) -> dict[str, Any]:
    seen = update.seen
    made = [{type(each).__name__: each} for each in update.changes]
    return {"order": seen.id, "session": seen.session_id, "rests_on": seen.rests_on, "changes": made}


def _digest(facts: object) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """A text for a value that JSON has no form for; equal values give the same text."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return {each.name: getattr(value, each.name) for each in fields(value)}  # type: ignore[arg-type]  # it is one
    return str(value)  # a Decimal
