"""A Stripe Checkout Session (plain dict) → the order it should be, a reason to skip it, or a problem.

The one place that knows a session's shape: https://docs.stripe.com/api/checkout/sessions/object
Every field may be missing or null in some API version; nothing here raises for a malformed record.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ordersync_dagster.core import money
from ordersync_dagster.core.errors import WrongModeError
from ordersync_dagster.core.orders import Json, LineItem, Order, Status
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.texts import first_text, is_storable, text_or_none

ADDRESS_FIELDS = ("line1", "line2", "city", "state", "postal_code", "country")
PRINTFUL_ID_KEYS = ("printfulOrderId", "printful_order_id")
NO_ID = "(no id)"
_LAST_SECOND = 253402300799  # 9999-12-31, the last that a datetime holds


class SkipReason(StrEnum):
    """Why a session becomes no order; the counters of a summary are named after these."""

    ORDER_EXISTS = "order_exists"
    UNPAID = "unpaid"
    FREE = "free"
    OTHER_MODE = "other_mode"
    NOT_THIS_SHOP = "not_this_shop"
    TOO_RECENT = "too_recent"
    NOT_COMPLETE = "not_complete"


@dataclass(frozen=True, slots=True)
class SessionMatch:
    """Which sessions are this shop's: `metadata.KEY`, `metadata.KEY=VALUE` or `payment_link=ID`."""

    metadata_key: str | None = None
    value: str | None = None

    def accepts(self, session: Mapping[str, Any]) -> bool:
        if self.metadata_key is None:
            link = session.get("payment_link")
            return _id_of(link) == self.value
        metadata = session.get("metadata")
        found = metadata.get(self.metadata_key) if isinstance(metadata, Mapping) else None
        return found is not None if self.value is None else found == self.value


@dataclass(frozen=True, slots=True)
class SessionRules:
    """What the shop decided about its sessions. `settled_before` is in Unix seconds."""

    live: bool
    settled_before: int = _LAST_SECOND
    modes: frozenset[str] = frozenset({"payment", "subscription"})
    include_free: bool = False
    match: SessionMatch | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """A session that is rightly no new order."""

    session_id: str
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class SessionProblem:
    """A session that could not be decided."""

    session_id: str
    problem: Problem


Verdict = Order | Skip | SessionProblem


class _MalformedError(Exception):
    """Left by the readers below and turned into a problem at the door."""

    def __init__(self, sentence: str, problem_class: ProblemClass = ProblemClass.MALFORMED_SESSION) -> None:
        super().__init__(sentence)
        self.problem_class = problem_class


def read_session(session: object, rules: SessionRules) -> Verdict:
    """Decide one session on its own; whether an order exists is not known here.

    Raises WrongModeError where the session's livemode is not the key's: nothing may be written then.
    """
    if not isinstance(session, Mapping):
        return _problem(NO_ID, _MalformedError("Stripe listed something that is not a session"))
    session_id = session.get("id")
    if not isinstance(session_id, str) or not session_id or not is_storable(session_id):
        return _problem(NO_ID, _MalformedError("Stripe listed a session without an id"))
    _check_mode(session, session_id, rules)
    try:
        reason = _reason_to_skip(session, rules)
        return Skip(session_id, reason) if reason else _order(session, session_id)
    except _MalformedError as error:
        return _problem(session_id, error)


def _check_mode(session: Mapping[str, Any], session_id: str, rules: SessionRules) -> None:
    livemode = session.get("livemode")
    if isinstance(livemode, bool) and livemode is not rules.live:
        modes = ("live", "test") if rules.live else ("test", "live")
        raise WrongModeError(
            f"the Stripe key is a {modes[0]} key, but session {session_id} is from {modes[1]} mode; "
            "nothing was written. Use the key of the mode that this database belongs to."
        )


def _reason_to_skip(session: Mapping[str, Any], rules: SessionRules) -> SkipReason | None:
    if session.get("status") not in ("complete", None):  # null on sessions older than the field
        return SkipReason.NOT_COMPLETE
    if rules.match and not rules.match.accepts(session):
        return SkipReason.NOT_THIS_SHOP
    if session.get("mode") not in (*rules.modes, None):
        return SkipReason.OTHER_MODE
    paid = session.get("payment_status")
    total = session.get("amount_total")
    is_free = paid == "no_payment_required" or (paid == "paid" and type(total) is int and total == 0)
    if is_free and not rules.include_free:
        return SkipReason.FREE
    if not is_free and paid != "paid":
        return SkipReason.UNPAID
    return SkipReason.TOO_RECENT if _created(session) >= rules.settled_before else None


