"""A shop that waits for its parcels, with one fulfilled order whose parcels the test chooses."""

from typing import Any

from ordersync_dagster.app.run import Run
from ordersync_dagster.sandbox.world.parcels_v2 import parcel_v2
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched

WAITING = {"PRINTFUL_DELIVERY": "shipments"}


class Waiting:
    """The shop and its order."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        fulfilled = shop.of_printful("fulfilled")
        self.id, self.printful_id = fulfilled["id"], int(fulfilled["printful_order_id"])

    def run(self, **options: Any) -> Run:
        settings = settings_for(self.shop.sandbox, self.shop.database.url, **WAITING)
        run = launched(settings, tools=self.shop.time.tools(2), **options)
        for _ in run.parts:
            continue
        return run

    def asked(self) -> list[str]:
        """The Printful ids whose parcels were asked for since the last question."""
        parts = [request.path.split("/") for request in self.shop.sandbox.requests]
        self.shop.sandbox.requests.clear()
        return [part[3] for part in parts if part[-1] == "shipments"]

    def row(self) -> dict[str, Any]:
        (row,) = self.shop.database.rows("SELECT * FROM orders WHERE id = :id", id=self.id)
        return row

    def put(self, *words: str, **overrides: Any) -> None:
        """The order's parcels at Printful, each with its word."""
        order = self.order()
        first = order["shipments"][0]
        self.shop.sandbox.put_parcels(
            self.printful_id,
            [
                parcel_v2(
                    order, first, self.shop.sandbox.world.now, id=first["id"] + n, delivery_status=word, **overrides
                )
                for n, word in enumerate(words)
            ],
        )

    def order(self) -> dict[str, Any]:
        return next(each for each in self.shop.sandbox.world.printful_orders if each["id"] == self.printful_id)

    def set_status(self, status: str) -> None:
        self.shop.database.execute("UPDATE orders SET status = :status WHERE id = :id", status=status, id=self.id)
