"""The events that Stripe sends for a list of sessions."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zlib import crc32

API_VERSION = "2026-10-28.endive"
KEPT_SECONDS = 30 * 86_400
BANK_DEBIT_SECONDS = 4 * 86_400
BANK_TRANSFER_SECONDS = 9 * 86_400
BANK_DEBITS = {"sepa_debit", "us_bank_account", "bacs_debit"}


def event(session: dict[str, Any], kind: str, created: int, id_part: str) -> dict[str, Any]:
    """One event about a session; its `data.object` never holds line items."""
    return {
        "id": f"evt_1{id_part}",
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": {"object": session},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": f"checkout.session.{kind}",
    }


def events_of(sessions: Iterable[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Completed and async_payment_succeeded events of the last 30 days, newest first."""
    end = int(now.timestamp())
    found = [e for session in sessions for e in _events(session) if end - KEPT_SECONDS <= e["created"] <= end]
    return sorted(found, key=lambda e: -int(e["created"]))


def completed_at(session: dict[str, Any]) -> int:
    """When the customer finished the checkout: one to four minutes after it was opened."""
    return int(session["created"]) + 60 + crc32(_tail(session).encode()) % 200


def paid_at(session: dict[str, Any]) -> int:
    """When a paid session was paid; a bank debit or transfer settles some days after the checkout."""
    if "customer_balance" in session["payment_method_types"]:
        return completed_at(session) + BANK_TRANSFER_SECONDS
    return completed_at(session) + (BANK_DEBIT_SECONDS if _is_debit(session) else 0)


def _events(session: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if session["status"] != "complete":
        return
    tail = _tail(session)
    if _is_debit(session) and session["payment_status"] == "paid":
        yield event({**session, "payment_status": "unpaid"}, "completed", completed_at(session), tail[2:25])
        yield event(session, "async_payment_succeeded", paid_at(session), tail[25:48])
    else:
        yield event(session, "completed", completed_at(session), tail[2:25])


def _tail(session: dict[str, Any]) -> str:
    return str(session["id"]).removeprefix("cs_test_").ljust(48, "0")


def _is_debit(session: dict[str, Any]) -> bool:
    return bool({*BANK_DEBITS, "customer_balance"}.intersection(session["payment_method_types"]))
