"""Stripe and Printful as a run sees them, with the records of one case alone, all of them asked before."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ordersync_dagster.core.delivery import RawParcels
from ordersync_dagster.core.errors import VendorUnavailableError
from ordersync_dagster.core.explanation import Facts, RawLookup
from ordersync_dagster.core.printful_order import NotAsked
from ordersync_dagster.core.stripe_session import Verdict
from ordersync_dagster.core.window import Window, day_of, midnight, unix_second
from ordersync_dagster.sync.lookups import SessionLookups

NOT_LISTED = "only Printful orders with this order's own name were looked for"


@dataclass(frozen=True, slots=True)
class NarrowSessions:
    """Stripe's side: the session of the case and those that may be the same purchase."""

    facts: Facts
    stripe: SessionLookups
    now: datetime
    unread_days: Collection[date] = ()

    @property
    def ahead(self) -> timedelta:
        return self.stripe.ahead

    @property
    def window(self) -> Window:
        """From the first to the last day of these sessions."""
        days = sorted(self._by_day())
        return Window(midnight(days[0]), midnight(days[-1]) + timedelta(days=1))

    def sessions(
        self, window: Window, read: Callable[[object], Verdict], *, with_line_items: bool
    ) -> Iterator[list[tuple[date, list[Verdict]]]]:
        by_day = self._by_day()
        yield [(day, [read(row) for row in by_day[day]]) for day in sorted(by_day, reverse=True)]

    def session(self, session_id: str, *, with_line_items: bool = False) -> Mapping[str, Any] | None:
        known = next((row for row in self._rows() if row.get("id") == session_id), None)
        return known if known is not None else self.stripe.session(session_id)

    def sessions_of_payment(self, payment_intent_id: str) -> Sequence[Mapping[str, Any]]:
        return self.stripe.sessions_of_payment(payment_intent_id)

    def sessions_of_customer(self, email: str) -> Sequence[Mapping[str, Any]]:
        return self.stripe.sessions_of_customer(email)

    def refunds(self, since: int) -> Iterable[object]:
        return self.facts.refunds

    def disputes(self, since: int) -> Iterable[object]:
        return self.facts.disputes

    def refunds_of(self, payment: str) -> Iterable[object]:
        return self.stripe.refunds_of(payment)

    def disputes_of(self, payment: str) -> Iterable[object]:
        return self.stripe.disputes_of(payment)

    def delayed_payments(self, since: int) -> Iterable[object]:
        return ()

    def invoice_payments(self, since: int) -> Iterable[object]:
        return self.facts.invoice_payments

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        yield from [self.facts.session] if self.facts.session else []
        yield from self.facts.twins

    def _by_day(self) -> dict[date, list[Mapping[str, Any]]]:
        found: dict[date, list[Mapping[str, Any]]] = {}
        for row in self._rows():
            found.setdefault(self._day(row.get("created")), []).append(row)
        return found

    def _day(self, created: object) -> date:
        second = unix_second(created)
        return self.now.astimezone(UTC).date() if second is None else day_of(second)


@dataclass(frozen=True, slots=True)
class NarrowPrintful:
    """Printful's side: the orders that the case names, and those that carry its name."""

    facts: Facts
    down: str = ""  # why Printful gave no answer

    @property
    def unread(self) -> str:
        return self.down or NOT_LISTED

    def count(self) -> int:
        if self.down:
            raise VendorUnavailableError(self.down)
        return 0

    def orders(
        self, ids: Collection[str], since: int | None = None, if_listed: Collection[str] = ()
    ) -> Iterator[tuple[str, RawLookup]]:
        known = self.facts.printful
        yield from ((name, known.get(name) or NotAsked(name, self.unread)) for name in sorted(ids))
        listed = (name for name in sorted(if_listed) if isinstance(known.get(name), Mapping))
        yield from ((name, known[name]) for name in listed)
        if since is not None:
            others = ((str(order["id"]), order) for order in self.facts.named)
            yield from ((name, order) for name, order in others if name not in ids)


@dataclass(frozen=True, slots=True)
class NarrowParcels:
    """The parcels of the case, all of them asked before; nothing of it is recorded."""

    facts: Facts
    down: str = ""  # why Printful gave no answer

    def parcels(self, printful_ids: Collection[str]) -> Iterator[tuple[str, RawParcels]]:
        known = self.facts.parcels
        return ((name, known.get(name, NotAsked(name, self.down))) for name in printful_ids)

    def asked(self) -> Mapping[str, datetime]:
        return {}

    def remember(self, printful_ids: Collection[str]) -> None:
        """Whatever was asked here, the next run asks as it would."""
