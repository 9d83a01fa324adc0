"""Builders of Stripe's refunds, disputes and invoice payments; overrides replace whole values."""

from typing import Any

from ordersync_dagster.sandbox.world.sessions import CREATED, PAYMENT_INTENT, overridden

INVOICE = "in_1SandboxInvoice0000000"


def refund(**overrides: Any) -> dict[str, Any]:
    """A successful refund of the whole default session."""
    record = {
        "id": "re_3SandboxRefund0000000000",
        "object": "refund",
        "amount": 2600,
        "balance_transaction": "txn_3SandboxBalance00000000",
        "charge": "ch_3SandboxCharge0000000000",
        "created": CREATED + 86_400,
        "currency": "usd",
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": {},
        "payment_intent": PAYMENT_INTENT,
        "reason": "requested_by_customer",
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    return overridden(record, overrides)


def dispute(**overrides: Any) -> dict[str, Any]:
    """A dispute over the whole default session that waits for an answer."""
    record = {
        "id": "du_3SandboxDispute000000000",
        "object": "dispute",
        "amount": 2600,
        "balance_transactions": [],
        "charge": "ch_3SandboxCharge0000000000",
        "created": CREATED + 86_400,
        "currency": "usd",
        "enhanced_eligibility_types": [],
        "evidence_details": {"due_by": CREATED + 8 * 86_400, "has_evidence": False, "past_due": False},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": PAYMENT_INTENT,
        "reason": "fraudulent",
        "status": "needs_response",
    }
    return overridden(record, overrides)


def invoice_payment(**overrides: Any) -> dict[str, Any]:
    """The payment of a subscription's first invoice; its session names the invoice only."""
    record = {
        "id": "inpay_1SandboxPayment000000",
        "object": "invoice_payment",
        "amount_paid": 2600,
        "amount_requested": 2600,
        "created": CREATED,
        "currency": "usd",
        "invoice": INVOICE,
        "is_default": True,
        "livemode": False,
        "payment": {"type": "payment_intent", "payment_intent": PAYMENT_INTENT},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": CREATED},
    }
    return overridden(record, overrides)
