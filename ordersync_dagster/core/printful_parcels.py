"""Parcels as Printful's API v2 describes them, and what they prove together.

https://developers.printful.com/docs/v2-beta/#tag/Orders-v2
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

from ordersync_dagster.core.printful_order_fields import MalformedPrintfulOrderError, rows_of, storable, text_of
from ordersync_dagster.core.text import text_or_none


class ParcelState(Enum):
    """Where a parcel is, as far as an order's status needs it."""

    ON_ITS_WAY = auto()
    DELIVERED = auto()
    NOT_DELIVERED = auto()  # it came back, or the carrier could not deliver it
    NOT_SENT = auto()


# Printful's words. Where both words of a parcel are here, the stronger one counts (see `_state`).
SHIPMENT_STATUS: Mapping[str, ParcelState] = {
    "pending": ParcelState.ON_ITS_WAY,
    "onhold": ParcelState.ON_ITS_WAY,
    "packaged": ParcelState.ON_ITS_WAY,
    "shipped": ParcelState.ON_ITS_WAY,
    "outstock": ParcelState.ON_ITS_WAY,
    "returned": ParcelState.NOT_DELIVERED,
    "canceled": ParcelState.NOT_SENT,
}
DELIVERY_STATUS: Mapping[str, ParcelState] = {
    "unknown": ParcelState.ON_ITS_WAY,
    "pre_transit": ParcelState.ON_ITS_WAY,
    "in_transit": ParcelState.ON_ITS_WAY,
    "out_for_delivery": ParcelState.ON_ITS_WAY,
    "available_for_pickup": ParcelState.ON_ITS_WAY,
    "delivered": ParcelState.DELIVERED,
    "return_to_sender": ParcelState.NOT_DELIVERED,
    "failure": ParcelState.NOT_DELIVERED,
    "canceled": ParcelState.NOT_SENT,
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel; `pieces` is by Printful's item id, None where it does not say what is inside."""

    id: str
    state: ParcelState
    words: tuple[str, ...]
    delivered_at: datetime | None = None
    tracking_url: str | None = None
    pieces: Mapping[str, int] | None = None
    is_reshipment: bool = False
    unknown_word: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.state is ParcelState.DELIVERED


@dataclass(frozen=True, slots=True)
class Parcels:
    """The parcels of one order; `unread` says why not all of them can be read."""

    all: tuple[Parcel, ...] = ()
    unread: str = ""
    lost: tuple[Parcel, ...] = field(init=False)  # not delivered, and no other parcel takes their place

    def __post_init__(self) -> None:
        object.__setattr__(self, "lost", tuple(_not_replaced(self.all)))  # the class is frozen

    @property
    def unknown_words(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.unknown_word for each in self.all if each.unknown_word))

    @property
    def delivered_at(self) -> datetime | None:
        """When the last one was delivered; None where no date is known."""
        return max((each.delivered_at for each in self._delivered if each.delivered_at), default=None)

    @property
    def _delivered(self) -> list[Parcel]:
        return [each for each in self.all if each.is_delivered]

    def are_delivered(self, parcels: int, pieces: int | None) -> bool:
        """Whether the customer has everything: all goods of an order with so many `parcels` and `pieces`.

        `pieces` is None where nobody knows. A parcel that API v1 shows and v2 does not is not delivered.
        """
        is_open = any(each.state is ParcelState.ON_ITS_WAY for each in self.all)
        if is_open or self.unread or self.lost or not self._delivered or len(self.all) < parcels:
            return False
        counted = _counted(self._delivered)
        return pieces is None or counted is None or counted.total() >= pieces


def read_parcels(rows: Sequence[object]) -> Parcels:
    """Every parcel that can be read, each once, as it was listed last."""
    found: dict[str, Parcel] = {}
    unread = ""
    for row in rows:
        try:
            parcel = _parcel(storable(row, "shipments"))
            found[parcel.id] = parcel
        except MalformedPrintfulOrderError as error:
            unread = unread or str(error)
    return Parcels(tuple(found.values()), unread)


def parcel_time(value: object) -> datetime | None:
    """A time of API v2, which is ISO 8601; None where it is none. Without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return found and (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _parcel(row: Mapping[str, Any]) -> Parcel:
    parcel_id = text_of(row.get("id"))
    if parcel_id is None:
        raise MalformedPrintfulOrderError("one of its parcels has no id")
    sent, arrived = (_word(row, key, parcel_id) for key in ("shipment_status", "delivery_status"))
    words = ((sent, SHIPMENT_STATUS), (arrived, DELIVERY_STATUS))
    unknown = next((word for word, states in words if word and word not in states), "")
    return Parcel(
        id=parcel_id,
        state=ParcelState.ON_ITS_WAY if unknown else _state(SHIPMENT_STATUS.get(sent), DELIVERY_STATUS.get(arrived)),
        words=tuple(filter(None, (sent, arrived))),
        delivered_at=parcel_time(row.get("delivered_at")),
        tracking_url=text_or_none(row.get("tracking_url")),
        pieces=_pieces(row),
        is_reshipment=row.get("is_reshipment") is True,
        unknown_word=unknown,
    )


def _word(row: Mapping[str, Any], key: str, parcel_id: str) -> str:
    """Printful's word, or "" where it has none yet."""
    word = row.get(key)
    if word is not None and not isinstance(word, str):
        raise MalformedPrintfulOrderError(f"the {key} of its parcel {parcel_id} is not a word")
    return (word or "").strip()


def _state(sent: ParcelState | None, arrived: ParcelState | None) -> ParcelState:
    """A parcel that was not sent or came back did not arrive, whatever the carrier said before."""
    for state in (ParcelState.NOT_SENT, ParcelState.NOT_DELIVERED, ParcelState.DELIVERED):
        if state in (sent, arrived):
            return state
    return ParcelState.ON_ITS_WAY


def _pieces(row: Mapping[str, Any]) -> Mapping[str, int] | None:
    """The number of pieces by item; None where one of them cannot be read, or there are none."""
    try:
        rows = rows_of(row, "shipment_items")
    except MalformedPrintfulOrderError:
        return None
    found: Counter[str] = Counter()
    for each in rows:
        item = text_of(each.get("order_item_id")) if isinstance(each, Mapping) else None
        quantity = each.get("quantity") if isinstance(each, Mapping) else None
        if item is None or type(quantity) is not int or quantity < 1:
            return None
        found[item] += quantity
    return found or None


def _counted(parcels: Iterable[Parcel]) -> Counter[str] | None:
    """The pieces of all `parcels`; None where one does not say."""
    total: Counter[str] = Counter()
    for each in parcels:
        if each.pieces is None:
            return None
        total.update(each.pieces)
    return total


def _not_replaced(parcels: Sequence[Parcel]) -> Iterable[Parcel]:
    """The parcels that did not arrive, less those whose goods were sent again."""
    again = [
        each for each in parcels if each.is_reshipment and each.state in (ParcelState.ON_ITS_WAY, ParcelState.DELIVERED)
    ]
    goods, spare = _counted(again), len(again)
    for each in parcels:
        if each.state is not ParcelState.NOT_DELIVERED:
            continue
        if goods is None or each.pieces is None:
            is_replaced, spare = spare > 0, spare - 1
        else:
            is_replaced = all(goods[item] >= count for item, count in each.pieces.items())
            goods.subtract(each.pieces if is_replaced else {})
        if not is_replaced:
            yield each
