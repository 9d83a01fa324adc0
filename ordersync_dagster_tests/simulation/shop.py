"""The shop's other programs: they write the same orders at the same time, by plain SQL and in their own way."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from ordersync_dagster_tests.simulation.vendors import DECIMALS, Json, Vendors

WORDS = ("pending", "processing", "shipped", "delivered", "completed", "failed", "refunded", "returned", "cancelled")
ADDRESS = {"name": "Asta Example", "line1": "1 Test Street", "country": "LV"}
Row = dict[str, Any]


def money(session: Json) -> str:
    """What the customer paid, as the column keeps it."""
    currency = session["currency"]
    return format(Decimal(session["amount_total"]).scaleb(-DECIMALS[currency]), "f")


class Shop:
    """A webhook handler and a support desk. A write that finds the database locked does not take place."""

    def __init__(self, path: Path, vendors: Vendors) -> None:
        self._vendors = vendors
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        self.connection.row_factory = sqlite3.Row
        self._count = 0

    def happen(self, what: str, luck: int) -> None:
        """One write; nothing where there is nothing to write, or where ordersync is writing just now."""
        write: Callable[[Random], None] = getattr(self, f"_{what}")
        with suppress(sqlite3.OperationalError):
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("UPDATE pretend_writer SET who = 'shop'")
            write(Random(luck))
            self.connection.execute("UPDATE pretend_writer SET who = 'ordersync'")
            self.connection.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[Row]:
        """What is committed."""
        return [dict(row) for row in self.connection.execute(query, values)]

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _some(self, rng: Random, at_most: int = 1) -> list[Row]:
        orders = self.rows("SELECT * FROM orders ORDER BY stripe_session_id")
        return rng.sample(orders, min(at_most, len(orders)))

    def _order(self, rng: Random) -> None:
        known = {row["stripe_session_id"] for row in self.rows("SELECT stripe_session_id FROM orders")}
        lost = [
            each
            for each in self._vendors.sessions.values()
            if each["payment_status"] == "paid" and each["id"] not in known | self._vendors.odd
        ]
        if lost:
            self._insert(rng.choice(lost), rng)

    def _insert(self, session: Json, rng: Random) -> None:
        made = self._vendors.made_for(session["id"])
        row = {
            "id": f"web-{self._number():04d}",
            "stripe_session_id": session["id"],
            "stripe_payment_intent_id": rng.choice((session["payment_intent"], None)),
            "printful_order_id": str(made["id"]) if made and rng.random() < 0.7 else None,
            "status": rng.choice(("processing", "processing", "pending")),
            "customer_email": session["customer_details"]["email"],
            "customer_name": rng.choice(("Asta Example", None, "")),
            "total_amount": money(session),
            "currency": session["currency"],
            "shipping_address": rng.choice((json.dumps(ADDRESS), None, json.dumps(dict.fromkeys(ADDRESS)))),
            "metadata": rng.choice((json.dumps({"cart": "c1"}), None)),
            "created_at": f"{datetime.fromtimestamp(session['created'], UTC):%Y-%m-%d %H:%M:%S}.000000",
        }
        self._add("orders", row)
        if row["printful_order_id"] and rng.random() < 0.5:
            self._add_items(str(row["id"]), made or {}, rng)

    def _add_items(self, order_id: str, made: Json, rng: Random) -> None:
        for item in made["items"]:
            row = {
                "id": f"item-{self._number():04d}",
                "order_id": order_id,
                "printful_product_id": str(item["product"]["product_id"]),
                "printful_variant_id": str(item[rng.choice(("variant_id", "sync_variant_id"))]),
                "name": item["name"],
                "quantity": item["quantity"],
            }
            self._add("order_items", row)

    def _items(self, rng: Random) -> None:
        for row in self._some(rng, 3):
            made = self._vendors.printful.get(row["printful_order_id"] or "")
            if made and not self.rows("SELECT 1 FROM order_items WHERE order_id = ?", row["id"]):
                self._add_items(row["id"], made, rng)

    def _status(self, rng: Random) -> None:
        word = rng.choice((*WORDS, "on-its-way"))
        for row in self._some(rng, 2):
            self._set(row, "status", word)

    def _link(self, rng: Random) -> None:
        for row in self._some(rng, 3):
            made = self._vendors.made_for(row["stripe_session_id"])
            others = list(self._vendors.printful) if rng.random() < 0.1 else []
            ids = [str(made["id"])] if made else others
            if ids and not row["printful_order_id"]:
                self._set(row, "printful_order_id", rng.choice(ids))

    def _details(self, rng: Random) -> None:
        column, value = rng.choice(
            (
                ("tracking_number", "TRACKSHOP"),
                ("tracking_url", "https://tracking.example.com/shop"),
                ("customer_name", "Asta Example"),
                ("shipping_address", json.dumps(ADDRESS)),
                ("metadata", json.dumps({"note": "gift"})),
            )
        )
        for row in self._some(rng):
            self._set(row, column, value)

    def _set(self, row: Row, column: str, value: str) -> None:
        self.connection.execute(f"UPDATE orders SET {column} = ? WHERE id = ?", (value, row["id"]))

    def _add(self, table: str, row: Row) -> None:
        marks = ", ".join("?" * len(row))
        self.connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
