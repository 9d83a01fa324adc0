"""The interfaces through which one order is looked up; `app/explain.py` fills them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from ordersync_dagster.core.explanation import RawLookup, RowPast
from ordersync_dagster.core.orders import StoredOrder


class SessionLookups(Protocol):
    """Stripe, one payment or customer at a time."""

    @property
    def ahead(self) -> timedelta: ...
    def session(self, session_id: str) -> Mapping[str, Any] | None:
        """One session with its lines; None where Stripe does not know it."""

    def sessions_of_payment(self, payment_intent_id: str) -> Sequence[Mapping[str, Any]]: ...
    def sessions_of_customer(self, email: str) -> Sequence[Mapping[str, Any]]:
        """The newest sessions of an e-mail address, with their lines."""

    def refunds_of(self, payment: str) -> Iterable[object]: ...
    def disputes_of(self, payment: str) -> Iterable[object]: ...
    def payments_of_invoice(self, invoice: str) -> Iterable[object]: ...


class PrintfulLookups(Protocol):
    """Printful, one order at a time."""

    def one_by_one(self, ids: list[str]) -> Iterator[tuple[str, RawLookup]]:
        """An answer for each; `@NAME` asks for the order with this external_id."""


class OrderLookups(Protocol):
    """The shop's database."""

    def of_order(self, order_id: str) -> Sequence[StoredOrder]: ...
    def of_session(self, session_id: str) -> Sequence[StoredOrder]: ...
    def of_payment(self, payment: str) -> Sequence[StoredOrder]: ...
    def of_printful(self, printful_id: str) -> Sequence[StoredOrder]: ...
    def of_email(self, email: str) -> Sequence[StoredOrder]: ...
    def past(self, order_id: str) -> RowPast: ...
