"""Field readers of a Checkout Session: each returns the value or None, or raises MalformedError.

The one place that knows where each API version keeps a field: https://docs.stripe.com/api/checkout/sessions/object
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from ordersync_dagster.core import money
from ordersync_dagster.core.orders import Json, LineItem, Price, Reference
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.text import first_text, is_storable, text_or_none
from ordersync_dagster.core.window import unix_second

ADDRESS_FIELDS = ("line1", "line2", "city", "state", "postal_code", "country")
PRINTFUL_ID_KEYS = ("printfulOrderId", "printful_order_id")
_BEYOND_PRINTFUL_IDS = 10**20  # and Python makes no text of a number of more than 4,300 digits
NO_REFERENCE = "none"
# "order" alone may also hold a word that all sessions share; so it names an order only where there is one of that id.
_ORDER_KEYS = ("order", "orderid", "ordernumber", "orderreference", "shoporderid")  # without case, "_" and "-"
MIN_CERTAIN_LENGTH = 16  # a shorter reference, such as a customer's number, may be an order's id by chance
# Methods of https://docs.stripe.com/payments/payment-methods that tell at once whether the customer has paid.
_AT_ONCE = (
    "affirm", "afterpay_clearpay", "alipay", "amazon_pay", "bancontact", "blik", "card", "cashapp", "eps", "fpx",
    "giropay", "grabpay", "ideal", "klarna", "link", "mobilepay", "p24", "paypal", "promptpay", "revolut_pay",
    "samsung_pay", "swish", "twint", "wechat_pay", "zip",
)  # fmt: skip


class MalformedError(Exception):
    """A field that cannot be read; `read_session` turns it into a problem."""

    def __init__(self, sentence: str, problem_class: ProblemClass = ProblemClass.MALFORMED_SESSION) -> None:
        super().__init__(sentence)
        self.problem_class = problem_class


def mapping(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under `key`, or an empty one."""
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def created_time(session: Mapping[str, Any]) -> int:
    """Unix seconds."""
    created = unix_second(session.get("created"))
    if created is None:
        raise MalformedError("its `created` is not a Unix time")
    return created


def metadata_of(session: Mapping[str, Any]) -> Json:
    """All metadata, unchanged."""
    metadata = session.get("metadata")
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        raise MalformedError("its metadata is not an object")
    try:
        json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # a fraction, NaN, or nested too deep
        raise MalformedError("its metadata holds more than texts and whole numbers") from None
    return dict(metadata)


def email_of(session: Mapping[str, Any], customer: Mapping[str, Any]) -> str:
    """The customer's own address, else the one that the shop had filled in."""
    email = first_text(customer.get("email"), session.get("customer_email"))
    if email is None:
        raise MalformedError("it has no e-mail address, which every order needs", ProblemClass.MISSING_EMAIL)
    return email


def subtotal_of(session: Mapping[str, Any], currency: str) -> Decimal | None:
    """The amount before shipping, tax and discounts; None where it is not given."""
    amount = session.get("amount_subtotal")
    return money.from_minor(amount, currency) if type(amount) is int and amount >= 0 else None


def total_of(session: Mapping[str, Any]) -> tuple[Decimal, str]:
    """Exact amount and lower-case currency."""
    amount, currency = session.get("amount_total"), session.get("currency")
    if type(amount) is not int or amount < 0:
        raise MalformedError("its amount_total is not a whole number of minor units")
    if not isinstance(currency, str):
        raise MalformedError("it has no currency", ProblemClass.UNKNOWN_CURRENCY)
    try:
        return money.from_minor(amount, currency.lower()), currency.lower()
    except money.UnknownCurrencyError as error:
        raise MalformedError(str(error), ProblemClass.UNKNOWN_CURRENCY) from None
    except money.MoneyError as error:
        raise MalformedError(str(error)) from None


def other_prices_of(session: Mapping[str, Any]) -> tuple[Price, ...]:
    """What the customer saw; or, before 2025-03-31, what the shop asked for. A shop may have stored either."""
    shown, asked = mapping(session, "presentment_details"), mapping(session, "currency_conversion")
    found = (
        _price(shown.get("presentment_amount"), shown.get("presentment_currency")),
        _price(asked.get("amount_total"), asked.get("source_currency")),
    )
    return tuple(each for each in found if each)


def _price(amount: object, currency: object) -> Price | None:
    if type(amount) is not int or not isinstance(currency, str):
        return None
    try:
        return Price(money.from_minor(amount, currency.lower()), currency.lower())
    except money.MoneyError:
        return None


