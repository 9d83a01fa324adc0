"""Orders that the sandbox's Printful holds, and the reader that is asked for them."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.app.wiring import open_printful
from ordersync_dagster.sandbox import Sandbox, World, printful_order
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.settings import settings_for

ORDERS = "/orders"


FIRST = 190_000_000


def orders(count: int, newest: int = FIRST) -> list[dict[str, Any]]:
    """So many, newest first; ids fall with age."""
    return [printful_order(id=newest - n, created=int(NOW.timestamp()) - n) for n in range(count)]


def hold(sandbox: Sandbox, count: int) -> list[str]:
    """Let Printful hold so many orders; their ids."""
    made = orders(count)
    sandbox.replace(World(NOW, printful_orders=made))
    return [str(order["id"]) for order in made]


def api(sandbox: Sandbox, time: FakeTime, **changes: str) -> PrintfulApi:
    return open_printful(settings_for(sandbox, **changes), time.retry_policy(attempts=3), Traffic())


def ask(printful: PrintfulApi, ids: Iterable[str]) -> dict[str, Any]:
    """The answers; each id must come exactly once."""
    answers = list(printful.orders(list(ids)))
    assert len(answers) == len(dict(answers))
    return dict(answers)


def seen(sandbox: Sandbox) -> tuple[int, int]:
    """List pages of orders, and single orders, that were asked for."""
    pages = [r for r in sandbox.requests if r.path == ORDERS and parse_qs(r.query)["limit"] != ["1"]]
    return len(pages), sum(request.path != ORDERS for request in sandbox.requests)
