"""Builders of Stripe objects with the keys of API 2026-10-28; overrides replace whole values."""

from typing import Any

from ordersync_dagster.sandbox.world.people import PEOPLE, Person

SESSION_ID = "cs_test_a1" + "B2c3D4e5" * 7
PAYMENT_INTENT = "pi_3" + "SandboxPaymentIntent000"
CREATED = 1_790_000_000
ABSENT: Any = object()
"""As an override's value: the key is left out."""

ALWAYS_NULL = (
    "after_expiration", "allow_promotion_codes", "allowed_payment_method_types", "billing_address_collection",
    "branding_settings", "client_reference_id", "client_secret", "consent", "consent_collection",
    "currency_conversion", "customer", "customer_account", "customer_email", "integration_identifier",
    "invoice", "locale", "managed_payments", "origin_context", "payment_link",
    "payment_method_configuration_details", "permissions", "presentment_details", "recovered_from",
    "saved_payment_method_options", "setup_intent",
    "shipping_address_collection", "shipping_cost", "submit_type", "subscription", "url", "wallet_options",
)  # fmt: skip
NULLS: dict[str, Any] = dict.fromkeys(ALWAYS_NULL)
USUAL = {
    "cancel_url": "https://shop.example.com/cart",
    "customer_creation": "if_required",
    "livemode": False,
    "mode": "payment",
    "payment_method_collection": "if_required",
    "success_url": "https://shop.example.com/thanks",
    "ui_mode": "hosted_page",
}
CUSTOM_TEXT = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")


def overridden(record: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """`record` with whole values replaced; the value `ABSENT` leaves the key out."""
    record.update(overrides)
    for key in [key for key, value in overrides.items() if value is ABSENT]:
        del record[key]
    return record


def checkout_session(**overrides: Any) -> dict[str, Any]:
    """A paid one-time session of a guest; `expires_at` and the subtotal match the overrides."""
    created = overrides.get("created", CREATED)
    total = overrides.get("amount_total", 2600)
    return overridden(
        {
            "id": SESSION_ID,
            "object": "checkout.session",
            **NULLS,
            **USUAL,
            "adaptive_pricing": {"enabled": True},
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "collected_information": collected_information(),
            "created": created,
            "currency": "usd",
            "custom_fields": [],
            "custom_text": dict.fromkeys(CUSTOM_TEXT),
            "customer_details": customer_details(),
            "discounts": [],
            "expires_at": created + 86_400,
            "invoice_creation": _invoice_creation(),
            "metadata": {},
            "payment_intent": PAYMENT_INTENT,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card", "link"],
            "payment_status": "paid",
            "phone_number_collection": {"enabled": False},
            "shipping_options": [],
            "status": "complete",
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        },
        overrides,
    )


def _invoice_creation() -> dict[str, Any]:
    fields = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
    return {"enabled": False, "invoice_data": {**dict.fromkeys(fields), "metadata": {}}}


def customer_details(person: Person = PEOPLE[0], **overrides: Any) -> dict[str, Any]:
    """The customer's details as Checkout collected them."""
    details: dict[str, Any] = {
        "address": person.address(),
        "business_name": None,
        "email": person.email,
        "individual_name": None,
        "name": person.name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    return overridden(details, overrides)


def collected_information(person: Person = PEOPLE[0]) -> dict[str, Any]:
    """The place of the shipping address in current sessions."""
    return {
        "business_name": None,
        "individual_name": None,
        "shipping_details": {"address": person.address(), "name": person.name},
    }


def line_item(**overrides: Any) -> dict[str, Any]:
    """One line of a session; the amounts, the price and its currency match the overrides."""
    total = overrides.get("amount_total", 2600)
    currency = overrides.get("currency", "usd")
    quantity = overrides.get("quantity", 1)
    line = {
        "id": "li_1SandboxLineItem00000000",
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": currency,
        "description": "Field Notes tee - S",
        "metadata": {},
        "price": price(currency=currency, unit_amount=total // (quantity or 1)),
        "quantity": quantity,
    }
    return overridden(line, overrides)


def price(**overrides: Any) -> dict[str, Any]:
    """The price of a line, with its product as an id."""
    unit_amount = overrides.get("unit_amount", 2600)
    record = {
        "id": "price_1SandboxPrice000000000",
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": CREATED - 86_400,
        "currency": "usd",
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": "prod_SandboxPrint01",
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }
    return overridden(record, overrides)
