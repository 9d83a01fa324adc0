"""Capacity and width of the shop's columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ordersync_dagster.core.money import Capacity


@dataclass(frozen=True, slots=True)
class Limits:
    """The capacity of the money columns, and the widths of text columns in characters, by `table.column`."""

    total: Capacity = Capacity(15, 3)
    price: Capacity = Capacity(15, 3)
    is_price_required: bool = False
    widths: Mapping[str, int] = field(default_factory=dict)
    required: frozenset[str] = frozenset()  # columns that must have a value, which some rows lack; by `table.column`
    numbers_orders: bool = False  # the database gives a new order its id, a whole number

    def too_narrow(self, table: str, values: Mapping[str, str | None]) -> str | None:
        """The first of `values` (by column) that its column would cut off, as `table.column`."""
        for column, value in values.items():
            width = self.widths.get(f"{table}.{column}")
            if width is not None and value is not None and len(value) > width:
                return f"{table}.{column}"
        return None

    def lacking(self, table: str, values: Mapping[str, object]) -> str | None:
        """The first of `values` (by column) that is empty and must not be, as `table.column`."""
        names = (f"{table}.{column}" for column, value in values.items() if value is None)
        return next((name for name in names if name in self.required), None)
