"""Collects the Printful orders of the run's period that no order names, and the facts that say whose they are."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ordersync_dagster.core.errors import KeyRefusedError, VendorError
from ordersync_dagster.core.link_evidence import LIKELY_FOR
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.printful_order import Lookup, Missing, PrintfulOrder
from ordersync_dagster.core.printful_order_fields import created_at, is_sample
from ordersync_dagster.core.stripe_session import paid_session
from ordersync_dagster.core.unclaimed import GIVEN_UP, MAX_ORPHANS, Unclaimed, goods_for, is_payment, recipients_of
from ordersync_dagster.core.unlinked import DAY, is_uuid, own_names
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.ports import Sessions, Store


@dataclass(slots=True)
class UnclaimedOrders:
    """Does nothing before it knows the `period`: then all payments of it are known."""

    stripe: Sessions
    store: Store
    other_channels: bool | None = None
    period: Window | None = None
    _free: list[PrintfulOrder] = field(default_factory=list)
    _alive: set[str] = field(default_factory=set)  # Printful ids that orders name
    _given_up: set[str] = field(default_factory=set)  # the same, where Printful has given it up or does not know it
    _goods: dict[int, list[tuple[int, str]]] = field(default_factory=dict)  # as `goods_for`: created, Printful id
    _recipients: dict[int, list[tuple[int, str]]] = field(default_factory=dict)  # the same by `recipients_of`
    _names_by_id: bool = False

    @property
    def since(self) -> int | None:
        """Unix seconds."""
        return self.period.start_epoch if self.period else None

    def is_of_period(self, raw: Any) -> bool:
        """Whether a listed order, which no order names, was made in the period and is no sample."""
        made = created_at(raw) if self.period and isinstance(raw, Mapping) else None
        return made is not None and self.period is not None and made >= self.period.start_epoch and not is_sample(raw)

    def keep(self, theirs: PrintfulOrder) -> None:
        """An order that no order of the shop names. Other channels' are not held where they cannot be ours."""
        may_be_ours = not theirs.external_id or is_payment(theirs.external_id) or is_uuid(theirs.external_id)
        if theirs.word not in GIVEN_UP and (may_be_ours or self.other_channels is False):
            self._free.append(theirs)

    def keep_named(self, theirs: PrintfulOrder) -> None:
        """An order that an order of the shop names."""
        if self.period is None:
            return
        is_given_up, made = theirs.word in GIVEN_UP, theirs.created
        (self._given_up if is_given_up else self._alive).add(theirs.printful_order_id)
        self._names_by_id |= not is_given_up and is_uuid(theirs.external_id)
        if made and made >= self.period.start_epoch - LIKELY_FOR:
            for key in recipients_of(theirs):
                self._recipients.setdefault(key, []).append((made, theirs.printful_order_id))
        if made and made >= self.period.start_epoch - DAY and not is_given_up:
            for key in goods_for(theirs):
                self._goods.setdefault(key, []).append((made, theirs.printful_order_id))

    def keep_missing(self, answers: Mapping[str, Lookup]) -> None:
        """Which orders that the shop names Printful does not know."""
        self._given_up.update(key for key, answer in answers.items() if isinstance(answer, Missing))

    def facts(
        self,
        explained: Collection[str],
        planned: Iterable[StoredOrder],
        owner_of: Callable[[str], str],
        now: datetime,
    ) -> Unclaimed:
        """The input of `decide_unclaimed`; Printful orders with ids in `explained` are linked, or told as links."""
        free = [each for each in self._free if each.printful_order_id not in explained]
        if not free:
            return Unclaimed()
        known = list(planned)
        rows = self._rows_by_name({each.external_id for each in free if each.external_id}, known)
        twins = {each.printful_order_id: twin for each in free if (twin := self._twin(each))}
        near = {each.printful_order_id: other for each in free if (other := self._near(each))}
        owners = {
            each.id: each for each in self.store.orders({owner_of(each) for each in (*twins.values(), *near.values())})
        }
        owners |= {each.id: each for each in known}
        of_twins, of_near = (
            {key: owners[owner_of(each)] for key, each in found.items() if owner_of(each) in owners}
            for found in (twins, near)
        )
        asked = [each for each in free if is_payment(each.external_id) and each.external_id not in rows]
        unpaid = self._unpaid(asked)
        moment = int(now.timestamp())
        stand = (self._alive, self._given_up, of_near, unpaid)
        return Unclaimed(tuple(free), rows, of_twins, *stand, self._names_by_id, self.other_channels, moment)

    def _rows_by_name(self, names: Collection[str], planned: Iterable[StoredOrder]) -> dict[str, StoredOrder]:
        ids = {*self.store.order_ids_of_payments(names), *names, *(_dashed(name) for name in names if is_uuid(name))}
        rows = {row.id: row for row in (*self.store.orders(ids), *planned)}
        return {name: row for row in rows.values() for name in _names_of(row) & set(names)}

    def _twin(self, theirs: PrintfulOrder) -> str | None:
        """The Printful order of the same goods for the same recipient, made within a day."""
        made = theirs.created or 0
        near = [
            (abs(created - made), printful_id)
            for key in goods_for(theirs)
            for created, printful_id in self._goods.get(key, ())
        ]
        return next((printful_id for distance, printful_id in sorted(near) if distance <= DAY), None)

    def _near(self, theirs: PrintfulOrder) -> str | None:
        """The last Printful order for the same recipient before it, within two weeks; one that was given up first."""
        made = theirs.created or 0
        near = [
            (printful_id in self._given_up, created, printful_id)
            for key in recipients_of(theirs)
            for created, printful_id in self._recipients.get(key, ())
            if made - LIKELY_FOR <= created <= made
        ]
        return max(near)[2] if near else None

    def _unpaid(self, asked: Iterable[PrintfulOrder]) -> frozenset[str]:
        """The payments of which Stripe knows no paid session; one request each, for the oldest."""
        unpaid: set[str] = set()
        oldest = sorted(asked, key=lambda each: (each.created or 0, each.printful_order_id))
        for each in oldest[: 2 * MAX_ORPHANS]:
            try:
                sessions = self.stripe.sessions_of_payment(str(each.external_id))
            except (VendorError, KeyRefusedError):
                break
            if not any(map(paid_session, sessions)):
                unpaid.add(str(each.external_id))
        return frozenset(unpaid)


def _names_of(row: StoredOrder) -> set[str]:
    return own_names(row.id) | ({row.payment_intent_id} if row.payment_intent_id else set())


def _dashed(name: str) -> str:
    digits = name.replace("-", "").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
