"""Stripe's refusals as errors of ours: a wrong key, or a key that lacks a permission."""

import re

from ordersync_dagster.adapters.http.client import Answer
from ordersync_dagster.core.errors import KeyRefusedError, MissingPermissionError, VendorAnswerError

SESSIONS = "/v1/checkout/sessions"
PERMISSIONS = {
    SESSIONS: "Checkout Sessions: Read",
    "/v1/refunds": "Charges and Refunds: Read",
    "/v1/disputes": "Disputes: Read",
    "/v1/invoice_payments": "Invoices: Read",
    "/v1/events": "Events: Read",
}


def refusal(path: str, answer: Answer, key: str) -> Exception:
    """The error of an answer without data; for 401 and 403 it names the fault of the key."""
    request_id = answer.headers.get("Request-Id")
    request = f" (request {request_id})" if request_id else ""
    if answer.status == 401:
        return KeyRefusedError(
            f"Stripe refused STRIPE_SECRET_KEY (…{key[-4:]}): it is wrong, expired or "
            f"revoked{request}. Make a restricted key at https://dashboard.stripe.com/apikeys."
        )
    if answer.status == 403:
        kind, slug = SESSIONS if path.startswith(SESSIONS) else path, re.search(r"rak_\w+", str(answer.body))
        wanted = " / ".join(name for name in (PERMISSIONS.get(kind), slug and slug[0]) if name) or path
        return MissingPermissionError(
            f"STRIPE_SECRET_KEY (…{key[-4:]}) may not read {path}: it lacks the permission "
            f"“{wanted}”{request}. Add it at https://dashboard.stripe.com/apikeys."
        )
    return VendorAnswerError(f"Stripe answered {path} with HTTP {answer.status}{request}")
