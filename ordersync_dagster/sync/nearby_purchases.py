"""Paid sessions just outside a run's period: one may be the second payment for a purchase of the period."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from ordersync_dagster.core.errors import KeyRefusedError, VendorError
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.core.payment_problems import MONEY_BACK, SAME_PURCHASE_WITHIN, Paid
from ordersync_dagster.core.payment_state import payment_state
from ordersync_dagster.core.privacy import normalised_email
from ordersync_dagster.core.reversals import Reversals
from ordersync_dagster.core.stripe_session import Verdict
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.ports import Sessions, Store

_DAY = timedelta(days=1)
UP_TO_NOW = 600  # seconds; a period that ended so lately has nothing after it yet, or the next run has it


@dataclass(slots=True)
class NearbyPurchases:
    """Finds them by the shop's orders of the same customers, and asks Stripe for the session of each such order."""

    stripe: Sessions
    store: Store
    window: Window
    read: Callable[[object], Verdict]
    reversals: Callable[[Iterable[Order]], Reversals]
    with_line_items: bool
    _warnings: list[str] = field(default_factory=list)
    _found: dict[str, Paid | None] = field(default_factory=dict)  # by session id

    def of(self, paid: Iterable[Paid], now: int) -> list[Paid]:
        """The purchases outside that may be those of `paid`, the sessions of one day; `now` in Unix seconds."""
        paid = list(paid)
        known = {each.session_id for each in paid}
        start, end = self.window.start_epoch, self.window.end_epoch
        found = self._around(start, [each for each in paid if each.created <= start + SAME_PURCHASE_WITHIN], known)
        if end + UP_TO_NOW < now:
            found += self._around(end, [each for each in paid if each.created >= end - SAME_PURCHASE_WITHIN], known)
        return list({each.session_id: each for each in found}.values())

    def new_warnings(self) -> list[str]:
        """Warnings about questions without an answer since the last call."""
        new, self._warnings = self._warnings, []
        return new

    def _around(self, edge: int, paid: list[Paid], known: Collection[str]) -> list[Paid]:
        emails = {each.purchase[0] for each in paid}
        if not emails:
            return []
        # A shop may create an order when it is paid, up to a day after its session, and by a clock of its own zone.
        at = datetime.fromtimestamp(edge, self.window.start.tzinfo)
        rows = self.store.orders_of_customers(emails, at - _DAY, at + 2 * _DAY)
        sums = {each.purchase[:3] for each in paid}
        alike = (row for row in rows if row.status not in MONEY_BACK and _sum_of(row) in sums)
        others = (row for row in alike if row.session_id and row.session_id not in known)
        return [each for each in map(self._paid, others) if each and not self._is_inside(each)]

    def _is_inside(self, each: Paid) -> bool:
        return self.window.start_epoch <= each.created < self.window.end_epoch

    def _paid(self, row: StoredOrder) -> Paid | None:
        if row.session_id not in self._found:
            self._found[row.session_id] = next(self._asked(row), None)
        return self._found[row.session_id]

    def _asked(self, row: StoredOrder) -> Iterator[Paid]:
        try:
            session = self.stripe.session(row.session_id, with_line_items=self.with_line_items)
        except (VendorError, KeyRefusedError) as error:
            self._warnings.append(
                f"Whether one purchase was paid twice, by session {row.session_id} too, is not known: {error}"
            )
            return
        verdict = self.read(session) if session else None
        is_kept = isinstance(verdict, Order) and not payment_state(verdict, self.reversals([verdict])).is_refunded
        if isinstance(verdict, Order) and verdict.total > 0 and is_kept:
            yield Paid.of(verdict, row.id)


def _sum_of(row: StoredOrder) -> tuple[str, Decimal | None, str]:
    return normalised_email(row.customer_email or ""), row.total, (row.currency or "").lower()
