"""Addresses in the dashboards of Stripe, Printful and Dagster."""

import re
from collections.abc import Mapping

_STRIPE = "https://dashboard.stripe.com/"
PRINTFUL_DASHBOARD = "https://www.printful.com/dashboard/default/orders"
_ID = re.compile(r"[A-Za-z0-9_]{1,255}\Z")
_RUN = re.compile(r"[A-Za-z0-9-]{1,64}\Z")


def payments_link(*, is_live: bool) -> str:
    """All payments, of live mode or of test mode."""
    return f"{_STRIPE}{'' if is_live else 'test/'}payments"


def payment_link(payment: str, *, is_live: bool) -> str:
    """One payment; empty where `payment` cannot be an id of Stripe's."""
    return f"{payments_link(is_live=is_live)}/{payment}" if _ID.match(payment) else ""


def run_link(dagster: str, run: str) -> str:
    """A run in Dagster's web UI; empty where `run` cannot be an id of Dagster's."""
    return f"{dagster}/runs/{run}" if _RUN.match(run) else ""


def where_to_look(run_id: str, links: Mapping[str, str]) -> str:
    """The run's page in Dagster where `links` has one, else the command that shows it."""
    return links.get(run_id) or f"ordersync runs show {run_id}"
