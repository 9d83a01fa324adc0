"""The measured pretend shops: the sandbox's `large` world, and others."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ordersync_dagster.sandbox import World, build, checkout_session, printful_item, printful_order
from ordersync_dagster.sandbox.world.shop import order_row
from ordersync_dagster.sandbox.world.world import Packed

DAY = 86_400  # seconds
CREATED = re.compile(rb'"created":(\d+)')
SHAPES = ("month", "day", "printful")


def world(shape: str, size: int) -> World:
    """`month`: sessions of 30 days. `day`: all of them yesterday. `printful`: only orders at Printful."""
    now = datetime.now(UTC)
    match shape:
        case "month":
            return build("large", now=now, size=size)
        case "day":
            return in_one_day(build("large", now=now, size=size))
        case "printful":
            return World(now, printful_orders=Packed(_printful_orders(now, size)))
    raise ValueError(f"there is no shape {shape!r}")


def in_one_day(month: World) -> World:
    """All sessions moved to yesterday; each keeps its hour, minute and second."""
    assert isinstance(month.sessions, Packed)
    midnight = _epoch(month.now) // DAY * DAY
    raw = (_moved(body, midnight - DAY) for body in month.sessions.raw)
    return World(month.now, Packed(sorted(raw, key=_created, reverse=True)), month.line_items)


def over_a_year(month: World) -> World:
    """The same records, with the sessions spread over 365 days instead of 30."""
    assert isinstance(month.sessions, Packed)
    now = _epoch(month.now)
    raw = [_created_at(body, now - (now - _created(body)) * 365 // 30) for body in month.sessions.raw]
    return replace(month, sessions=Packed(raw))


def shop_rows(size: int, missing: int) -> Sequence[dict[str, Any]]:
    """Rows of orders that name the orders of the `printful` world, and `missing` more that Printful does not know.

    They are older than any measured window, so Stripe is not asked about them.
    """
    long_ago = _epoch(datetime.now(UTC) - timedelta(days=90))
    return [
        order_row(
            checkout_session(id=f"cs_test_{number:07d}", payment_intent=f"pi_{number:07d}", created=long_ago),
            status="processing",
            printful_order_id=str(number),
        )
        for number in range(1, size + missing + 1)
    ]


def _printful_orders(now: datetime, size: int) -> Iterator[bytes]:
    """Newest first; no two have an item in common."""
    for number in range(size, 0, -1):
        items = [printful_item(id=number)]
        order = printful_order(id=number, created=_epoch(now) - DAY - (size - number) * 60, items=items)
        yield json.dumps(order, separators=(",", ":")).encode()


def _moved(body: bytes, midnight: int) -> bytes:
    return _created_at(body, midnight + _created(body) % DAY)


def _created_at(body: bytes, moment: int) -> bytes:
    return CREATED.sub(b'"created":%d' % moment, body, count=1)


def _created(body: bytes) -> int:
    found = CREATED.search(body)
    assert found is not None
    return int(found[1])


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())
