"""Pretend worlds for tests: served over HTTP, and what is in them, counted by rules of our own."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from ordersync_dagster.sandbox import Fault, Sandbox, World, build, serve
from ordersync_dagster_tests.support.clock import NOW


@lru_cache(maxsize=2)
def outage_of(minute: datetime) -> World:
    """The default scenario as of a whole minute; tests of the same minute share it, and what is copied from it."""
    return build("outage", now=minute)


@contextmanager
def served(world: World, **how: Any) -> Iterator[Sandbox]:
    """As `serve`; in the end they must have seen nothing but GET."""
    with serve(world, **how) as sandbox:
        yield sandbox
    assert sandbox.methods <= {"GET"}, "something was sent to a vendor"


WORDS = {
    "draft": "processing", "pending": "processing", "onhold": "processing", "inprocess": "processing",
    "partial": "shipped", "fulfilled": "delivered", "failed": "failed", "canceled": "cancelled",
}  # fmt: skip
MOVES = {
    "processing": {"shipped", "delivered", "cancelled", "failed"},
    "failed": {"processing", "shipped", "delivered", "cancelled"},
    "shipped": {"delivered"},
}


def in_window(world: World) -> list[dict[str, Any]]:
    """Complete sessions of the last 30 days."""
    start = (world.now - timedelta(days=30)).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    return [s for s in world.sessions if s["status"] == "complete" and s["created"] >= start]


def lost(world: World) -> list[dict[str, Any]]:
    """Paid at least 20 minutes ago, and without an order."""
    known = {row["stripe_session_id"] for row in world.shop.orders}
    latest = world.now.timestamp() - 20 * 60
    return [
        s for s in in_window(world)
        if s["payment_status"] == "paid" and s["created"] <= latest and s["id"] not in known
    ]  # fmt: skip


def wanted(world: World) -> list[dict[str, Any]]:
    """The orders to look up: those of the shop, and what the lost sessions would become."""
    blank = {"id": None, "status": "processing", "tracking_number": None}
    named = [s["metadata"]["printfulOrderId"] for s in lost(world) if "printfulOrderId" in s["metadata"]]
    new = [{**blank, "printful_order_id": order_id} for order_id in named]
    return [row for row in world.shop.orders if row["printful_order_id"]] + new


def differences(world: World) -> list[tuple[bool, bool, int]]:
    """For each wanted order: does its status move, does it lack tracking, how many items are missing."""
    at_printful = {str(order["id"]): order for order in world.printful_orders}
    found = []
    for row in wanted(world):
        order = at_printful.get(row["printful_order_id"])
        if order is not None:
            moves = WORDS.get(order["status"]) in MOVES.get(row["status"], set())
            lacks_tracking = bool(order["shipments"]) and row["tracking_number"] is None
            found.append((moves, lacks_tracking, missing_items(world, row, order)))
    return found


def missing_items(world: World, row: dict[str, Any], order: dict[str, Any]) -> int:
    stored = Counter(
        (item["printful_variant_id"], item["quantity"])
        for item in world.shop.order_items
        if item["order_id"] == row["id"]
    )
    return (Counter((str(item["variant_id"]), item["quantity"]) for item in order["items"]) - stored).total()


@dataclass(frozen=True)
class Counters:
    """The seven counters of a run, by their names in `--json` and in the order of the text."""

    stripe_sessions_checked: int
    stripe_sessions_added: int
    stripe_sessions_skipped: int
    printful_orders_checked: int
    printful_orders_updated: int
    printful_items_added: int
    errors: int = 0


def expected_counters(world: World) -> Counters:
    """What a run over the last 30 days has to count."""
    sessions, changed = in_window(world), [found for found in differences(world) if any(found)]
    added = len(lost(world))
    items = sum(missing for _, _, missing in changed)
    return Counters(len(sessions), added, len(sessions) - added, len(wanted(world)), len(changed), items)


def lost_ids(world: World) -> list[str]:
    return [session["id"] for session in lost(world)]


def without_a_link(world: World) -> list[str]:
    """The lost sessions that name no Printful order."""
    return [session["id"] for session in lost(world) if "printfulOrderId" not in session["metadata"]]


def in_one_day(world: World) -> World:
    """The same sessions at their hours and minutes, all of them yesterday."""
    yesterday = int((NOW - timedelta(days=1)).replace(hour=0, minute=0).timestamp())
    moved = [{**session, "created": yesterday + session["created"] % 86_400} for session in world.sessions]
    return World(NOW, sorted(moved, key=lambda session: -session["created"]), world.line_items)


def list_as(sandbox: Sandbox, made: Sequence[Mapping[str, Any]]) -> None:
    """Let Printful list these orders as they stand here; the sandbox itself lists the newest first."""
    for offset in {*range(0, len(made), 97), max(0, len(made) - 100)}:  # pages of 100 that share 3, and the last
        page = made[offset : offset + 100]
        body = json.dumps({"code": 200, "result": page, "paging": {"total": len(made)}})
        sandbox.faults.add(Fault("/orders", "status", status=200, times=None, match=f"offset={offset}&", body=body))
