"""The interfaces through which the use case reaches vendors and database; `app/wiring.py` fills them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from ordersync_dagster.core.delivery import RawParcels
from ordersync_dagster.core.known_problems import Sightings
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.core.part import Applied
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.stripe_session import Verdict
from ordersync_dagster.core.window import Window


class Sessions(Protocol):
    """Stripe."""

    @property
    def ahead(self) -> timedelta:
        """How far Stripe's clock is ahead of ours, once there was an answer; zero within a minute."""

    @property
    def unread_days(self) -> Collection[date]:
        """Days of the last `sessions` that were not read to their end; complete when an older day is given out."""

    def sessions(
        self, window: Window, read: Callable[[object], Verdict], *, with_line_items: bool
    ) -> Iterator[list[tuple[date, list[Verdict]]]]:
        """Sessions, each given to `read`, by day, newest day first; days without any are left out.

        Days that arrived together are yielded together.
        """

    def session(self, session_id: str, *, with_line_items: bool = False) -> Mapping[str, Any] | None:
        """One session by its id; None where Stripe does not know it."""

    def sessions_of_payment(self, payment_intent_id: str) -> Sequence[Mapping[str, Any]]:
        """The sessions of one payment, paid or not."""

    def sessions_of_customer(self, email: str) -> Sequence[Mapping[str, Any]]:
        """The complete sessions of one e-mail address, paid or not."""

    def refunds(self, since: int) -> Iterable[object]:
        """Refunds since a Unix time; none where they may not be read. Ends in UnreadListError if some are not shown."""

    def disputes(self, since: int) -> Iterable[object]:
        """Disputes, likewise."""

    def refunds_of(self, payment: str) -> Iterable[object]:
        """Refunds of one payment, of any time; else as `refunds`."""

    def disputes_of(self, payment: str) -> Iterable[object]:
        """Disputes, likewise."""

    def delayed_payments(self, since: int) -> Iterable[object]:
        """Events of payments that came after their checkout, of the last 30 days; none where they may not be read."""

    def invoice_payments(self, since: int) -> Iterable[object]:
        """Payments of invoices, likewise; raises KeyRefusedError or VendorAnswerError where they cannot be read."""


class PaidCheckouts(Protocol):
    """The part of Stripe that tells when sessions were paid."""

    @property
    def ahead(self) -> timedelta: ...
    @property
    def unread_days(self) -> Collection[date]: ...
    def events(self, since: int, until: int) -> Iterable[object]:
        """Events of paid checkouts, created in [since, until) (Unix seconds); raises KeyRefusedError."""

    def sessions(
        self, window: Window, read: Callable[[object], Verdict], *, with_line_items: bool
    ) -> Iterator[list[tuple[date, list[Verdict]]]]: ...


class PrintfulOrders(Protocol):
    """Printful."""

    @property
    def unread(self) -> str:
        """Why the last list of `orders` is incomplete; empty where it is complete."""

    def count(self) -> int:
        """Number of orders; raises KeyRefusedError where the token is refused."""

    def orders(
        self, ids: Collection[str], since: int | None = None, if_listed: Collection[str] = ()
    ) -> Iterator[tuple[str, Mapping[str, Any] | Missing | NotAsked]]:
        """An answer for each of `ids`, and for each of `if_listed` that is on the list.

        With `since` (Unix seconds) also every other order that was made from then on, and perhaps older ones.
        """


class PrintfulParcels(Protocol):
    """Printful's API v2."""

    def parcels(self, printful_ids: Collection[str]) -> Iterator[tuple[str, RawParcels]]:
        """The parcels of each order. Why it is not known is an answer too, so that one order never stops the others."""


class AskedParcels(Protocol):
    """Our record of the orders whose parcels were on their way when Printful was asked last."""

    def asked(self) -> Mapping[str, datetime]:
        """When, by Printful id."""

    def remember(self, printful_ids: Collection[str]) -> None: ...


class OpenRun(Protocol):
    """A run that holds the shop's lock. It records the problems in `sightings` however it ends."""

    sightings: Sightings

    def end(self, summary: Mapping[str, int]) -> None:
        """Record that the run succeeded, with the figures of its summary."""


class Store(Protocol):
    """The shop's database."""

    @property
    def limits(self) -> Limits: ...
    def orders_of_sessions(self, session_ids: Collection[str]) -> tuple[StoredOrder, ...]: ...
    def order_ids_of_payments(self, payments: Collection[str]) -> frozenset[str]: ...
    def orders_of_customers(self, emails: Collection[str], start: datetime, end: datetime) -> tuple[StoredOrder, ...]:
        """The orders of these addresses (in lower case) that were created in `[start, end)`."""

    def newest_sessions(self, window: Window, kind: str, at_most: int) -> list[str]: ...
    def has_live_orders(self) -> bool: ...
    def orders(self, order_ids: Collection[str]) -> tuple[StoredOrder, ...]: ...
    def erased(self, session_ids: Collection[str], orders: Collection[Order] = ()) -> frozenset[str]: ...
    def printful_ids(self) -> list[tuple[str, str, str]]: ...
    def printful_ids_given(self, order_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        """By order id: the Printful ids that runs of ours have set, as far as the audit still says so."""

    def once_refunded(self, order_ids: Collection[str]) -> frozenset[str]:
        """The orders that runs of ours have set to refunded, as far as the audit still says so."""

    def known_missing(self, since: datetime) -> frozenset[str]: ...
    def remember_missing(self, printful_ids: Collection[str]) -> None: ...
    def forget_missing(self, printful_ids: Collection[str]) -> None: ...
    def run(self, run_id: str, window: Window) -> AbstractContextManager[OpenRun]: ...
    def apply(self, plan: Plan, run_id: str) -> Applied: ...