def _order(session: Mapping[str, Any], session_id: str) -> Order:
    metadata = _metadata(session)
    customer = _mapping(session, "customer_details")
    shipping_name, address = _shipping(session)
    total, currency = _total(session)
    order = Order(
        session_id=session_id,
        payment_intent_id=_id_of(session.get("payment_intent")),
        printful_order_id=_printful_order_id(metadata),
        status=Status.PROCESSING,
        customer_email=_email(session, customer),
        customer_name=first_text(customer.get("name"), shipping_name),
        total=total,
        currency=currency,
        shipping_address=address,
        metadata=metadata,
        created=datetime.fromtimestamp(_created(session), UTC),
        line_items=_line_items(session, currency),
    )
    if not is_storable([order.customer_email, order.customer_name, address, metadata, order.payment_intent_id]):
        raise _MalformedError(
            "it holds a NUL or half a surrogate pair, which no database stores; correct it at Stripe",
            ProblemClass.TEXT_DOES_NOT_FIT,
        )
    return order


def _problem(session_id: str, error: _MalformedError) -> SessionProblem:
    sentence = f"Session {session_id} became no order: {error}."
    return SessionProblem(session_id, Problem(error.problem_class, sentence, {"stripe_session_id": session_id}))


def _mapping(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    return value if isinstance(value, Mapping) else {}


def _created(session: Mapping[str, Any]) -> int:
    created = session.get("created")
    if isinstance(created, bool) or not isinstance(created, int) or not 0 < created <= _LAST_SECOND:
        raise _MalformedError("its `created` is not a Unix time")
    return created


def _metadata(session: Mapping[str, Any]) -> Json:
    metadata = session.get("metadata")
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise _MalformedError("its metadata is not an object")
    try:
        json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # a fraction, NaN, or too deep: not what Stripe documents
        raise _MalformedError("its metadata holds more than texts and whole numbers") from None
    return dict(metadata)


def _email(session: Mapping[str, Any], customer: Mapping[str, Any]) -> str:
    email = first_text(customer.get("email"), session.get("customer_email"))
    if email is None:
        raise _MalformedError("it has no e-mail address, which every order needs", ProblemClass.MISSING_EMAIL)
    return email


def _total(session: Mapping[str, Any]) -> tuple[Decimal, str]:
    amount, currency = session.get("amount_total"), session.get("currency")
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0:
        raise _MalformedError("its amount_total is not a whole number of minor units")
    if not isinstance(currency, str):
        raise _MalformedError("it has no currency", ProblemClass.UNKNOWN_CURRENCY)
    try:
        return money.from_minor(amount, currency.lower()), currency.lower()
    except money.UnknownCurrencyError as error:
        raise _MalformedError(str(error), ProblemClass.UNKNOWN_CURRENCY) from None
    except money.MoneyError as error:
        raise _MalformedError(str(error)) from None


def _shipping(session: Mapping[str, Any]) -> tuple[str | None, Json | None]:
    """Name and address; since API 2025-03-31 under collected_information, before 2022-08-01 `shipping`."""
    candidates = (
        _mapping(_mapping(session, "collected_information"), "shipping_details"),
        _mapping(session, "shipping_details"),
        _mapping(session, "shipping"),
    )
    for details in candidates:
        address = {key: text_or_none(_mapping(details, "address").get(key)) for key in ADDRESS_FIELDS}
        if any(address.values()):
            name = text_or_none(details.get("name"))
            return name, {"name": name, **address}
    return None, None


def _printful_order_id(metadata: Json) -> str | None:
    for key in PRINTFUL_ID_KEYS:
        value = metadata.get(key)
        is_number = type(value) is int and 0 <= value < 10**20
        text = str(value).strip() if is_number or isinstance(value, str) else ""
        if text.isascii() and text.isdigit() and len(text) <= 20:
            return text
    return None


def _line_items(session: Mapping[str, Any], currency: str) -> tuple[LineItem, ...]:
    """All lines where the list carried all of them and every unit price is exact; else none."""
    listed = _mapping(session, "line_items")
    rows = listed.get("data")
    if not isinstance(rows, list) or listed.get("has_more"):
        return ()
    lines = [_line_item(row, currency) for row in rows]
    return tuple(line for line in lines if line) if all(lines) else ()


def _line_item(row: object, currency: str) -> LineItem | None:
    if not isinstance(row, Mapping):
        return None
    quantity, subtotal = row.get("quantity"), row.get("amount_subtotal")
    if type(quantity) is not int or type(subtotal) is not int or quantity < 1 or subtotal < 0 or subtotal % quantity:
        return None
    try:
        return LineItem(quantity, money.from_minor(subtotal // quantity, currency))
    except money.MoneyError:
        return None


def _id_of(value: object) -> str | None:
    """An id, also where Stripe expanded it to the whole object."""
    return text_or_none(value.get("id") if isinstance(value, Mapping) else value)
