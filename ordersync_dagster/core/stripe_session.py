"""A Stripe Checkout Session (plain dict) → the order it should be, a reason to skip it, or a problem.

Every field may be missing or null in some API version; nothing here raises for a malformed record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

from ordersync_dagster.core.errors import WrongModeError
from ordersync_dagster.core.order_fields import INSERTED
from ordersync_dagster.core.orders import Order, Status
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session_fields import (
    MalformedError,
    created_time,
    email_of,
    id_of,
    line_items_of,
    mapping,
    metadata_of,
    name_of,
    other_prices_of,
    printful_order_id_of,
    references_of,
    settles_later,
    shipping_of,
    subtotal_of,
    total_of,
)
from ordersync_dagster.core.text import is_storable
from ordersync_dagster.core.window import LAST_SECOND, day_of

PAYMENT_STATUSES = ("paid", "unpaid", "no_payment_required")  # another word is a problem
NO_ID = "(no id)"
_stored_values = attrgetter(*(field.attribute for field in INSERTED))


class SkipReason(StrEnum):
    """Why a session becomes no order; the counters of a summary are named after these."""

    ORDER_EXISTS = "order_exists"
    UNPAID = "unpaid"
    FREE = "free"
    OTHER_MODE = "other_mode"
    NOT_THIS_SHOP = "not_this_shop"
    TOO_RECENT = "too_recent"
    NOT_COMPLETE = "not_complete"
    ERASED = "erased"
    NOT_IN_PLAN = "not_in_plan"


@dataclass(frozen=True, slots=True)
class SessionMatch:
    """The rule for this shop's own sessions: `metadata.KEY`, `metadata.KEY=VALUE` or `payment_link=ID`."""

    metadata_key: str | None = None
    value: str | None = None

    def accepts(self, session: Mapping[str, Any]) -> bool:
        if self.metadata_key is None:
            link = session.get("payment_link")
            return id_of(link) == self.value
        metadata = session.get("metadata")
        found = metadata.get(self.metadata_key) if isinstance(metadata, dict) else None
        return found is not None if self.value is None else found == self.value


@dataclass(frozen=True, slots=True)
class SessionRules:
    """The shop's settings for its sessions; younger ones than `settled_before` (Unix seconds) are skipped."""

    live: bool
    settled_before: int = LAST_SECOND
    modes: frozenset[str] = frozenset({"payment", "subscription"})
    include_free: bool = False
    match: SessionMatch | None = None
    reference: str | None = None  # as in `references_of`
    overdue_before: int = 0  # an older session that is unpaid is not paid any more; Unix seconds
    late_after: int = 7 * 86_400  # seconds after the checkout in which a payment is no surprise
    sets_refunded: bool = True  # an order whose whole payment went back becomes refunded

    def by_clock(self, ahead: timedelta) -> "SessionRules":
        """These rules, by a clock that is `ahead` of ours."""
        if not ahead:
            return self
        seconds = round(ahead.total_seconds())
        moments = (self.settled_before + seconds, self.overdue_before + seconds)
        return replace(self, settled_before=moments[0], overdue_before=moments[1])


@dataclass(frozen=True, slots=True)
class Overdue:
    """A complete session that is unpaid for longer than its payment method may take."""

    since: date  # when it was created
    payment_intent_id: str | None


@dataclass(frozen=True, slots=True)
class Skip:
    """A session that becomes no new order, with the reason."""

    session_id: str
    reason: SkipReason
    overdue: Overdue | None = None


@dataclass(frozen=True, slots=True)
class SessionProblem:
    """A session that could not be read or decided; the payment is known where Stripe names it."""

    session_id: str
    problem: Problem
    payment_intent_id: str | None = None


Verdict = Order | Skip | SessionProblem


def read_session(session: object, rules: SessionRules) -> Verdict:
    """Read one session on its own, without looking at the shop's orders.

    Raises WrongModeError where the session's livemode is not the key's: nothing may be written then.
    """
    fields = session if isinstance(session, dict) else {}
    session_id = fields.get("id")
    if not isinstance(session_id, str) or not session_id or not is_storable(session_id):
        return _without_id(session)
    _check_mode(fields, session_id, rules)
    try:
        reason = _reason_to_skip(fields, rules)
        if reason:
            return Skip(session_id, reason, _overdue(fields, rules) if reason is SkipReason.UNPAID else None)
        return _paid_order(fields, session_id, rules)
    except MalformedError as error:
        return _session_problem(session_id, error, id_of(fields.get("payment_intent")))


