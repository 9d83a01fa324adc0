"""Addresses in the dashboards of Stripe and Printful."""

import re

_STRIPE = "https://dashboard.stripe.com/"
PRINTFUL_DASHBOARD = "https://www.printful.com/dashboard/default/orders"
_ID = re.compile(r"[A-Za-z0-9_]{1,255}\Z")


def payments_link(*, is_live: bool) -> str:
    """All payments, of live mode or of test mode."""
    return f"{_STRIPE}{'' if is_live else 'test/'}payments"


def payment_link(payment: str, *, is_live: bool) -> str:
    """One payment; empty where `payment` cannot be an id of Stripe's."""
    return f"{payments_link(is_live=is_live)}/{payment}" if _ID.match(payment) else ""
