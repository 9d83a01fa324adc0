"""Stripe about one payment or one customer, instead of about a whole period."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ordersync_dagster.adapters.stripe.api import StripeApi
from ordersync_dagster.adapters.stripe.refusals import SESSIONS
from ordersync_dagster.core.privacy import normalised_email
from ordersync_dagster.core.stripe_session_fields import mapping

MAX_SESSIONS_OF_CUSTOMER = 100  # one page


class StripeLookups:
    """Each method makes one request, or one a page where there are more than 100 rows."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api
        self._sessions: dict[str, dict[str, Any] | None] = {}  # each is asked for once
        self._of_customer: dict[str, list[dict[str, Any]]] = {}

    @property
    def ahead(self) -> timedelta:
        """How far Stripe's clock is ahead of ours."""
        return self._api.ahead

    def session(self, session_id: str) -> dict[str, Any] | None:
        """One session with its lines; None where Stripe does not know it."""
        if session_id not in self._sessions:
            self._sessions[session_id] = self._api.session(session_id, with_line_items=True)
        return self._sessions[session_id]

    def sessions_of_payment(self, payment_intent_id: str) -> list[dict[str, Any]]:
        """The sessions of one payment, paid or not."""
        return self._api.sessions_of_payment(payment_intent_id)

    def sessions_of_customer(self, email: str) -> list[dict[str, Any]]:
        """The newest sessions of an e-mail address, with their lines; asked once for each.

        https://docs.stripe.com/api/checkout/sessions/list
        """
        filters = [("customer_details[email]", email.strip()), ("expand[]", "data.line_items")]
        if email in self._of_customer:
            return self._of_customer[email]
        found = self._of_customer.setdefault(email, [])
        for row in self._api.rows(SESSIONS, filters):
            if isinstance(row, dict) and _email(row) == normalised_email(email):
                found.append(row)
            if len(found) == MAX_SESSIONS_OF_CUSTOMER:
                break
        return found

    def refunds_of(self, payment: str) -> Iterator[object]:
        """Refunds of one payment intent or charge."""
        return self._api.refunds_of(payment)

    def disputes_of(self, payment: str) -> Iterator[object]:
        """Disputes, likewise."""
        return self._api.disputes_of(payment)

    def payments_of_invoice(self, invoice: str) -> Iterator[object]:
        """Payments of one invoice. https://docs.stripe.com/api/invoice-payment/list"""
        return self._api.invoice_payments_where([("invoice", invoice)])


def _email(session: dict[str, Any]) -> str:
    email = mapping(session, "customer_details").get("email")
    return normalised_email(email) if isinstance(email, str) else ""