def paid_session(session: object) -> str | None:
    """The id of `session` where Stripe calls it paid; a session that Stripe does not know is None."""
    is_paid = isinstance(session, dict) and session.get("payment_status") == "paid"
    return id_of(session) if is_paid else None


def _check_mode(session: Mapping[str, Any], session_id: str, rules: SessionRules) -> None:
    livemode = session.get("livemode")
    if isinstance(livemode, bool) and livemode is not rules.live:
        modes = ("live", "test") if rules.live else ("test", "live")
        raise WrongModeError(
            f"the Stripe key is a {modes[0]} key, but session {session_id} is from {modes[1]} mode; "
            "the run stopped there. Use the key of the mode that this database belongs to."
        )


def _reason_to_skip(session: Mapping[str, Any], rules: SessionRules) -> SkipReason | None:
    if session.get("status") not in ("complete", None):  # null on sessions older than the field
        return SkipReason.NOT_COMPLETE
    if rules.match and not rules.match.accepts(session):
        return SkipReason.NOT_THIS_SHOP
    if session.get("mode") not in (*rules.modes, None):
        return SkipReason.OTHER_MODE
    paid = session.get("payment_status")
    if paid not in PAYMENT_STATUSES:
        raise MalformedError(f"its payment_status is none of {', '.join(PAYMENT_STATUSES)}")
    total = session.get("amount_total")
    is_free = paid == "no_payment_required" or (paid == "paid" and type(total) is int and total == 0)
    if is_free and not rules.include_free:
        return SkipReason.FREE
    if not is_free and paid != "paid":
        return SkipReason.UNPAID
    return SkipReason.TOO_RECENT if created_time(session) >= rules.settled_before else None


def _overdue(session: Mapping[str, Any], rules: SessionRules) -> Overdue | None:
    try:
        created = created_time(session)
    except MalformedError:
        return None
    if created >= rules.overdue_before:
        return None
    return Overdue(day_of(created), id_of(session.get("payment_intent")))


def _paid_order(session: Mapping[str, Any], session_id: str, rules: SessionRules) -> Order:
    metadata = metadata_of(session)
    customer = mapping(session, "customer_details")
    shipping_name, address = shipping_of(session)
    total, currency = total_of(session)
    order = Order(
        session_id=session_id,
        payment_intent_id=id_of(session.get("payment_intent")),
        printful_order_id=printful_order_id_of(metadata),
        status=Status.PROCESSING,
        customer_email=email_of(session, customer),
        customer_name=name_of(session, customer, shipping_name),
        total=total,
        currency=currency,
        shipping_address=address,
        metadata=metadata,
        created=datetime.fromtimestamp(created_time(session), UTC),
        line_items=line_items_of(session, currency),
        other_prices=other_prices_of(session),
        references=references_of(session, metadata, rules.reference),
        subtotal=subtotal_of(session, currency),
        settles_later=settles_later(session),
        invoice_id=id_of(session.get("invoice")),
    )
    if not is_storable(_stored_values(order)):
        raise MalformedError(
            "it holds a NUL or half a surrogate pair, which no database stores; correct it at Stripe",
            ProblemClass.TEXT_DOES_NOT_FIT,
        )
    return order


def _without_id(row: object) -> SessionProblem:
    found = "a session without an id" if isinstance(row, dict) else "something that is not a session"
    sentence = f"Session {NO_ID} became no order: Stripe listed {found}."
    ids = {"stripe_session_id": NO_ID, **_made_at(row)}
    return SessionProblem(NO_ID, Problem(ProblemClass.MALFORMED_SESSION, sentence, ids))


def _made_at(row: object) -> dict[str, str]:
    try:
        made = created_time(row) if isinstance(row, dict) else None
    except MalformedError:
        return {}
    return {"created": f"{datetime.fromtimestamp(made, UTC):%Y-%m-%dT%H:%M:%SZ}"} if made else {}


def _session_problem(session_id: str, error: MalformedError, payment: str | None) -> SessionProblem:
    sentence = f"Session {session_id} became no order: {error}."
    problem = Problem(error.problem_class, sentence, {"stripe_session_id": session_id})
    return SessionProblem(session_id, problem, payment)