def name_of(session: Mapping[str, Any], customer: Mapping[str, Any], shipping_name: str | None) -> str | None:
    """The billing name, else the one on the parcel, else those of Checkout's name collection."""
    collected = mapping(session, "collected_information")
    asked = (fields.get(key) for key in ("individual_name", "business_name") for fields in (customer, collected))
    return first_text(customer.get("name"), shipping_name, *asked)


def shipping_of(session: Mapping[str, Any]) -> tuple[str | None, Json | None]:
    """Name and address; since API 2025-03-31 under collected_information, before 2022-08-01 `shipping`."""
    candidates = (
        mapping(mapping(session, "collected_information"), "shipping_details"),
        mapping(session, "shipping_details"),
        mapping(session, "shipping"),
    )
    for details in candidates:
        given = mapping(details, "address")
        address = {key: text_or_none(given.get(key)) for key in ADDRESS_FIELDS}
        if any(address.values()):
            name = text_or_none(details.get("name"))
            return name, {"name": name, **address}
    return None, None


def printful_order_id_of(metadata: Json) -> str | None:
    """The Printful order that the shop noted in the metadata, as number or text."""
    return next((text for key in PRINTFUL_ID_KEYS if (text := _printful_id(metadata.get(key)))), None)


def unread_printful_key(metadata: Json) -> str | None:
    """The key under which the shop noted something else than the number of one Printful order, such as two numbers."""
    if printful_order_id_of(metadata) is not None:
        return None
    values = ((key, metadata.get(key)) for key in PRINTFUL_ID_KEYS)
    return next((key for key, value in values if (value.strip() if isinstance(value, str) else value)), None)


def _printful_id(value: object) -> str | None:
    is_number = type(value) is int and 0 <= value < _BEYOND_PRINTFUL_IDS
    text = str(value).strip() if is_number or isinstance(value, str) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 20 else None


def references_of(session: Mapping[str, Any], metadata: Json, rule: str | None) -> tuple[Reference, ...]:
    """The values that may be the id of the shop's order.

    `rule` is "client_reference_id", "metadata.KEY", "none", or None: then `client_reference_id` and the metadata whose
    key says that it is an order. https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-client_reference_id
    """
    if rule == NO_REFERENCE:
        return ()
    client_reference = session.get("client_reference_id")
    if rule is None:
        keys = {key: _plain_key(key) for key in metadata if _plain_key(key) in _ORDER_KEYS}
        sure = [(text, plain) for key, plain in keys.items() for text in _spellings(metadata[key])]
        other = [Reference(text, len(text) >= MIN_CERTAIN_LENGTH) for text in _spellings(client_reference)]
        found = [*(Reference(text, is_certain=True, names_order=plain != "order") for text, plain in sure), *other]
        return tuple({each.value: each for each in reversed(found)}.values())[::-1]
    value = client_reference if rule == "client_reference_id" else metadata.get(rule.partition(".")[2])
    return tuple(Reference(text, is_certain=True, names_order=True) for text in _spellings(value))


def _plain_key(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()


def _spellings(value: object) -> list[str]:
    """The reference; a UUID also in its usual form, because some programs write it in capitals or without hyphens."""
    text = (str(value) if type(value) is int else text_or_none(value) or "").strip()
    if not text or not is_storable(text):
        return []
    try:
        return list(dict.fromkeys((text, str(UUID(text)))))
    except ValueError:
        return [text]


def line_items_of(session: Mapping[str, Any], currency: str) -> tuple[LineItem, ...]:
    """All lines where the list carried all of them and every unit price is exact; else none."""
    listed = mapping(session, "line_items")
    rows = listed.get("data")
    if not isinstance(rows, list) or listed.get("has_more"):
        return ()
    lines = [_line_item(row, currency) for row in rows]
    return tuple(line for line in lines if line) if all(lines) else ()


def _line_item(row: object, currency: str) -> LineItem | None:
    if not isinstance(row, dict):
        return None
    quantity, subtotal = row.get("quantity"), row.get("amount_subtotal")
    if type(quantity) is not int or type(subtotal) is not int or quantity < 1 or subtotal < 0 or subtotal % quantity:
        return None
    try:
        return LineItem(quantity, money.from_minor(subtotal // quantity, currency))
    except money.MoneyError:
        return None


def id_of(value: object) -> str | None:
    """An id, also where Stripe expanded it to the whole object."""
    return text_or_none(value.get("id") if isinstance(value, dict) else value)


def settles_later(session: Mapping[str, Any]) -> bool:
    """Whether the session offers a method that is paid days after the checkout; an unknown method may be one."""
    methods = session.get("payment_method_types")
    return not isinstance(methods, list) or any(method not in _AT_ONCE for method in methods)
