"""One order without a Printful id, and the plan of its links."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.links import Links, Unread
from ordersync_dagster.core.orders import LineItem, Order, Status, as_stored
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import PrintfulOrder, read_printful_order
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.unlinked import Unlinked
from ordersync_dagster.sandbox import printful_item, printful_order

CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON = int(CREATED.timestamp())
SESSION = Order(
    session_id="cs_test_1",
    payment_intent_id="pi_3AbCdEf",
    printful_order_id=None,
    status=Status.PROCESSING,
    customer_email="Mara@Example.com",
    customer_name=None,
    total=Decimal("20.00"),
    currency="usd",
    shipping_address={"name": "Mara Ozola", "line1": "1 Test Street", "postal_code": "LV-1010", "country": "LV"},
    metadata={},
    created=CREATED,
    line_items=(LineItem(2, Decimal("10.00")),),
)
RECOVERED = Unlinked(as_stored(SESSION), SESSION)


MARA = {"name": "mara  OZOLA", "zip": "LV 1010", "email": "mara@example.com"}
NOBODY = {"name": "Ida Other", "zip": "99999", "email": "ida@example.com"}


def made(**changes: object) -> PrintfulOrder:
    fields = {
        "id": 77,
        "status": "inprocess",
        "external_id": None,
        "created": NOON,
        "items": [printful_item(quantity=2)],
    }
    order = printful_order(**({"recipient": MARA} | fields | changes))
    read = read_printful_order(order)
    assert isinstance(read, PrintfulOrder)
    return read


def linked(
    *candidates: PrintfulOrder,
    unlinked: Unlinked = RECOVERED,
    taken: tuple[str, ...] = (),
    now: int = NOON,
    link_by: str | None = None,
    unread: Unread = Unread(),
    **facts: Any,
) -> Plan:
    return decide_links(Links((unlinked,), candidates, unread, taken, link_by=link_by, now=now, **facts), Limits())


def classes(links: Plan) -> list[ProblemClass]:
    return [note.problem_class for note in links.notes]
