"""The shop's rows and the moves that an order's status may make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha1
from operator import attrgetter
from typing import Any
from uuid import UUID

from ordersync_dagster.core import order_fields
from ordersync_dagster.core.money import with_decimals

Json = Mapping[str, Any]
NAMESPACE = UUID("7f1d7a52-5c1b-5d0e-9a53-0d5e0c6f2b11")  # ours alone; changing it would double every row
UNNUMBERED = "new:"  # begins the id of an order whose number the database has not given yet
SHIPMENTS_KEY = "printful_shipments"  # where an order's metadata keeps every parcel
# An e-mail address that the shop erased meanwhile must keep name and address out.
_GUARDS = (*(field.guard or field.attribute for field in order_fields.CHANGED), "customer_email")
_OF_BOTH = tuple(field.attribute for field in order_fields.INSERTED if field.is_read)
_values_of_both = attrgetter(*_OF_BOTH)


class Status(StrEnum):
    """The words of our own schema; existing shops may use others."""

    PENDING = "pending"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUNDED = "refunded"
    RETURNED = "returned"
    CANCELLED = "cancelled"


_FINAL: frozenset[Status] = frozenset()
MOVES: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset(Status) - {Status.PENDING},
    Status.PROCESSING: frozenset({Status.FAILED, Status.SHIPPED, Status.DELIVERED, Status.CANCELLED}),
    Status.FAILED: frozenset({Status.PROCESSING, Status.SHIPPED, Status.DELIVERED, Status.CANCELLED}),
    Status.SHIPPED: frozenset({Status.DELIVERED}),
    Status.DELIVERED: _FINAL,
    Status.COMPLETED: _FINAL,
    Status.REFUNDED: _FINAL,
    Status.RETURNED: _FINAL,
    Status.CANCELLED: _FINAL,
}
OUR_WORDS = frozenset(Status)  # a shop may have others
# A full refund may change these. Of a returned or cancelled order the shop itself has said that it is over.
REFUNDABLE = OUR_WORDS - {Status.REFUNDED, Status.RETURNED, Status.CANCELLED}
OPEN = frozenset({Status.PENDING, Status.PROCESSING, Status.FAILED, Status.SHIPPED})  # Printful may still change these


def can_move(before: str, after: Status) -> bool:
    """Whether Printful may change the status `before`, any text of the shop's, into `after`."""
    return before in MOVES and after in MOVES[Status(before)]


def order_id(session_id: str) -> str:
    """The id of an order that we insert: the same session always gives the same id."""
    return named_id(f"order:{session_id}")


def item_id(order: str, printful_item_id: str) -> str:
    """The id of an item that we insert: the same item of an order always gives the same id."""
    return named_id(f"item:{order}:{printful_item_id}")


def named_id(name: str) -> str:
    """The version-5 UUID of `name` in NAMESPACE, as text.

    The same as uuid.uuid5, but 0.3 s less for the 100,000 ids of a first run with 20,000 orders. https://www.rfc-editor.org/rfc/rfc9562#section-5.5
    """
    digits = sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a session: quantity and price of one unit, in the session's currency."""

    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """An exact amount and its lower-case currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """EUR 1,204.00."""
        return f"{self.currency.upper()} {with_decimals(self.amount, self.currency):,f}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of a session that may be the id of the shop's order.

    It is certain where it cannot be such an id by chance; else the e-mail address has to be the same too.
    With `names_order` the shop itself says that it names an order, whatever orders there are.
    """

    value: str
    is_certain: bool
    names_order: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An order to insert. Money is exact; `created` is aware UTC."""

    session_id: str
    payment_intent_id: str | None
    printful_order_id: str | None
    status: Status
    customer_email: str
    customer_name: str | None
    total: Decimal
    currency: str
    shipping_address: Json | None
    metadata: Json
    created: datetime
    line_items: tuple[LineItem, ...] = ()
    other_prices: tuple[Price, ...] = ()  # the same payment in another currency (Adaptive Pricing)
    references: tuple[Reference, ...] = ()
    subtotal: Decimal | None = None  # before shipping, tax and discounts
    settles_later: bool = False  # it may be paid by a method that settles days after the checkout
    invoice_id: str | None = None  # of a subscription, whose session names no payment intent
    is_numbered: bool = False  # the database gives the id when the row is inserted
    id: str = field(init=False)

    def __post_init__(self) -> None:
        name = f"{UNNUMBERED}{self.session_id}" if self.is_numbered else order_id(self.session_id)
        object.__setattr__(self, "id", name)  # the class is frozen; made once, because it is read often


@dataclass(frozen=True, slots=True)
class StoredItem:
    """A row of order_items, whoever wrote it; `product_id` and `variant_id` are the printful_* columns."""

    id: str
    product_id: str
    variant_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """A row of orders as it was read, with its items; `status` is the shop's own word.

    `session_id` is empty where the order has none: it was made by hand, or paid in another way.
    """

    id: str
    session_id: str
    payment_intent_id: str | None = None
    printful_order_id: str | None = None
    status: str = Status.PROCESSING
    customer_email: str | None = None
    customer_name: str | None = None
    total: Decimal | None = None
    currency: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    shipping_address: Json | None = None
    metadata: Json = field(default_factory=dict)
    items: tuple[StoredItem, ...] = ()
    unreadable: frozenset[str] = frozenset()  # columns that are missing, or whose value cannot be read: never written
    wrapped: frozenset[str] = frozenset()  # columns whose JSON is a JSON-encoded string, and is written back so
    is_recovered: bool = False  # our audit says that we inserted it; asked only where ids are numbers

    @property
    def is_unnumbered(self) -> bool:
        """Whether the row is only planned, and the database will give its id."""
        return self.id.startswith(UNNUMBERED)

    @property
    def key(self) -> str:
        """The session id, else the order's own id."""
        return self.session_id or self.id

    @property
    def shipments(self) -> tuple[Json, ...]:
        """The parcels that the order's metadata already names."""
        listed = self.metadata.get(SHIPMENTS_KEY)
        return tuple(each for each in listed if isinstance(each, Mapping)) if isinstance(listed, list) else ()

    def agrees_with(self, other: "StoredOrder") -> bool:
        """Whether both readings are the same in every value that a change rests on."""
        return self.rests_on == other.rests_on

    @property
    def rests_on(self) -> tuple[object, ...]:
        """Every value that a change of this order rests on."""
        items = sorted((item.id, item.variant_id, item.quantity) for item in self.items)
        return (*(getattr(self, name) or None for name in _GUARDS), items, self.unreadable, self.wrapped)


def as_stored(order: Order) -> StoredOrder:
    """The row that inserting `order` will leave."""
    return StoredOrder(**dict(zip(_OF_BOTH, _values_of_both(order), strict=True)))
