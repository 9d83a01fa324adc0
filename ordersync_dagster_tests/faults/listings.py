"""Lists of Stripe as a test wants them, and the places where they were asked for."""

from typing import Any
from urllib.parse import parse_qs

from ordersync_dagster.sandbox import Fault, Sandbox, checkout_session
from ordersync_dagster_tests.faults.readers import SESSIONS, YESTERDAY
from ordersync_dagster_tests.support.shops import Shop


def paid(session_id: str, **changes: Any) -> dict[str, Any]:
    """A session of yesterday, with a payment of its own."""
    return checkout_session(**{"id": session_id, "payment_intent": f"pi_{session_id}", "created": YESTERDAY, **changes})


def listing(shop: Shop, rows: str, *, has_more: bool = False, match: str | None = None, **headers: str) -> None:
    """Stripe lists these, whatever it is asked."""
    body = f'{{"data": {rows}, "has_more": {str(has_more).lower()}}}'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    shop.sandbox.faults.add(Fault(SESSIONS, "status", 200, times=None, body=body, match=match, headers=named))


def cursors(sandbox: Sandbox) -> set[str | None]:
    """After which sessions pages were asked for; None for the first page of a stretch."""
    return {parse_qs(each.query).get("starting_after", [None])[0] for each in sandbox.requests}
