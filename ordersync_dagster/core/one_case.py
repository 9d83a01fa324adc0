"""One case in the plans of a run: its changes, the state of each system, and the reasons against more changes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ordersync_dagster.core.changes import SetStatus
from ordersync_dagster.core.delivery import RawParcels
from ordersync_dagster.core.explanation import Facts, Names
from ordersync_dagster.core.money import with_decimals
from ordersync_dagster.core.orders import OPEN, UNNUMBERED, Status, StoredOrder, order_id
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.printful_order_fields import created_at, text_of
from ordersync_dagster.core.printful_parcels import read_parcels
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SkipReason
from ordersync_dagster.core.stripe_session_fields import id_of
from ordersync_dagster.core.text import counted
from ordersync_dagster.core.timeline import shown_amount
from ordersync_dagster.core.window import DEFAULT_DAYS, unix_second

_ID_KINDS = ("order_id", "stripe_session_id", "stripe_payment_intent_id", "printful_order_id")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
WHY_SKIPPED = {
    SkipReason.ORDER_EXISTS: "The session has its order, so none is added.",
    SkipReason.UNPAID: "The session is not paid, so it becomes no order.",
    SkipReason.FREE: "There is nothing to pay, and ORDERSYNC_INCLUDE_FREE_ORDERS is off.",
    SkipReason.OTHER_MODE: "ORDERSYNC_CHECKOUT_MODES does not name the session's mode.",
    SkipReason.NOT_THIS_SHOP: "ORDERSYNC_SESSION_MATCH says that the session is not this shop's.",
    SkipReason.TOO_RECENT: "The session is younger than ORDERSYNC_GRACE_MINUTES, so your webhook goes first.",
    SkipReason.NOT_COMPLETE: "The customer did not finish the session, and a run looks at finished ones alone.",
    SkipReason.ERASED: "The customer was erased with `ordersync forget`, so nothing of them comes back.",
}


def names_of(facts: Facts) -> Names:
    """Every id of the case, also that of an order that is only planned."""
    case = facts.case
    listed = sorted({name for each in facts.printful_orders if (name := text_of(each.get("id")))})
    payment = id_of((facts.session or {}).get("payment_intent"))
    found = {"stripe_payment_intent_id": payment, "printful_order_id": ", ".join(listed), **case.ids}
    ids = {kind: value for kind in _ID_KINDS if (value := found.get(kind))}
    planned = {order_id(case.session_id), f"{UNNUMBERED}{case.session_id}"} if case.session_id else set()
    return Names(ids, frozenset({part for value in ids.values() for part in value.split(", ")} | planned))


def about(plans: Iterable[Plan], names: Names, not_listed: str) -> tuple[Plan, bool]:
    """The part of `plans` about the case, and whether only Printful's list could say more.

    `not_listed` is the reason that a question about one order gives for not reading that list.
    """
    joined = {each.name: list[Any]() for each in fields(Plan) if each.default == ()}
    for plan in plans:
        for name, rows in joined.items():
            rows.extend(getattr(plan, name))
    notes = [note for note in joined["notes"] if names.are_in(note.ids)]
    told = [note for note in notes if not _is_not_listed(note, not_listed)]
    plan = Plan(
        inserts=tuple(each for each in joined["inserts"] if names.has(each.order.session_id)),
        completions=tuple(each for each in joined["completions"] if names.has(each.seen.id)),
        updates=tuple(each for each in joined["updates"] if names.has(each.seen.id)),
        skips=tuple(each for each in joined["skips"] if names.has(each.session_id)),
        failed_sessions=tuple(each for each in joined["failed_sessions"] if names.has(each.session_id)),
        printful_orders=tuple(each for each in joined["printful_orders"] if names.has(each)),
        notes=tuple(told),
        warnings=tuple(dict.fromkeys(joined["warnings"])),
    )
    return plan, len(told) < len(notes)


def _is_not_listed(note: Problem, not_listed: str) -> bool:
    return note.problem_class is ProblemClass.PRINTFUL_NOT_ASKED and not_listed in note.sentence


def beginning_of(facts: Facts) -> datetime:
    """When the case began, as far as anybody says."""
    return _session_time(facts) or facts.past.created_at or _printful_time(facts) or _NEVER


def states(facts: Facts) -> dict[str, str]:
    """The state of the case in each system now."""
    return {"Stripe": _at_stripe(facts), "shop": _in_shop(facts.case.order), "Printful": _at_printful(facts)}


def _at_stripe(facts: Facts) -> str:
    session = facts.session
    if session is None:
        return f"nothing of session {facts.case.session_id}" if facts.case.session_id else "no session is known"
    words = [str(session.get(name)) for name in ("status", "payment_status") if session.get(name)]
    went_back = [
        counted(len(rows), name) for name, rows in (("refund", facts.refunds), ("dispute", facts.disputes)) if rows
    ]
    return ", ".join([*words, shown_amount(session, "amount_total"), *went_back])


def _amount(total: Decimal, currency: str) -> str:
    return f"{currency.upper()} {with_decimals(total, currency.lower()):,f}".strip()


def _in_shop(order: StoredOrder | None) -> str:
    if order is None:
        return "no order"
    amount = _amount(order.total, order.currency or "") if order.total is not None else "no amount"
    personal = {
        "customer_email": order.customer_email,
        "customer_name": order.customer_name,
        "shipping_address": order.shipping_address,
    }
    held = [f"{name} {'(set)' if value else '(empty)'}" for name, value in personal.items()]
    return ", ".join([order.status, amount, counted(len(order.items), "item"), *held])


def _at_printful(facts: Facts) -> str:
    told = [f"{name} is {_word(each)}{_parcels(facts.parcels.get(name))}" for name, each in _named(facts)]
    told += [f"has no order {name} (404)" for name, each in facts.printful.items() if isinstance(each, Missing)]
    return ", ".join(told) or "no order is known"


def _named(facts: Facts) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((str(text_of(each.get("id"))), each) for each in facts.printful_orders)


def _parcels(rows: RawParcels | None) -> str:
    """Each parcel by Printful's words, in brackets; empty where there was no answer."""
    if rows is None or isinstance(rows, NotAsked):
        return ""
    if isinstance(rows, Missing):
        return " (API v2 has no such order)"
    parcels = [f"parcel {each.id} {', '.join(each.words)[:80] or 'without a word'}" for each in read_parcels(rows).all]
    return f" ({'; '.join(parcels) or 'no parcel yet'})"


