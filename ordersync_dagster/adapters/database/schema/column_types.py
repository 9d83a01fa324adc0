"""Column types that keep money exact and times in UTC, and translate the shop's own types and status words."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    BindParameter,
    ColumnElement,
    DateTime,
    Dialect,
    Numeric,
    Text,
    cast,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from ordersync_dagster.adapters.database.schema.currency_words import CapitalWords
from ordersync_dagster.adapters.database.schema.status_words import StatusWords
from ordersync_dagster.core.errors import DatabaseRefusedError
from ordersync_dagster.core.money import MoneyError, exponent, from_minor


class Money(TypeDecorator[Decimal]):
    """numeric on PostgreSQL, exact decimal text on SQLite, whose NUMERIC is a float."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(Numeric(15, 3))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(str(value))


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC in Python; naive UTC in a column without a zone."""

    impl = DateTime
    cache_ok = True

    def __init__(self, has_zone: bool = False) -> None:
        super().__init__(timezone=has_zone)
        self.has_zone = has_zone

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or self.has_zone:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ServerType(UserDefinedType[Any]):
    """A type of the server, by its SQL name, already quoted."""

    cache_ok = True

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def get_col_spec(self, **_: Any) -> str:
        return self.spec


class ShopText(TypeDecorator[str]):
    """Text in Python; in the shop perhaps a uuid, an enum or a number (`cast_to`), or another spelling (`words`)."""

    impl = Text
    cache_ok = True

    def __init__(self, cast_to: str | None = None, words: StatusWords | CapitalWords = StatusWords()) -> None:
        super().__init__()
        self.cast_to, self.words = cast_to, words

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words.to_shop(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.words.from_shop(str(value))

    def bind_expression(self, bindvalue: BindParameter[str]) -> ColumnElement[Any]:
        return cast(bindvalue, ServerType(self.cast_to)) if self.cast_to else bindvalue

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return type_coerce(cast(column, Text), self) if self.cast_to else column


class BinaryJson(JSON):
    """PostgreSQL's jsonb, which changes the spelling of a value: key order and spaces."""


class MinorUnits(TypeDecorator[int]):
    """Money in whole minor units of the row's currency; `to_minor` and `amount_of` convert."""

    impl = BigInteger
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


def to_minor(amount: Decimal | None, currency: object) -> int | None:
    """The value for a column in minor units; raises DatabaseRefusedError for a fraction of a minor unit."""
    if not amount:
        return None if amount is None else 0
    try:
        minor = amount.scaleb(exponent(str(currency or "").lower()))
    except MoneyError as error:
        raise DatabaseRefusedError(f"{amount} has no minor units: {error}") from None
    if minor != minor.to_integral_value():
        raise DatabaseRefusedError(f"{amount} {currency} is not a whole number of minor units, and is not rounded")
    return int(minor)


def amount_of(minor: int, currency: object) -> Decimal | None:
    """The amount of `minor` units; None for an unknown currency, whose number of decimals is unknown too."""
    try:
        return from_minor(minor, str(currency or "").lower())
    except MoneyError:
        return None
