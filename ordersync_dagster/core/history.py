"""The record of our runs: past runs, audit entries, and the results of undo, purge and forget."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ordersync_dagster.core.window import Window

# By the shop's own column names. Values are text, whole numbers, booleans or None.
RowSnapshot = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PastRun:
    """One row of `ordersync_runs`; `rows` counts the rows that the run wrote, from the audit."""

    id: str
    kind: str
    undoes: str | None
    state: str
    window: Window | None
    started_at: datetime
    ended_at: datetime | None
    host: str | None
    version: str | None
    summary: Mapping[str, int]
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repair:
    """`orders` that a run added, updated or removed for the same reason."""

    run_id: str
    done: str
    why: str
    orders: int


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row of `ordersync_audit`; `before`, `after` and `reason` are empty where purge or forget blanked it."""

    seq: int
    run_id: str
    at: datetime
    action: str
    resource: str
    resource_id: str | None
    order_id: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str | None
    is_blanked: bool

    def has(self, resource: str, action: str) -> bool:
        """Whether this is the record of `action` on a row of `resource`."""
        return self.resource == resource and self.action == action


@dataclass(frozen=True, slots=True)
class RunDetails:
    """A run, the rows that it wrote, and the ids of its undos, oldest first. `records` are read while one goes on."""

    run: PastRun
    records: Iterable[AuditRecord]
    undone_by: Sequence[str]


@dataclass(frozen=True, slots=True)
class Verification:
    """The number of audit entries, how many of them are blanked, and the first fault as a sentence."""

    entries: int
    blanked: int
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class ErasureCounts:
    """Rows and payloads that were or would be erased, by what they are.

    `erased` counts the hashes that are left so that an erased customer stays erased.
    """

    payloads: int
    missing: int = 0
    rates: int = 0
    hosts: int = 0
    erased: int = 0
    problems: int = 0
    alerts: int = 0
    shadows: int = 0
    parcels: int = 0

    @property
    def by_name(self) -> dict[str, int]:
        """The figures of the run's own record."""
        return {
            "payloads_blanked": self.payloads,
            "missing_dropped": self.missing,
            "rates_dropped": self.rates,
            "hosts_blanked": self.hosts,
            "hashes_left": self.erased,
            "problems_dropped": self.problems,
            "alerts_dropped": self.alerts,
            "shadow_dropped": self.shadows,
            "parcels_dropped": self.parcels,
        }


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """The result of a purge or a forget; `run_id` is None for a dry run."""

    kind: str
    run_id: str | None
    counts: ErasureCounts


@dataclass(frozen=True, slots=True)
class Removal:
    """An order that the run inserted and nobody changed is deleted, with its items and its timeline."""

    order_id: str
    order: RowSnapshot
    items: Mapping[str, RowSnapshot]
    event_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reversal:
    """An order gets its old `values` back, and the `items` that the run added are deleted."""

    order_id: str
    order: RowSnapshot
    values: RowSnapshot
    items: Mapping[str, RowSnapshot]


@dataclass(frozen=True, slots=True)
class Kept:
    """An order or items that an undo leaves as they are; the sentence says why and holds no personal data."""

    order_id: str
    sentence: str


UndoStep = Removal | Reversal | Kept


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The undo of the run `target`; `run_id` is None for a dry run. `undone_by` are the undos of it before this one."""

    target: str
    run_id: str | None
    steps: Sequence[UndoStep]
    undone_by: Sequence[str] = ()

    @property
    def removals(self) -> list[Removal]:
        return [step for step in self.steps if isinstance(step, Removal)]

    @property
    def reversals(self) -> list[Reversal]:
        return [step for step in self.steps if isinstance(step, Reversal)]

    @property
    def kept(self) -> list[Kept]:
        return [step for step in self.steps if isinstance(step, Kept)]

    @property
    def counts(self) -> dict[str, int]:
        """The figures of the undo's own record."""
        steps: list[Removal | Reversal] = [*self.removals, *self.reversals]
        return {
            "orders_removed": len(self.removals),
            "orders_reversed": sum(bool(each.values) for each in self.reversals),
            "items_removed": sum(len(each.items) for each in steps),
            "left": len(self.kept),
        }
