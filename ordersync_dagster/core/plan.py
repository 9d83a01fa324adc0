"""A plan: every change that one part of a run would make. Three deciders make plans; a store applies them."""

from dataclasses import dataclass
from datetime import date

from ordersync_dagster.core.changes import AddItems, InsertOrder, OrderUpdate
from ordersync_dagster.core.ledger import LedgerEntry
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, Skip
from ordersync_dagster.core.unlinked import Unlinked


@dataclass(frozen=True, slots=True)
class Stored:
    """The shop's orders that a decider compares with, and the limits of its columns."""

    orders: tuple[StoredOrder, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Plan:
    """Every change that one part of a run would make, and every record that it leaves as it is."""

    day: date | None = None
    is_of_links: bool = False
    looked_for_unclaimed: bool = False  # at every Printful order of the period that no order names
    inserts: tuple[InsertOrder, ...] = ()
    completions: tuple[OrderUpdate, ...] = ()
    updates: tuple[OrderUpdate, ...] = ()
    skips: tuple[Skip, ...] = ()
    failed_sessions: tuple[SessionProblem, ...] = ()
    printful_orders: tuple[str, ...] = ()  # the shop's ids of the orders that were looked up
    notes: tuple[Problem, ...] = ()
    unlinked: tuple[Unlinked, ...] = ()  # left to `decide_links`
    warnings: tuple[str, ...] = ()  # about the whole run
    ledger: tuple[LedgerEntry, ...] = ()  # the paid sessions of the day
    unsettled: tuple[str, ...] = ()  # its sessions that are too recent, with or without an order
    left_out: tuple[str, ...] = ()  # orders whose changes are not in the saved plan that the run carries out

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*(failed.problem for failed in self.failed_sessions), *self.notes)

    @property
    def change_count(self) -> int:
        """Rows that `apply` would write to orders and order_items."""
        changes = [change for update in self.updates for change in update.changes]
        items = sum(len(change.items) for change in changes if isinstance(change, AddItems))
        rows = sum(not all(isinstance(each, AddItems) for each in update.changes) for update in self.updates)
        return len(self.inserts) + len(self.completions) + rows + items
