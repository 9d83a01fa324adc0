"""Columns that several tables have, the shop's and ours."""

from sqlalchemy import JSON, Column, ForeignKey, Text

from ordersync_dagster.adapters.database.schema.column_types import UtcTime


def id_column() -> Column[object]:
    """The primary key, a text."""
    return Column("id", Text, primary_key=True)


def order_id_column() -> Column[object]:
    """The order that a row belongs to, and goes with."""
    return Column("order_id", Text, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False, index=True)


def text_columns(*names: str) -> list[Column[object]]:
    """Texts that may be NULL."""
    return [Column(name, Text) for name in names]


def required_texts(*names: str) -> list[Column[object]]:
    """Texts that must have a value."""
    return [Column(name, Text, nullable=False) for name in names]


def json_columns(*names: str) -> list[Column[object]]:
    """JSON, where None is NULL."""
    return [Column(name, JSON(none_as_null=True)) for name in names]


def time_column(name: str, *, has_zone: bool = True, nullable: bool = True) -> Column[object]:
    """A time, read as aware UTC."""
    return Column(name, UtcTime(has_zone=has_zone), nullable=nullable)
