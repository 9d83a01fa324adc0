"""Stripe and Printful as they are at a moment, and all that may happen there."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from ordersync_dagster.sandbox import checkout_session, customer_details, line_item, printful_item, printful_order
from ordersync_dagster.sandbox import dispute as dispute_of
from ordersync_dagster.sandbox import refund as refund_of
from ordersync_dagster.sandbox import shipment as parcel_of
from ordersync_dagster.sandbox.world.parcels_v2 import parcel_v2

Json = dict[str, Any]
START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DECIMALS = {"usd": 2, "eur": 2, "jpy": 0, "kwd": 3}
VARIANTS = (4011, 4012, 1320)
WORDS = ("draft", "pending", "onhold", "inprocess", "partial", "fulfilled", "failed", "canceled", "on_mars")
ODD: tuple[Json, ...] = (
    {"payment_status": "no_payment_required"},
    {"payment_status": "maybe"},
    {"mode": "setup"},
    {"status": "expired"},
    {"currency": "xyz"},
    {"amount_total": -1},
    {"amount_total": "26.00"},
    {"customer_details": None},
    {"metadata": {"note": "\0"}},
    {"metadata": ["not an object"]},
)


class Vendors:
    """The state of both vendors; `said` keeps every word that Printful ever said of an order."""

    def __init__(self) -> None:
        self.now = START
        self.sessions: dict[str, Json] = {}
        self.odd: set[str] = set()  # sessions that can become no order
        self.refunds: list[Json] = []
        self.disputes: list[Json] = []
        self.printful: dict[str, Json] = {}
        self.printful_of: dict[str, str] = {}  # session id → the Printful order made for it
        self.said: dict[str, set[str]] = defaultdict(set)
        self.arrived: set[str] = set()  # Printful orders all of whose parcels were ever said to be delivered
        self._count = 0

    def happen(self, what: str, luck: int) -> None:
        """One change; nothing where there is nobody for it to happen to."""
        getattr(self, f"_{what}")(Random(luck))

    def made_for(self, session_id: str) -> Json | None:
        """The Printful order of a session, while Printful has it."""
        return self.printful.get(self.printful_of.get(session_id, ""))

    def parcels(self, order_id: str) -> list[Json]:
        """What API v2 says of the parcels: some come back, the others arrive one after the other."""
        order = self.printful[order_id]
        hours = (self.now - START) / timedelta(hours=1)
        rows = [parcel_v2(order, each, self.now, **_fate(each["id"], hours)) for each in order["shipments"]]
        if rows and all(each["delivery_status"] == "delivered" for each in rows):
            self.arrived.add(order_id)
        return rows

    def is_due(self, session: Json, ripe_before: datetime) -> bool:
        """Whether a run must see to it that this session has an order."""
        is_paid = session["payment_status"] == "paid" and session["status"] == "complete"
        return bool(is_paid and session["id"] not in self.odd and session["created"] < ripe_before.timestamp())

    def is_given_back(self, session: Json) -> bool:
        """Whether the whole payment went back."""
        intent = session["payment_intent"]
        lost = [each for each in self.disputes if each["status"] == "lost"]
        back = [each["amount"] for each in (*self.refunds, *lost) if each["payment_intent"] == intent]
        return bool(sum(back) >= session["amount_total"])

    def is_disputed(self, session: Json) -> bool:
        """Whether a dispute about the payment is undecided."""
        open_ones = [each for each in self.disputes if each["status"] not in ("won", "lost")]
        return session["payment_intent"] in {each["payment_intent"] for each in open_ones}

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _sale(self, rng: Random) -> None:
        number = self._number()
        currency, units, price = rng.choice(("usd", "usd", "eur", "jpy", "kwd")), rng.randint(1, 2), 1300
        made = int((self.now - timedelta(minutes=rng.choice((0, 10, 30, 300, 1400)))).timestamp())
        line = line_item(quantity=units, amount_total=units * price, currency=currency)
        session = checkout_session(
            id=f"cs_test_{number:04d}",
            payment_intent=f"pi_{number:04d}",
            created=made,
            currency=currency,
            amount_total=units * price,
            payment_status=rng.choice(("paid", "paid", "paid", "unpaid")),
            customer_details=customer_details(email=f"c{number}@example.com"),
            line_items={"data": [line], "has_more": False},
        )
        if rng.random() < 0.15:
            session |= rng.choice(ODD)
            self.odd.add(session["id"])
        self.sessions[session["id"]] = session
        if rng.random() < 0.6:
            order_id = self._make(session, rng)
            if rng.random() < 0.4 and isinstance(session["metadata"], dict):
                session["metadata"] = {**session["metadata"], "printfulOrderId": order_id}

    def _payment(self, rng: Random) -> None:
        waiting = [each for each in self.sessions.values() if each["payment_status"] == "unpaid"]
        if waiting:
            rng.choice(waiting)["payment_status"] = "paid"

    def _refund(self, rng: Random) -> None:
        if known := self._money_back(rng):
            self.refunds.append(refund_of(id=f"re_{self._number():04d}", **known))

    def _dispute(self, rng: Random) -> None:
        if known := self._money_back(rng):
            status = rng.choice(("needs_response", "under_review", "won", "lost", "lost"))
            self.disputes.append(dispute_of(id=f"du_{self._number():04d}", status=status, **known))

    def _dispute_decided(self, rng: Random) -> None:
        if self.disputes:
            rng.choice(self.disputes)["status"] = rng.choice(("won", "lost"))

    def _money_back(self, rng: Random) -> Json:
        paid = [
            each for each in self.sessions.values() if each["payment_status"] == "paid" and each["id"] not in self.odd
        ]
        if not paid:
            return {}
        session = rng.choice(paid)
        amount = rng.choice((session["amount_total"], session["amount_total"], 1))
        known = {key: session[key] for key in ("payment_intent", "currency")}
        return {**known, "amount": amount, "created": int(self.now.timestamp())}

    def _printful_order(self, rng: Random) -> None:
        without = [each for each in self.sessions.values() if each["id"] not in self.printful_of]
        if without:
            self._make(rng.choice(without), rng)

    def _make(self, session: Json, rng: Random) -> str:
        number = self._number()
        currency = str(session["currency"])
        email = session["customer_details"]["email"] if session["customer_details"] else None
        order = printful_order(
            id=1000 + number,
            recipient={"email": rng.choice((email, email, email, None, "somebody.else@example.com"))},
            external_id=rng.choice((session["payment_intent"], None)),
            created=max(session["created"], int(self.now.timestamp())),
            status=rng.choice(WORDS[:4]),
            items=[self._item(rng) for _ in range(rng.randint(1, 3))],
            retail_costs={"currency": currency.upper()},
        )
        order_id = str(order["id"])
        self.printful[order_id], self.printful_of[session["id"]] = order, order_id
        self.said[order_id].add(order["status"])
        return order_id

    def _item(self, rng: Random) -> Json:
        return printful_item(id=5000 + self._number(), variant_id=rng.choice(VARIANTS), quantity=rng.randint(1, 2))

    def _some_orders(self, rng: Random, at_most: int = 1) -> list[Json]:
        return rng.sample(list(self.printful.values()), min(at_most, len(self.printful)))

    def _printful_word(self, rng: Random) -> None:
        word = rng.choice(WORDS)
        for order in self._some_orders(rng, 4):
            order["status"] = word
            self.said[str(order["id"])].add(word)

    def _printful_item(self, rng: Random) -> None:
        for order in self._some_orders(rng):
            order["items"] = [*order["items"], self._item(rng)]

    def _parcel(self, rng: Random) -> None:
        for order in self._some_orders(rng):
            number = self._number()
            known: Json = rng.choice(
                ({"tracking_number": f"TRACK{number}"}, {"tracking_number": 0, "tracking_url": None})
            )
            parcel = parcel_of(id=30_000_000 + number, of=order["items"], **known)
            order["shipments"] = [*order["shipments"], parcel]

    def _printful_loss(self, rng: Random) -> None:
        for order in self._some_orders(rng):
            del self.printful[str(order["id"])]

    def _time(self, rng: Random) -> None:
        self.now += timedelta(minutes=rng.choice((1, 16, 90, 600, 1500)))

    def _clock_back(self, rng: Random) -> None:
        self.now -= timedelta(minutes=rng.choice((1, 10)))


def _fate(parcel_id: int, hours: float) -> Json:
    turn = parcel_id % 4
    word = "return_to_sender" if turn == 3 else "delivered" if hours >= 12 * turn else "in_transit"
    return {"delivery_status": word, "delivered_at": None}


def newest_first(records: Sequence[Json]) -> list[Json]:
    """As both vendors list them."""
    return sorted(records, key=lambda each: (-each["created"], str(each["id"])))
