"""Every column of the shop's table `orders`, described once.

From this derive: which columns are read and written, which may be completed or updated, which a change rests on, and
which may appear outside the shop's own table. A column that is not described as clear appears nowhere as it is: at
most masked (the e-mail address), with our own keys alone (metadata), or as "(set)".
"""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """How the value of a column is read."""

    TEXT = auto()
    AMOUNT = auto()
    DOCUMENT = auto()  # a JSON object
    TIME = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One column; `attribute` is its name in Order and StoredOrder, empty where neither has it."""

    column: str
    attribute: str
    kind: Kind = Kind.TEXT
    is_clear: bool = False  # may appear as it is in reports, `--json`, `audit_logs` and `ordersync_audit`
    is_inserted: bool = True  # a new row has a value for it
    is_read: bool = True
    is_optional: bool = False  # a shop may lack it; it is then neither read nor written
    is_fillable: bool = False  # completed from the session where it is empty
    is_updated: bool = False  # set from Printful's answer
    is_personal: bool = False  # speaks of a person: never filled for a customer who was erased
    is_reported: bool = False  # a value that disagrees with the session's is a problem
    guard: str = ""  # the attribute that compare-and-set compares, where it is not `attribute`
    width: int = 0  # minimum characters; a longer value is a problem of its row


FIELDS = (
    Field("id", "id", is_clear=True, width=36),
    Field("stripe_session_id", "session_id", is_clear=True, width=66),
    Field(
        "stripe_payment_intent_id",
        "payment_intent_id",
        is_clear=True,
        is_fillable=True,
        is_reported=True,
        width=27,
    ),
    Field("printful_order_id", "printful_order_id", is_clear=True, is_fillable=True, is_reported=True),
    Field("status", "status", is_clear=True, is_updated=True),
    Field("customer_email", "customer_email", is_personal=True),
    Field("customer_name", "customer_name", is_fillable=True, is_personal=True),
    Field("total_amount", "total", Kind.AMOUNT, is_clear=True, is_reported=True),
    Field("currency", "currency", is_clear=True, is_reported=True, width=3),
    Field("tracking_number", "tracking_number", is_clear=True, is_inserted=False, is_updated=True),
    Field("tracking_url", "tracking_url", is_clear=True, is_inserted=False, is_updated=True),
    Field("shipping_address", "shipping_address", Kind.DOCUMENT, is_fillable=True, is_personal=True),
    Field("metadata", "metadata", Kind.DOCUMENT, is_updated=True, guard="shipments"),
    Field("created_at", "created", Kind.TIME, is_clear=True, is_read=False),
    Field("updated_at", "", Kind.TIME, is_clear=True, is_read=False),  # always the time of the write
)
BY_COLUMN = {field.column: field for field in FIELDS}
READ = tuple(field for field in FIELDS if field.is_read)
FILLABLE = tuple(field for field in FIELDS if field.is_fillable)
REPORTED = tuple(field for field in FIELDS if field.is_reported)
# Columns that an update may set: each is compared with the value that the plan was made from.
CHANGED = (*FILLABLE, *(field for field in FIELDS if field.is_updated))
INSERTED = tuple(field for field in FIELDS if field.is_inserted and field.attribute)
PERSONAL = tuple(field.column for field in FIELDS if field.is_personal)
CLEAR_COLUMNS = tuple(field.column for field in FIELDS if field.is_clear)
# Of order_items. `name` and `image_url` may speak of a person where goods are made to order.
CLEAR_ITEM_COLUMNS = (
    "id",
    "order_id",
    "printful_product_id",
    "printful_variant_id",
    "quantity",
    "price",
    "created_at",
)
