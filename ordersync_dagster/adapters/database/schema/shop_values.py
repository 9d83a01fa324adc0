"""Values of `[values]` in ordersync.toml: what new rows hold in columns that we have nothing for."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Table

from ordersync_dagster.adapters.database.schema import type_families
from ordersync_dagster.adapters.database.schema.reflection import FoundTable
from ordersync_dagster.adapters.database.schema.shop_mapping import close_match

_VALUE = "ordersync_value"  # in Column.info: the same value for each new row
_IF_EMPTY = "ordersync_if_empty"  # in Column.info: the value of new rows that we have none for
_DEFAULT = "ordersync_default"  # in Column.info: SQL of the database's own default, for such rows


def value_problems(ours: Table, found: FoundTable, values: Mapping[str, Any], free: frozenset[str]) -> Iterator[str]:
    """`values` are by the shop's names; `free` are columns of ours that our rows may leave empty."""
    written = {found.theirs(column.name) for column in ours.columns if f"{ours.name}.{column.name}" not in free}
    for name, value in values.items():
        where = f"[values.{ours.name}] in ordersync.toml"
        if name not in found.columns:
            hint = close_match(name, found.columns.keys() - written)
            yield f"{found.name}.{name} is missing{hint}, and {where} has a value for it: correct it there"
        elif found.columns[name].get("computed"):
            yield f"{found.name}.{name} is computed by the database: take it out of {where}"
        elif name in written:
            yield f"{found.name}.{name} is written by ordersync: take it out of {where}"
        elif (words := type_families.enum_words(found.columns[name]["type"])) is not None and value not in words:
            yield f"{found.name}.{name} takes {', '.join(words)}, but not {value}: correct {where}"


def value_columns(ours: Table, found: FoundTable, values: Mapping[str, Any]) -> list[Column[Any]]:
    """Columns of the shop's own that new rows get a value for; their keys are no names of ours."""
    known = {found.theirs(column.name) for column in ours.columns}
    return [
        Column(name, found.columns[name]["type"], key=f"[values] {name}", info=value_info(value))
        for name, value in values.items()
        if name not in known
    ]


def value_info(value: Any) -> dict[str, Any]:
    """For `Column.info`: every new row gets `value` there."""
    return {_VALUE: value}


def if_empty_info(value: Any) -> dict[str, Any]:
    """For `Column.info`: a new row that we have nothing for gets `value` there."""
    return {_IF_EMPTY: value}


def default_info(default: str) -> dict[str, Any]:
    """The same with the database's own default, as SQL."""
    return {_DEFAULT: default}


def has_value_if_empty(column: Column[Any]) -> bool:
    """Whether [values] has a value for rows that we have nothing for."""
    return _IF_EMPTY in column.info


def value_if_empty(column: Column[Any]) -> Any:
    """That value, as the file has it."""
    return column.info[_IF_EMPTY]


def default_if_empty(column: Column[Any]) -> str | None:
    """The SQL that takes the place of NULL in new rows; None where NULL is allowed."""
    return column.info.get(_DEFAULT)


def has_fixed_value(column: Column[Any]) -> bool:
    """Whether every new row gets the same value there."""
    return _VALUE in column.info


def fixed_value(column: Column[Any]) -> Any:
    """That value, as the file has it."""
    return column.info[_VALUE]
