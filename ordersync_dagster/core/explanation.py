"""The explanation of one order: the facts of all three systems, and the changes of the next run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ordersync_dagster.core.delivery import RawParcels
from ordersync_dagster.core.history import AuditRecord
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import Missing, NotAsked

RawLookup = Mapping[str, Any] | Missing | NotAsked


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline; the sentence holds no personal data."""

    at: datetime
    system: str  # Stripe, shop, Printful or ordersync
    sentence: str


@dataclass(frozen=True, slots=True)
class ShopEvent:
    """A line of the shop's own timeline: its type, and whether we wrote it."""

    at: datetime | None
    event_type: str
    status: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class RowPast:
    """One order's past in the database; `unread` holds sentences about the parts that could not be read."""

    created_at: datetime | None = None
    updated_at: datetime | None = None
    events: Sequence[ShopEvent] = ()
    records: Sequence[AuditRecord] = ()
    unread: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One order, or one session or Printful order without an order."""

    order: StoredOrder | None = None
    session_id: str = ""
    printful_id: str = ""

    @property
    def ids(self) -> dict[str, str]:
        """The ids that name it, as problems name them."""
        order = self.order
        named = {
            "order_id": order.id if order else "",
            "stripe_session_id": self.session_id,
            "stripe_payment_intent_id": (order.payment_intent_id if order else None) or "",
            "printful_order_id": self.printful_id,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the vendors and the database answered about one case; rows are as the vendors sent them."""

    case: Case
    session: Mapping[str, Any] | None = None
    twins: Sequence[Mapping[str, Any]] = ()  # sessions of the same customer within an hour
    refunds: Sequence[object] = ()
    disputes: Sequence[object] = ()
    invoice_payments: Sequence[object] = ()
    printful: Mapping[str, RawLookup] = field(default_factory=dict)  # by Printful id
    named: Sequence[Mapping[str, Any]] = ()  # Printful orders that carry a name of the order
    past: RowPast = RowPast()
    parcels: Mapping[str, RawParcels] = field(default_factory=dict)  # by Printful id, if the shop waits for them

    @property
    def printful_orders(self) -> Iterator[Mapping[str, Any]]:
        """Every Printful order that was found."""
        yield from (each for each in self.printful.values() if isinstance(each, Mapping))
        yield from self.named


@dataclass(frozen=True, slots=True)
class Names:
    """The ids of a case by kind, and every word by which a plan or a problem may name it."""

    ids: Mapping[str, str] = field(default_factory=dict)
    every: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        return name in self.every

    def are_in(self, ids: Mapping[str, str]) -> bool:
        """Whether a problem with these ids is about the case."""
        return any(self.has(part) for value in ids.values() for part in value.split(", "))


@dataclass(frozen=True, slots=True)
class Explanation:
    """One case: what each system says, how it came about, what the next run would do, and why not more."""

    states: Mapping[str, str]  # by system
    moments: Sequence[Moment]
    plan: Plan
    why_not_more: Sequence[str]
    is_whole: bool = True  # every vendor answered
    names: Names = Names()
    known: Sequence[KnownProblem] = ()  # open problems that earlier runs recorded

    @property
    def ids(self) -> Mapping[str, str]:
        return self.names.ids


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to one question: either every case explained, or too many `choices` for that."""

    explanations: Sequence[Explanation] = ()
    choices: Sequence[Mapping[str, str]] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.explanations or self.choices)
