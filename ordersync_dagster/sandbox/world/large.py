"""A shop with many sales and no orders, to test speed and size."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random

from ordersync_dagster.sandbox.world import sessions
from ordersync_dagster.sandbox.world.catalogue import PRODUCTS, SHIPPING, Pick
from ordersync_dagster.sandbox.world.identifiers import Ids
from ordersync_dagster.sandbox.world.parcels import Parcels
from ordersync_dagster.sandbox.world.people import PEOPLE, Person
from ordersync_dagster.sandbox.world.world import Json, Packed, PackedLines, World, dump

HOURS = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 12, 12, 12, 13, 14, 15, 15, 12, 8, 4, 2)  # sales by hour
UNSHIPPED = ("pending", "inprocess", "inprocess", "onhold")
STATUSES = ("inprocess", "partial", "fulfilled", "fulfilled", "fulfilled", "canceled")
PARCELS = {"partial": 1, "fulfilled": 1}
ONE_IN = 20  # one session in so many names a Printful order


def build_large(seed: int, now: datetime, size: int) -> World:
    """`size` paid sessions of one line each; every twentieth names an order at Printful."""
    rng = Random(seed)  # repeatable, not secret
    ids = Ids(rng)
    parcels = Parcels(ids)
    rows: list[bytes] = []
    lines: dict[str, bytes] = {}
    orders: list[Json] = []
    for turn, created in enumerate(_moments(rng, now, size), start=1):
        pick, person = Pick(rng.choice(PRODUCTS)), rng.choice(PEOPLE)
        metadata = {"cart_id": f"c{turn:07d}"}
        if turn % ONE_IN == 0:
            status = _status(rng, is_fresh=created > now.timestamp() - 5 * 86_400)
            orders.append(_order(parcels, status, created, pick, person))
            metadata["printfulOrderId"] = str(orders[-1]["id"])
        session = _session(ids, created, pick, person, metadata)
        rows.append(dump(session))
        lines[session["id"]] = dump([_line(ids, pick)])
    packed_orders = Packed(dump(order) for order in reversed(orders))
    return World(now, Packed(reversed(rows)), PackedLines(lines), (), packed_orders)


def _moments(rng: Random, now: datetime, size: int) -> list[int]:
    """`size` Unix times in the last thirty days, oldest first, with more in the daytime."""
    return sorted(_moment(now, day, hour, rng) for day, hour in _hours(rng, size))


def _hours(rng: Random, size: int) -> Iterator[tuple[int, int]]:
    hours = rng.choices(range(24), weights=HOURS, k=size)
    return ((rng.randrange(29), hour) for hour in hours)


def _moment(now: datetime, day: int, hour: int, rng: Random) -> int:
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
    moment = midnight - timedelta(days=day) + timedelta(hours=hour, seconds=rng.randrange(3600))
    if moment > now - timedelta(minutes=30):
        moment -= timedelta(days=1)
    return int(moment.timestamp())


def _session(ids: Ids, created: int, pick: Pick, person: Person, metadata: Mapping[str, str]) -> Json:
    total = pick.article.price + SHIPPING
    return sessions.checkout_session(
        id=ids.session(),
        payment_intent=ids.payment_intent(),
        created=created,
        amount_subtotal=pick.article.price,
        amount_total=total,
        total_details={"amount_discount": 0, "amount_shipping": SHIPPING, "amount_tax": 0},
        customer_details=sessions.customer_details(person),
        collected_information=sessions.collected_information(person),
        metadata=dict(metadata),
    )


def _line(ids: Ids, pick: Pick) -> Json:
    article = pick.article
    price = sessions.price(unit_amount=article.price, product=f"prod_SandboxPrint{article.price:05d}")
    return sessions.line_item(
        id=ids.token("li_1", 23), amount_total=article.price, description=article.name, price=price
    )


def _status(rng: Random, *, is_fresh: bool) -> str:
    return rng.choice(UNSHIPPED if is_fresh else STATUSES)


def _order(parcels: Parcels, status: str, created: int, pick: Pick, person: Person) -> Json:
    return parcels.order(created + 90, [pick], status=status, parcels=PARCELS.get(status, 0), person=person)
