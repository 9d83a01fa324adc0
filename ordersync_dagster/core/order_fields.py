"""Every column of the shop's table `orders`, described once.

From this derive: which columns are read and written, which may be completed or updated, which a change rests on, and
which may appear outside the shop's own tables. A column that is not described as CLEAR appears nowhere as it is.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """How the value of a column is read."""

    TEXT = auto()
    AMOUNT = auto()
    DOCUMENT = auto()  # a JSON object
    TIME = auto()


class Visibility(Enum):
    """How a column may appear in reports, `--json`, `audit_logs` and `ordersync_audit`."""

    HIDDEN = auto()  # only that it is set
    MASKED = auto()  # as a masked e-mail address
    OUR_KEYS = auto()  # of a JSON object only the keys that we write
    CLEAR = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One column; `attribute` is its name in Order and StoredOrder, empty where neither has it."""

    column: str
    attribute: str
    shown: Visibility = Visibility.HIDDEN
    kind: Kind = Kind.TEXT
    is_inserted: bool = True  # a new row has a value for it
    is_read: bool = True
    is_fillable: bool = False  # completed from the session where it is empty
    is_updated: bool = False  # set from Printful's answer
    is_reported: bool = False  # a value that disagrees with the session's is a problem
    guard: str = ""  # the attribute that compare-and-set compares, where it is not `attribute`
    width: int = 0  # characters that every value needs; rarer longer values are problems of their rows


FIELDS = (
    Field("id", "id", Visibility.CLEAR, width=36),
    Field("stripe_session_id", "session_id", Visibility.CLEAR, width=66),
    Field(
        "stripe_payment_intent_id",
        "payment_intent_id",
        Visibility.CLEAR,
        is_fillable=True,
        is_reported=True,
        width=27,
    ),
    Field("printful_order_id", "printful_order_id", Visibility.CLEAR, is_fillable=True, is_reported=True),
    Field("status", "status", Visibility.CLEAR, is_updated=True),
    Field("customer_email", "customer_email", Visibility.MASKED, is_read=False),
    Field("customer_name", "customer_name", is_fillable=True),
    Field("total_amount", "total", Visibility.CLEAR, Kind.AMOUNT, is_reported=True),
    Field("currency", "currency", Visibility.CLEAR, is_reported=True, width=3),
    Field("tracking_number", "tracking_number", Visibility.CLEAR, is_inserted=False, is_updated=True),
    Field("tracking_url", "tracking_url", Visibility.CLEAR, is_inserted=False, is_updated=True),
    Field("shipping_address", "shipping_address", kind=Kind.DOCUMENT, is_fillable=True),
    Field("metadata", "metadata", Visibility.OUR_KEYS, Kind.DOCUMENT, is_updated=True, guard="shipments"),
    Field("created_at", "created", Visibility.CLEAR, Kind.TIME, is_read=False),
    Field("updated_at", "", Visibility.CLEAR, Kind.TIME, is_read=False),  # always the time of the write
)
BY_COLUMN = {field.column: field for field in FIELDS}
READ = tuple(field for field in FIELDS if field.is_read)
FILLABLE = tuple(field for field in FIELDS if field.is_fillable)
REPORTED = tuple(field for field in FIELDS if field.is_reported)
# Columns that an update may set: each is compared with the value that the plan was made from.
CHANGED = (*FILLABLE, *(field for field in FIELDS if field.is_updated))
INSERTED = tuple(field for field in FIELDS if field.is_inserted and field.attribute)
CLEAR_COLUMNS = frozenset(field.column for field in FIELDS if field.shown is Visibility.CLEAR)