def _word(order: Mapping[str, Any]) -> str:
    return str(order.get("status"))[:40]


def why_not_more(facts: Facts, plan: Plan, now: datetime, *, is_narrow: bool) -> list[str]:
    """Sentences on what a run leaves, and why; the problems of `plan` are not repeated."""
    skipped = [WHY_SKIPPED[skip.reason] for skip in plan.skips]
    return [*skipped, *_waiting(facts, plan), *_limits(facts, now, is_narrow=is_narrow)]


def _waiting(facts: Facts, plan: Plan) -> Iterator[str]:
    changes = (change for update in plan.updates for change in update.changes if isinstance(change, SetStatus))
    is_open = facts.case.order is None or facts.case.order.status in OPEN
    if facts.parcels and is_open and not any(each.after == Status.DELIVERED for each in changes):
        yield "The order becomes delivered when Printful's API v2 says so of all of its parcels."


def _limits(facts: Facts, now: datetime, *, is_narrow: bool) -> Iterator[str]:
    case, made = facts.case, _session_time(facts)
    if made and made < now - timedelta(days=DEFAULT_DAYS + 1):
        day = f"{made:%Y-%m-%d}"
        yield (
            f"`ordersync sync` looks at the sessions of the last {DEFAULT_DAYS} days, and this one is of {day}: "
            f"`ordersync sync --from {day} --to {day}` does what is shown of its session."
        )
    if case.order and not case.session_id:
        yield "The order names no session, so only Printful's side is compared."
    if case.order and case.session_id and facts.session is None:
        yield "Stripe showed nothing of its session, so only Printful's side is compared."
    if not case.order and not case.session_id:
        yield "No order of the shop names this Printful order, and a run looks at the shop's orders alone."
    if is_narrow:
        yield (
            "No Printful order carries a name of this order. A run also compares the recipients of Printful's other "
            "orders; this command does not read that list."
        )


def _session_time(facts: Facts) -> datetime | None:
    created = unix_second((facts.session or {}).get("created"))
    return None if created is None else datetime.fromtimestamp(created, UTC)


def _printful_time(facts: Facts) -> datetime | None:
    times = [at for each in facts.printful_orders if (at := created_at(each))]
    return datetime.fromtimestamp(min(times), UTC) if times else None
