"""A shop in which each thing that can go wrong went wrong twice."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from ordersync_dagster.sandbox.world import sessions
from ordersync_dagster.sandbox.world.catalogue import PRODUCTS, Pick
from ordersync_dagster.sandbox.world.draft import Draft
from ordersync_dagster.sandbox.world.parcels_v2 import parcel_v2
from ordersync_dagster.sandbox.world.payments import dispute
from ordersync_dagster.sandbox.world.people import Person
from ordersync_dagster.sandbox.world.printful_orders import costs
from ordersync_dagster.sandbox.world.sales import PRINTFUL_DELAY, UNKNOWN_TO_PRINTFUL
from ordersync_dagster.sandbox.world.world import Json, World

TIMES = 2  # each of it


def build_messy(seed: int, now: datetime) -> World:
    """Sales of the last four weeks, each for a customer of its own, and one that is as it should be."""
    mess = _Mess(Draft(seed, now))
    mess.sale()
    for number in range(TIMES):
        mess.unreadable(number)
        mess.payments(number)
        mess.orders(number)
        mess.at_printful(number)
        mess.links()
        mess.money_back(number)
    for _ in range(TIMES):
        mess.returned_parcel()
    return mess.finish()


class _Mess:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._people = count(1)
        self._ages: Iterator[int] = count(30, 7)  # hours: no two sales within the same hour
        self._disputes: list[Json] = []
        self._parcels: dict[int, list[Json]] = {}

    def finish(self) -> World:
        world = self._draft.finish()
        return World(
            now=world.now, sessions=world.sessions, line_items=world.line_items, refunds=world.refunds,
            printful_orders=world.printful_orders, shop=world.shop, disputes=self._disputes,
            parcels=self._parcels,
        )  # fmt: skip

    def sale(
        self, word: str | None = "inprocess", status: str = "processing", *, quantity: int = 1, made: int = 0,
        parcels: int = 0, at_printful: Json | None = None, **overrides: Any,
    ) -> tuple[Json, Json, Json | None]:  # fmt: skip
        """The session, the shop's order, and the Printful order, which stands as `word`; without a word there is none.

        `made` is how many pieces Printful has, where it has not all. `overrides` are of the session.
        """
        columns = overrides.pop("columns", {})
        session, picks, person = self._session(quantity, overrides)
        order = None
        if word is not None:
            made_of = [Pick(pick.article, made) for pick in picks] if made else picks
            order = self._made(session, made_of, person, word, parcels=parcels)
            self._draft.send_to_printful(order | (at_printful or {}))
        known = {"printful_order_id": str(order["id"]) if order else None, **columns}
        if order and order["shipments"]:
            parcel = order["shipments"][-1]
            known |= {"tracking_number": parcel["tracking_number"], "tracking_url": parcel["tracking_url"]}
        row = self._draft.record(session, status, **known)
        if order:
            self._draft.record_items(row, order["items"])
        return session, row, order

    def unreadable(self, number: int) -> None:
        """What nobody can decide: sessions without an amount, an address or a known currency, and values too large."""
        odd: Sequence[Json] = (
            {"amount_total": None},
            {"customer_details": None},
            {"currency": "xyz"},
            {"amount_total": 10**15 + number},
            {"metadata": {"note": "a\0b"}},
        )
        for overrides in odd:
            self._session(1, dict(overrides))
        self.sale(at_printful={"status": None})

    def payments(self, number: int) -> None:
        """Payments without their order, and orders without their payment."""
        _, row, _ = self.sale("fulfilled", "delivered", parcels=1)
        self._twin(row, stripe_session_id=f"cs_test_left{number}", status="completed")  # duplicate_order
        session, picks, _ = self._session(1, {})  # superseded_session
        self._draft.record(session, "completed", stripe_session_id=f"cs_test_open{number}")
        first, picks, _ = self._session(number + 2, {})  # double_payment
        again = self._draft.sell(first["created"] + 900, picks, **self._of(first))
        for each in (first, again):
            self._draft.record(each, "completed")
        self.sale(None, "cancelled")  # paid_but_not_live
        self.sale(None, payment_status="unpaid", age=15 * 24 + number)  # order_without_payment
        transfer: dict[str, Any] = {"payment_method_types": ["customer_balance"], "payment_method_options": {}}
        self.sale(age=13 * 24 + 5 * number, **transfer)  # late_payment
        self.sale(None, mode="subscription", payment_intent=None, invoice=f"in_1Messy{number}")  # refund_unknown

    def orders(self, number: int) -> None:
        """Orders whose values disagree, or cannot be read."""
        self.sale("fulfilled", "delivered", parcels=1, columns={"total_amount": 1 + number})  # order_disagrees
        other = {"customer_email": f"other{number}@example.com", "customer_name": None}
        self.sale("fulfilled", "delivered", parcels=1, columns=other)  # other_email
        self.sale("fulfilled", "delivered", parcels=1, columns={"shipping_address": "12 Main St"})

    def at_printful(self, number: int) -> None:
        """Printful does not make what was paid, or says what the shop does not expect."""
        _, row, _ = self.sale(None, columns={"printful_order_id": str(UNKNOWN_TO_PRINTFUL + number)})
        self.sale("archived")
        self.sale("inprocess", "shipped")  # regress_blocked
        session, picks, person = self._session(1, {})  # items_mismatch
        order = self._made(session, picks, person, "inprocess")
        self._draft.send_to_printful(order)
        row = self._draft.record(session, "processing", printful_order_id=str(order["id"]))
        self._draft.record_items(row, [{**order["items"][0], "variant_id": 9999}])
        self.sale("draft")  # stuck_at_printful
        self.sale("failed", "failed")  # cancelled_at_printful
        self.sale(quantity=3, made=1)  # goods_missing
        self.sale(at_printful={"costs": costs(total="999.00")})  # negative_margin

    def links(self) -> None:
        """Orders and Printful orders that do not find each other."""
        self.sale(None)  # unfulfilled
        session, picks, person = self._session(1, {})  # possible_link
        self._draft.send_to_printful(self._made(session, picks, person, "inprocess", name=None))
        self._draft.record(session, "processing")
        _, row, _ = self.sale("fulfilled", "delivered", parcels=1)  # ambiguous_match
        self.sale(None, "delivered", columns={"printful_order_id": row["printful_order_id"]})
        session, picks, person = self._session(1, {})  # duplicate_fulfilment
        first = self._made(session, picks, person, "inprocess")
        self._draft.send_to_printful(first)
        self._draft.record_items(
            self._draft.record(session, "processing", printful_order_id=str(first["id"])), first["items"]
        )
        self._draft.send_to_printful(self._made(session, picks, person, "inprocess", name=None))
        nobody = {**session, "created": session["created"] - 3600}  # orphan_printful
        self._draft.send_to_printful(
            self._made(nobody, picks, self._person(), "inprocess", name=self._draft.ids.payment_intent())
        )

    def money_back(self, number: int) -> None:
        """Payments that went back, a part of them, or that may go back."""
        for word, amount in (("inprocess", None), ("inprocess", 100)):  # refunded_but_shipping, partly_refunded
            session, _, _ = self.sale(word)
            self._draft.refund(session, amount or session["amount_total"])
        session, _, _ = self.sale(None, "completed")  # payment_refunded
        self._draft.refund(session, session["amount_total"], status="pending")
        for word, status, parcels in (("fulfilled", "delivered", 1), ("inprocess", "processing", 0)):
            session, _, _ = self.sale(word, status, parcels=parcels)  # disputed, disputed_but_shipping
            self._disputes.append(
                dispute(
                    id=self._draft.ids.token("du_3", 23), amount=session["amount_total"],
                    charge=self._draft.ids.token("ch_3", 23), payment_intent=session["payment_intent"],
                    currency=session["currency"], created=session["created"] + 3600,
                )
            )  # fmt: skip

    def returned_parcel(self) -> None:
        """A parcel that came back, as Printful's API v2 alone says."""
        _, _, order = self.sale("fulfilled", "shipped", parcels=1)  # not_delivered
        words = {"delivery_status": "return_to_sender", "delivered_at": None}
        if order:
            now = self._draft.now
            self._parcels[order["id"]] = [parcel_v2(order, each, now, **words) for each in order["shipments"]]

    def _session(self, quantity: int, overrides: Json) -> tuple[Json, list[Pick], Person]:
        age, person = overrides.pop("age", None) or next(self._ages), self._person()
        picks = [Pick(PRODUCTS[age % len(PRODUCTS)], quantity)]
        session = self._draft.sell_prints(self._draft.ago(hours=age), picks, person=person, **overrides)
        return session, picks, person

    def _made(
        self, session: Json, picks: Sequence[Pick], person: Person, word: str, *, parcels: int = 0,
        name: str | None = "",
    ) -> Json:  # fmt: skip
        external_id = session["payment_intent"] if name == "" else name
        return self._draft.parcels.order(
            session["created"] + PRINTFUL_DELAY, picks, person=person, status=word, parcels=parcels,
            external_id=external_id,
        )  # fmt: skip

    def _twin(self, row: Json, **columns: Any) -> None:
        """Another order with the payment of `row`."""
        session = {
            **sessions.checkout_session(id=columns["stripe_session_id"]),
            "payment_intent": row["stripe_payment_intent_id"],
        }
        self._draft.record(session, columns["status"], total_amount=row["total_amount"])

    def _of(self, session: Json) -> Json:
        """What a second purchase of the same customer has in common."""
        names = ("customer_details", "collected_information", "currency", "amount_total", "amount_subtotal")
        return {name: session[name] for name in names}

    def _person(self) -> Person:
        number = next(self._people)
        name, street, code = f"Customer Number{number}", f"{number} Test Street", f"LV-{1000 + number}"
        return Person(name, f"customer{number}@example.com", street, None, "Riga", None, code, "LV")
