"""The minimum time for the same work: read and parse 16 slices at once, and only write rows.

`python -m benchmarks.floors BASE START END` prints the seconds, CPU seconds and sessions of the reading, without
imports.
"""

import asyncio
import json
import sqlite3
import sys
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import psycopg

from ordersync_dagster.sandbox import STRIPE_KEY

SLICES = 16
COLUMNS = (
    "id, stripe_session_id, stripe_payment_intent_id, status, customer_email, customer_name, total_amount, "
    "currency, shipping_address, metadata, created_at, updated_at"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading floor; `rows` sessions were read and parsed."""

    wall: float
    cpu: float
    rows: int


async def read(base: str, start: int, end: int) -> int:
    """Read every complete session of [start, end): sixteen equal slices at once, each page by page."""
    edges = [start + (end - start) * n // SLICES for n in range(SLICES + 1)]
    headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
    async with aiohttp.ClientSession(base, headers=headers) as client:
        counts = await asyncio.gather(*(_slice(client, edges[n], edges[n + 1]) for n in range(SLICES)))
    return sum(counts)


async def _slice(client: aiohttp.ClientSession, start: int, end: int) -> int:
    params = {"limit": "100", "status": "complete", "created[gte]": str(start), "created[lt]": str(end)}
    count = 0
    while True:
        async with client.get("/v1/checkout/sessions", params=params) as answer:
            page = json.loads(await answer.read())
        count += len(page["data"])
        if not page["has_more"]:
            return count
        params["starting_after"] = page["data"][-1]["id"]


def write(url: str, rows: list[tuple[Any, ...]]) -> float:
    """Seconds to write `rows` into an empty table of orders in one transaction, in the database's fastest way."""
    return (
        _copied(driver_url(url), rows)
        if url.startswith("postgres")
        else _executed(url.removeprefix("sqlite:///"), rows)
    )


def driver_url(url: str) -> str:
    """The URL for PostgreSQL's own library, without SQLAlchemy's driver name."""
    return url.replace("postgresql+psycopg:", "postgresql:")


def _copied(url: str, rows: list[tuple[Any, ...]]) -> float:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute("CREATE TEMPORARY TABLE fresh (LIKE orders) ON COMMIT DROP")
        with cursor.copy(f"COPY fresh ({COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"INSERT INTO orders ({COLUMNS}) SELECT {COLUMNS} FROM fresh ON CONFLICT DO NOTHING")
        connection.commit()
        return time.perf_counter() - started


def _executed(path: str, rows: list[tuple[Any, ...]]) -> float:
    marks = ", ".join("?" * len(rows[0]))
    connection = sqlite3.connect(path)
    started = time.perf_counter()
    with connection:
        connection.executemany(f"INSERT INTO orders ({COLUMNS}) VALUES ({marks}) ON CONFLICT DO NOTHING", rows)
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def rows(size: int) -> list[tuple[Any, ...]]:
    """`size` rows that both databases accept."""
    address = json.dumps({"name": "Ada Example", "line1": "1 Example Street", "city": "Example", "country": "IE"})
    same = ("processing", "ada@example.com", "Ada Example", "84.00", "usd", address, '{"cart_id": "c1"}')
    moment = "2026-01-31 12:00:00"
    return [(f"order-{n:032d}", f"cs_test_{n:058d}", f"pi_{n:024d}", *same, moment, moment) for n in range(size)]


if __name__ == "__main__":
    began, used = time.perf_counter(), time.process_time()
    found = asyncio.run(read(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    print(json.dumps([time.perf_counter() - began, time.process_time() - used, found]))
