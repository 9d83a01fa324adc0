"""Printful orders for sessions of the shop, and the parcels that hold their items."""

from collections.abc import Iterator, Sequence

from ordersync_dagster.sandbox.world import printful_orders as printful
from ordersync_dagster.sandbox.world.catalogue import Pick, Product
from ordersync_dagster.sandbox.world.identifiers import Ids
from ordersync_dagster.sandbox.world.people import PEOPLE, Person
from ordersync_dagster.sandbox.world.shop import amount
from ordersync_dagster.sandbox.world.world import Json

FIRST_ORDER_ID = 190_000_000
FIRST_ITEM_ID = 70_000_000
CARRIERS = (("USPS", "USPS Ground Advantage"), ("DHL", "DHL Parcel"), ("ROYALMAIL", "Tracked 48"))


class Parcels:
    """Makes Printful orders; ids are unique within one instance."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._count = 0

    def order(
        self, created: int, picks: Sequence[Pick], *, status: str, parcels: int = 0, is_complete: bool = True,
        person: Person = PEOPLE[0], currency: str = "usd", external_id: str | None = None,
        unpriced: int = 0,
    ) -> Json:  # fmt: skip
        """An order of these prints in `parcels` parcels; without `is_complete`, the last item is not shipped.

        The last `unpriced` items have no retail price.
        """
        self._count += 1
        items = [self._item(pick, currency) for pick in picks]
        for item in items[len(items) - unpriced :]:
            item["retail_price"] = None
        shipped = items if is_complete else items[:-1]
        shipments = [
            self._parcel(part, created + (3 + turn) * 86_400, turn)
            for turn, part in enumerate(_split(shipped, parcels))
        ]
        return printful.printful_order(
            id=FIRST_ORDER_ID + self._count * 137,
            external_id=external_id,
            status=status,
            created=created,
            updated=max([created, *(parcel["created"] for parcel in shipments)]),
            recipient=printful.recipient(person),
            items=items,
            costs=_costs(picks),
            retail_costs=_retail_costs(picks, currency),
            shipments=shipments,
            can_change_hold=status in {"draft", "pending", "onhold"},
        )

    def _item(self, pick: Pick, currency: str) -> Json:
        article = _print(pick)
        self._count += 1
        image = f"{printful.FILES}/products/{article.product_id}/{article.variant_id}.jpg"
        return printful.printful_item(
            id=FIRST_ITEM_ID + self._count * 11,
            variant_id=article.variant_id,
            quantity=pick.quantity,
            price=str(amount(article.cost, "usd")),
            retail_price=str(amount(article.price, currency)),
            name=article.name,
            product=printful.product(
                variant_id=article.variant_id, product_id=article.product_id, image=image, name=article.blank
            ),
        )

    def _parcel(self, items: Sequence[Json], created: int, turn: int) -> Json:
        self._count += 1
        carrier, service = CARRIERS[self._count % len(CARRIERS)]
        return printful.shipment(
            of=items, id=30_000_000 + self._count, carrier=carrier, service=service, created=created + turn,
            tracking_number=self._ids.digits(20),
        )  # fmt: skip


def _print(pick: Pick) -> Product:
    if not isinstance(pick.article, Product):
        raise TypeError(f"{pick.article.name} is not a print")
    return pick.article


def _split(items: Sequence[Json], parcels: int) -> Iterator[Sequence[Json]]:
    size = -(-len(items) // max(parcels, 1))
    return (items[turn * size : (turn + 1) * size] for turn in range(parcels))


def _costs(picks: Sequence[Pick]) -> Json:
    goods = sum(_print(pick).cost * pick.quantity for pick in picks)
    return printful.costs(str(amount(goods, "usd")), "4.39", str(amount(goods + 439, "usd")))


def _retail_costs(picks: Sequence[Pick], currency: str) -> Json:
    goods = str(amount(sum(pick.article.price * pick.quantity for pick in picks), currency))
    return printful.retail_costs(goods, currency=currency.upper())
