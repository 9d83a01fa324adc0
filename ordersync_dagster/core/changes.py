"""Changes: named, typed intents; computed by the deciders, carried out by a store, and by nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ordersync_dagster.core.order_fields import BY_COLUMN
from ordersync_dagster.core.orders import Json, Order, StoredOrder


@dataclass(frozen=True, slots=True)
class InsertOrder:
    """A paid session gets its order."""

    order: Order


@dataclass(frozen=True, slots=True)
class FillFields:
    """Empty columns of an existing order get the values that `source` has; `values` is by column name."""

    values: Mapping[str, str | Json]
    source: str = "the session"


@dataclass(frozen=True, slots=True)
class SetStatus:
    """An order moves to `after` because a vendor says `word`."""

    before: str
    after: str
    word: str
    vendor: str = "Printful"


@dataclass(frozen=True, slots=True)
class SetTracking:
    """Number and link of a parcel where the order had none; `shipments` is metadata's list, None to leave it."""

    number: str | None
    url: str | None
    shipments: tuple[Json, ...] | None


@dataclass(frozen=True, slots=True)
class NewItem:
    """A row of order_items; `price` is per unit in the order's currency, None where it is unknown."""

    id: str
    product_id: str
    variant_id: str
    name: str
    quantity: int
    price: Decimal | None
    image_url: str | None
    metadata: Json


@dataclass(frozen=True, slots=True)
class AddItems:
    """Items that Printful makes and the order lacks."""

    items: tuple[NewItem, ...]


Change = FillFields | SetStatus | SetTracking | AddItems


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """All changes of one plan to one existing order; applied whole, and only while the row still is `seen`."""

    seen: StoredOrder
    changes: tuple[Change, ...]

    @property
    def completed(self) -> StoredOrder:
        """The order with its empty fields filled and its status set; the other changes are left out."""
        fills = [change.values for change in self.changes if isinstance(change, FillFields)]
        fields: dict[str, Any] = {
            BY_COLUMN[name].attribute: value for values in fills for name, value in values.items()
        }
        for change in self.changes:
            if isinstance(change, SetStatus):
                fields["status"] = change.after
        return replace(self.seen, **fields)
