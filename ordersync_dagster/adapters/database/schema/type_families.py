"""Families of column types: which types of the shop can hold our values."""

from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Dialect, Enum, Float, Integer, Numeric, String, Uuid
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.types import NullType, TypeEngine

from ordersync_dagster.adapters.database.schema.column_types import Money, UtcTime

# The first match counts: an Enum is also a String, a Float also a Numeric.
_FAMILIES: tuple[tuple[type[Any], str], ...] = (
    (Enum, "enum"),
    (String, "text"),
    (Uuid, "uuid"),
    (Boolean, "boolean"),
    (Integer, "integer"),
    (Float, "float"),
    (Numeric, "numeric"),
    (JSON, "json"),
    (DateTime, "time"),
)
_ALSO: dict[str, tuple[str, ...]] = {  # the shop may use these families instead of text
    **dict.fromkeys(("id", "order_id", "resource_id", "user_id"), ("uuid", "integer")),
    **dict.fromkeys(("printful_order_id", "printful_product_id", "printful_variant_id"), ("integer",)),
    **dict.fromkeys(("status", "event_type", "currency", "action", "resource", "category", "severity"), ("enum",)),
    **dict.fromkeys(("user_role", "user_agent", "retention_policy"), ("enum",)),
}


def family(kind: TypeEngine[Any]) -> str:
    """`unknown` for a type that SQLAlchemy does not know, `other` for one that no family has."""
    if isinstance(kind, DOMAIN):
        return family(kind.data_type)
    if isinstance(kind, NullType):
        return "unknown"
    return next((name for known, name in _FAMILIES if isinstance(kind, known)), "other")


def wrong_type(name: str, ours: TypeEngine[Any], theirs: TypeEngine[Any], *, in_minor_units: bool) -> str | None:
    """Why `theirs` cannot be the type of our column `table.column`, and the fix; None if it can."""
    if isinstance(ours, Money):
        return _wrong_money(theirs, in_minor_units=in_minor_units)
    wanted, fix = _wanted(name.partition(".")[2], ours)
    if family(theirs) in (*wanted, "unknown"):
        return None
    return f"{_type_name(theirs)}, which cannot hold what is written there: make it {fix}, or map another column"


def _wanted(column: str, ours: TypeEngine[Any]) -> tuple[tuple[str, ...], str]:
    """The families that fit, and the type to change any other to."""
    if isinstance(ours, UtcTime):
        return ("time",), "timestamptz"
    if isinstance(ours, JSON):
        return ("json", "text"), "jsonb"
    if isinstance(ours, Integer):
        return ("integer", "numeric", "boolean" if column == "gdpr_relevant" else "integer"), "integer"
    return ("text", *_ALSO.get(column, ())), "text"


def _wrong_money(theirs: TypeEngine[Any], *, in_minor_units: bool) -> str | None:
    found = family(theirs)
    scale = getattr(theirs, "scale", None) or 0
    if in_minor_units:
        if found == "integer" or (found == "numeric" and not scale):
            return None
        return f"{_type_name(theirs)}, but minor_units are whole numbers: take that out of [amounts] in ordersync.toml"
    if found == "integer":
        return (
            "a whole number, which would round cents away: make it numeric(15,3); or, where it holds minor units, "
            "say minor_units = true under [amounts] in ordersync.toml"
        )
    if found in ("numeric", "unknown"):
        return None
    return f"{_type_name(theirs)}, which does not keep cents exactly: make it numeric(15,3)"


def enum_words(kind: TypeEngine[Any]) -> list[str] | None:
    """The values of an enum; None for any other type."""
    kind = kind.data_type if isinstance(kind, DOMAIN) else kind
    return list(kind.enums) if isinstance(kind, Enum) else None


def domain_check(kind: TypeEngine[Any]) -> str | None:
    """What a domain's CHECK says; None for any other type."""
    return str(kind.check) if isinstance(kind, DOMAIN) and kind.check is not None else None


def server_type(kind: TypeEngine[Any], dialect: Dialect) -> str | None:
    """The SQL type to cast text to; None if the column takes and returns text without a cast."""
    if dialect.name != "postgresql" or family(kind) in ("text", "unknown"):
        return None
    if isinstance(kind, Enum):
        quote = dialect.identifier_preparer.quote
        return ".".join(quote(part) for part in (kind.schema, kind.name) if part)
    base = kind.data_type if isinstance(kind, DOMAIN) else kind
    return str(base.compile(dialect=dialect))


def _type_name(kind: TypeEngine[Any]) -> str:
    try:
        return str(kind).lower()
    except Exception:  # noqa: BLE001  # some types cannot be shown without a dialect
        return type(kind).__name__.lower()
