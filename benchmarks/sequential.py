"""The baseline: a simple script that does one thing after another, measured on a few records and multiplied.

One page at a time; for each session one SELECT and one INSERT, each committed by itself; one GET per Printful order.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import requests

from benchmarks.floors import COLUMNS, driver_url

PAGES, PRINTFUL_ORDERS = 10, 50  # measured; the rest is multiplied
PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Sequential:
    """Seconds of one page, of one session's two statements, and of one Printful order."""

    page: float
    session: float
    printful_order: float

    def stripe_side(self, sessions: int) -> float:
        """Seconds for so many sessions."""
        return sessions / PER_PAGE * self.page + sessions * self.session

    def printful_side(self, orders: int, per_minute: int) -> float:
        """Seconds for so many orders; the vendor allows no more than `per_minute`."""
        return max(orders * self.printful_order, orders / per_minute * 60)


def measure(url: str, environment: Mapping[str, str], rows: list[tuple[Any, ...]]) -> Sequential:
    """Read a few pages, store `rows`, ask for a few orders. The database must have its tables."""
    client = requests.Session()
    base, key = environment["STRIPE_API_BASE"], environment["STRIPE_SECRET_KEY"]
    page = _seconds(lambda: _pages(client, f"{base}/v1/checkout/sessions", key)) / PAGES
    session = _seconds(lambda: _statements(url, rows)) / len(rows)
    token = environment["PRINTFUL_API_KEY"]
    order = _seconds(lambda: _orders(client, f"{environment['PRINTFUL_API_BASE']}/orders", token)) / PRINTFUL_ORDERS
    return Sequential(page, session, order)


def _pages(client: requests.Session, url: str, key: str) -> None:
    params = {"limit": str(PER_PAGE), "status": "complete"}
    for _ in range(PAGES):
        page = client.get(url, params=params, headers={"Authorization": f"Bearer {key}"}, timeout=30).json()
        if page["has_more"]:
            params["starting_after"] = page["data"][-1]["id"]
        else:
            params.pop("starting_after", None)  # a small shop has fewer pages: from the beginning again


def _orders(client: requests.Session, url: str, token: str) -> None:
    for number in range(PRINTFUL_ORDERS):  # a missing one takes as long as an existing one
        client.get(f"{url}/{number}", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def _statements(url: str, rows: list[tuple[Any, ...]]) -> None:
    is_postgres = url.startswith("postgres")
    mark = "%s" if is_postgres else "?"
    connection: Any = (
        psycopg.connect(driver_url(url), autocommit=True)
        if is_postgres
        else sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    )
    marks = ", ".join([mark] * len(rows[0]))
    for row in rows:
        connection.execute(f"SELECT * FROM orders WHERE stripe_session_id = {mark}", (row[1],)).fetchall()
        connection.execute(f"INSERT INTO orders ({COLUMNS}) VALUES ({marks})", row)
    connection.close()


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
