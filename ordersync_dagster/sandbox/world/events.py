"""The events that Stripe sends for a list of sessions."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zlib import crc32

API_VERSION = "2026-10-28.endive"
KEPT_SECONDS = 30 * 86_400
BANK_DEBIT_SECONDS = 4 * 86_400
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


def _events(session: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if session["status"] != "complete":
        return
    tail: str = session["id"].removeprefix("cs_test_").ljust(48, "0")
    completed = session["created"] + 60 + crc32(tail.encode()) % 200
    is_debit = bool(BANK_DEBITS.intersection(session["payment_method_types"]))
    if is_debit and session["payment_status"] == "paid":
        yield event({**session, "payment_status": "unpaid"}, "completed", completed, tail[2:25])
        yield event(session, "async_payment_succeeded", completed + BANK_DEBIT_SECONDS, tail[25:48])
    else:
        yield event(session, "completed", completed, tail[2:25])
