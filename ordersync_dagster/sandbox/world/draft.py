"""A world under construction: sales, their orders in the shop, and their orders at Printful."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from ordersync_dagster.sandbox.world import payments, sessions, shop
from ordersync_dagster.sandbox.world.catalogue import DOWNLOADS, PRODUCTS, SHIPPING, Pick
from ordersync_dagster.sandbox.world.identifiers import Ids
from ordersync_dagster.sandbox.world.parcels import Parcels
from ordersync_dagster.sandbox.world.people import PEOPLE, Person
from ordersync_dagster.sandbox.world.world import Json, ShopRows, World, newest_first


class Draft:
    """Collects records in any order; `finish` sorts them into a world."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.rng = Random(seed)  # repeatable, not secret
        self.now = now
        self.ids = Ids(self.rng)
        self.parcels = Parcels(self.ids)
        self._sessions: list[Json] = []
        self._lines: dict[str, list[Json]] = {}
        self._refunds: list[Json] = []
        self._printful: list[Json] = []
        self._rows = ShopRows()

    def ago(self, **duration: float) -> int:
        """The Unix time so long before now."""
        return int((self.now - timedelta(**duration)).timestamp())

    def person(self) -> Person:
        """A random customer."""
        return self.rng.choice(PEOPLE)

    def basket(self, size: int) -> list[Pick]:
        """A basket of `size` different prints."""
        return [Pick(product, self.rng.choice((1, 1, 1, 2))) for product in self.rng.sample(PRODUCTS, size)]

    def sell(self, created: int, picks: Sequence[Pick], *, shipping: int = 0, **overrides: Any) -> Json:
        """A session for these goods; paid, unless the overrides say something else."""
        currency = overrides.setdefault("currency", "usd")
        goods = sum(pick.article.price * pick.quantity for pick in picks)
        known = {
            "id": self.ids.session(),
            "payment_intent": self.ids.payment_intent(),
            "created": created,
            "amount_subtotal": goods,
            "amount_total": goods + shipping,
            "total_details": {"amount_discount": 0, "amount_shipping": shipping, "amount_tax": 0},
        }
        session = sessions.checkout_session(**{**known, **overrides})
        self._sessions.append(session)
        self._lines[session["id"]] = [self._line(pick, currency) for pick in picks]
        return session

    def sell_prints(self, created: int, picks: Sequence[Pick], **overrides: Any) -> Json:
        """A session with a shipping address; `is_legacy` puts it where old API versions had it."""
        person = overrides.pop("person", None) or self.person()
        details = sessions.collected_information(person)
        rate = self.ids.token("shr_1", 23)
        shape: Json = {
            "customer_details": sessions.customer_details(person),
            "collected_information": details,
            "shipping_address_collection": {"allowed_countries": ["CA", "DE", "FR", "GB", "JP", "US"]},
            "shipping_cost": shipping_cost(rate),
            "shipping_options": [{"shipping_amount": SHIPPING, "shipping_rate": rate}],
        }
        if overrides.pop("is_legacy", False):
            shape |= {"collected_information": None, "shipping_details": details["shipping_details"]}
        return self.sell(created, picks, shipping=SHIPPING, **{**shape, **overrides})

    def sell_download(self, created: int, **overrides: Any) -> Json:
        """A session for a file: no shipping, and only the part of the address that the bank needs."""
        person = self.person()
        bank = {
            **dict.fromkeys(person.address()),
            "country": person.country,
            "postal_code": person.postal_code,
        }
        shape: Json = {
            "customer_details": sessions.customer_details(person, address=bank),
            "collected_information": self.rng.choice((None, {"shipping_details": None})),
            "currency": self.rng.choice(("usd", "usd", "eur")),
            "metadata": {"kind": "download"},
        }
        return self.sell(created, [Pick(self.rng.choice(DOWNLOADS))], **{**shape, **overrides})

    def record(self, session: Json, status: str, **columns: Any) -> Json:
        """The order as the shop's webhook handler stored it."""
        row = shop.order_row(session, status=status, **columns)
        self._rows.orders.append(row)
        return row

    def record_items(self, order: Json, items: Sequence[Json]) -> None:
        """The rows of order_items as the webhook handler stored them."""
        self._rows.order_items.extend(shop.item_row(order, item) for item in items)

    def send_to_printful(self, order: Json) -> None:
        """Adds an order at Printful."""
        self._printful.append(order)

    def refund(self, session: Json, amount: int, *, status: str = "succeeded") -> None:
        """A refund one day after the session."""
        self._refunds.append(
            payments.refund(
                id=self.ids.token("re_3", 23),
                amount=amount,
                charge=self.ids.token("ch_3", 23),
                balance_transaction=self.ids.token("txn_3", 23),
                created=session["created"] + 86_400,
                currency=session["currency"],
                payment_intent=session["payment_intent"],
                status=status,
            )
        )

    def finish(self) -> World:
        """The world with all records so far, newest first."""
        return World(
            now=self.now,
            sessions=newest_first(self._sessions),
            line_items=self._lines,
            refunds=newest_first(self._refunds),
            printful_orders=newest_first(self._printful),
            shop=self._rows,
        )

    def _line(self, pick: Pick, currency: str) -> Json:
        article = pick.article
        return sessions.line_item(
            id=self.ids.token("li_1", 23),
            amount_total=article.price * pick.quantity,
            currency=currency,
            description=article.name,
            quantity=pick.quantity,
            price=sessions.price(
                id=self.ids.token("price_1", 23),
                currency=currency,
                unit_amount=article.price,
                product=self.ids.token("prod_", 14),
            ),
        )


def shipping_cost(rate: str) -> Json:
    """The flat rate as a session names it."""
    return {"amount_subtotal": SHIPPING, "amount_tax": 0, "amount_total": SHIPPING, "shipping_rate": rate}
