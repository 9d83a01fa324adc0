"""Shops in which much is odd, made from a seed: shared references, payments at midnight, rows of other sessions."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from ordersync_dagster.core.window import midnight
from ordersync_dagster.sandbox import (
    Fault,
    Sandbox,
    ShopRows,
    World,
    checkout_session,
    customer_details,
    dispute,
    invoice_payment,
    printful_item,
    printful_order,
    refund,
)
from ordersync_dagster.sandbox.world.printful_orders import recipient
from ordersync_dagster_tests.support.clock import NOW

Json = dict[str, Any]
DAYS = 6
EMAILS = ("a@example.com", "b@example.com", "C@Example.com")
MINUTES = (-70, -50, -20, -5, 0, 5, 20, 50, 70, 300, 600)  # from some midnight
FAR_ORDERS = 120  # of another channel, so that Printful's list has two pages
WORDS = ("draft", "inprocess", "fulfilled", "canceled", "failed", "onhold")
STATUSES = ("pending", "pending", "processing", "cancelled", "failed", "refunded", "shipped")


def odd_world(seed: int, *, is_numbered: bool) -> World:
    """Some sessions of the last days, orders that fit them more or less, and what Printful makes of both."""
    luck = Random(seed)
    names = [str(place + 1) if is_numbered else _name(luck, place) for place in range(luck.randint(0, 4))]
    sessions = [_session(luck, place, names) for place in range(luck.randint(3, 9))]
    taken: set[str] = set()
    rows = [_row(luck, place, name, sessions, taken) for place, name in enumerate(names)]
    made = [order for place, session in enumerate(sessions) for order in _made(luck, place, session)]
    return World(
        NOW,
        _newest_first(sessions),
        printful_orders=_newest_first(made),
        shop=ShopRows(rows, []),
        refunds=[each for session in sessions for each in _refunds(luck, session)],
        disputes=[each for session in sessions for each in _disputes(luck, session)],
        invoice_payments=[_paid(each) for each in sessions if each["invoice"]],
    )


def with_far_orders(world: World) -> World:
    """The same, and so many Printful orders of another channel that its list has two pages."""
    far = [printful_order(id=90_000 + place, external_id=None, **_far(place)) for place in range(FAR_ORDERS)]
    return replace(world, printful_orders=_newest_first([*world.printful_orders, *far]))


def shift_pages(sandbox: Sandbox) -> None:
    """Printful gets an order while the next run reads its list: the second page begins with the end of the first."""
    rows = list(sandbox.world.printful_orders)
    body = {"code": 200, "result": rows[1:101], "paging": {"total": len(rows) - 1, "offset": 0, "limit": 100}}
    sandbox.faults.clear()
    sandbox.faults.add(Fault("/orders", "status", status=200, match="offset=0&", body=json.dumps(body)))


def _far(place: int) -> Json:
    made = int(NOW.timestamp()) - 3600 * (place + 1)
    return {"status": "inprocess", "created": made, "recipient": recipient(email=f"far{place}@example.com")}


def _name(luck: Random, place: int) -> str:
    return str(UUID(int=luck.getrandbits(128), version=4)) if luck.random() < 0.6 else str(1000 + place)


def _session(luck: Random, place: int, names: list[str]) -> Json:
    day = midnight(NOW.date() - timedelta(days=luck.randint(0, 3)))
    created = min(day + timedelta(minutes=luck.choice(MINUTES)), NOW - timedelta(hours=2))
    is_subscription = luck.random() < 0.1
    reference = luck.choice([*names, None]) if luck.random() < 0.6 else None
    return checkout_session(
        id=f"cs_test_{place:02d}",
        mode="subscription" if is_subscription else "payment",
        payment_intent=None if is_subscription else f"pi_{place:02d}",
        invoice=f"in_{place}" if is_subscription else None,
        created=int(created.timestamp()),
        amount_total=luck.choice([1999, 1999, 2600]),
        amount_subtotal=1999,
        customer_details=customer_details(email=luck.choice(EMAILS)),
        payment_status=luck.choice(["paid"] * 6 + ["unpaid"]),
        client_reference_id=reference,
        metadata={"printfulOrderId": str(5000 + place)} if luck.random() < 0.15 else {},
    )


def _row(luck: Random, place: int, name: str, sessions: list[Json], taken: set[str]) -> Json:
    own = luck.choice(sessions)
    is_named = luck.random() < 0.4 and own["id"] not in taken
    session_id, payment = (own["id"], own["payment_intent"]) if is_named else (f"cs_test_left{place}", None)
    taken.add(session_id)
    if not is_named and luck.random() < 0.5:
        state = luck.choice([("unpaid", "expired"), ("unpaid", "complete"), ("paid", "complete")])
        left = {"id": session_id, "payment_intent": f"pi_left{place}", "payment_status": state[0], "status": state[1]}
        sessions.append({**own, **left, "client_reference_id": name if luck.random() < 0.5 else None})
    created = datetime.fromtimestamp(own["created"], UTC).replace(tzinfo=None)
    return {
        "id": name,
        "stripe_session_id": session_id,
        "stripe_payment_intent_id": luck.choice([None, payment, f"pi_tried{place}", f"pi_left{place}"]),
        "printful_order_id": luck.choice([None, None, str(5000 + luck.randint(0, len(sessions)))]),
        "status": luck.choice(STATUSES),
        "customer_email": own["customer_details"]["email"] if luck.random() < 0.8 else "z@example.com",
        "total_amount": luck.choice([Decimal(own["amount_total"]) / 100] * 3 + [Decimal("5.00")]),
        "currency": luck.choice(["usd", "USD"]),
        "created_at": created,
        "updated_at": created,
    }


def _made(luck: Random, place: int, session: Json) -> list[Json]:
    is_noted = bool(session["metadata"])
    if not is_noted and luck.random() > 0.3:
        return []
    name = None if is_noted else luck.choice([session["payment_intent"], session["client_reference_id"], None])
    return [
        printful_order(
            id=5000 + place,
            external_id=name,
            status=luck.choice(WORDS),
            created=session["created"] + luck.choice([30, 3600, 90_000]),
            recipient=recipient(email=session["customer_details"]["email"]),
            items=[printful_item(id=7000 + 10 * place + each) for each in range(luck.randint(1, 2))],
        )
    ]


def _refunds(luck: Random, session: Json) -> list[Json]:
    return [
        refund(
            id=f"re_{session['id']}_{place}",
            payment_intent=_payment_of(session),
            amount=luck.choice([500, 1000, 1999, 2600]),
            currency=luck.choice([session["currency"]] * 4 + ["eur"]),
            created=session["created"] + 60 + place,
        )
        for place in range(luck.choice([0, 0, 0, 1, 1, 2]))
    ]


def _disputes(luck: Random, session: Json) -> list[Json]:
    if luck.random() > 0.1:
        return []
    status, name = luck.choice(["lost", "needs_response", "won"]), f"dp_{session['id']}"
    about = {"payment_intent": _payment_of(session), "amount": session["amount_total"]}
    return [dispute(id=name, status=status, created=session["created"] + 90, **about)]


def _payment_of(session: Json) -> str:
    return session["payment_intent"] or f"pi_of_{session['invoice']}"


def _paid(session: Json) -> Json:
    payment = {"type": "payment_intent", "payment_intent": _payment_of(session)}
    return invoice_payment(
        id=f"inpay_{session['id']}", invoice=session["invoice"], created=session["created"] + 5, payment=payment
    )


def _newest_first(records: list[Json]) -> list[Json]:
    return sorted(records, key=lambda each: -each["created"])
