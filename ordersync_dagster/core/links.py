"""Orders without a Printful id, and what is known of Printful's orders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ordersync_dagster.core.not_made import MakingRules
from ordersync_dagster.core.printful_order import Missing, NotAsked, PrintfulOrder
from ordersync_dagster.core.printful_order_fields import created_at, external_id
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import Unlinked


@dataclass(frozen=True, slots=True)
class Unread:
    """Printful orders that we could not read: no order may be said to have nothing at Printful because of them."""

    orders: Mapping[str, Problem] = field(default_factory=dict)  # by external_id
    reason: str = ""  # why the list is incomplete; empty where it is complete


@dataclass(frozen=True, slots=True)
class Links:
    """The orders that wait for a link, and the Printful orders that may be theirs."""

    unlinked: tuple[Unlinked, ...] = ()
    candidates: tuple[PrintfulOrder, ...] = ()
    unread: Unread = Unread()
    taken: Collection[str] = ()  # Printful ids that orders of the shop name
    taken_names: Mapping[str, str] = field(default_factory=dict)  # `external_id` → Printful id, of those
    taken_back: Mapping[str, Collection[str]] = field(default_factory=dict)  # order id → Printful ids that it had by us
    link_by: str | None = None  # the shop's `external_id`: "payment_intent", "order_id", or None for either
    not_found: int = 0  # 404s, where Printful knows none of the shop's orders
    rules: MakingRules = MakingRules()
    now: int = 0  # Unix seconds
    erased: frozenset[str] = frozenset()  # keys of orders whose customer was erased
    left: Mapping[str, Sequence[Problem]] = field(default_factory=dict)  # by order id: told if nothing is more urgent

    @property
    def free(self) -> list[PrintfulOrder]:
        """The Printful orders that no order of the shop names."""
        return [each for each in self.candidates if each.printful_order_id not in self.taken]


def may_be_linked(raw: Mapping[str, Any] | Missing | NotAsked, since: int | None, names: Collection[str]) -> bool:
    """Whether a Printful order that no order names was made from `since` on, or has one of `names`."""
    if isinstance(raw, Missing | NotAsked):
        return False
    made = created_at(raw)
    return made is None or since is None or made >= since or external_id(raw) in names
