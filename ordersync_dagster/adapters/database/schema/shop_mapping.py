"""`ordersync.toml`: the shop's names for tables, columns and statuses, how it stores money, and values of its own."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from ordersync_dagster.adapters.database.schema.status_words import StatusWords
from ordersync_dagster.adapters.database.schema.tables import SHOP_TABLES, shop_tables
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.orders import Status

MAPPING_FILE = "ordersync.toml"
SIZE_LIMIT = 1024 * 1024  # bytes; a shop's entry has some hundreds

_Name = Annotated[str, StringConstraints(min_length=1, max_length=127, pattern=r"^[^\x00-\x1f]+$")]
_Word = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]


_Value = (
    str | int | float | bool | datetime | date | time | list[Any] | dict[str, Any]
)  # a list or an object for a JSON column


def _unknown(where: str, given: Iterable[str], known: Iterable[str]) -> list[str]:
    names = [str(name) for name in known]
    others = f"; there are {', '.join(names)}"
    unknown = [name for name in given if name not in names]
    return [f"[{where}] {name}: there is no such name{close_match(name, names) or others}" for name in unknown]


def close_match(name: str, names: Iterable[str]) -> str:
    """A hint for a message: " (is it …?)" with the most similar of `names`, or an empty text."""
    known = {each.casefold(): each for each in sorted(names, reverse=True)}
    close = get_close_matches(name.casefold(), sorted(known), n=1)
    return f" (is it {known[close[0]]}?)" if close else ""


def _doubled(where: str, names: list[str]) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    return [f"[{where}] {name} is used for two of our names" for name in twice]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Amounts(_Strict):
    """How the shop stores `total_amount` and `price`."""

    minor_units: bool = False  # whole numbers with Stripe's decimals: 1999 for 19.99 usd


class Link(_Strict):
    """The `external_id` that the shop gives to its orders at Printful."""

    external_id: Literal["payment_intent", "order_id"] | None = None


class MatchRule(_Strict):
    """The value of a Checkout Session that is the id of the shop's order."""

    reference: _Word | None = None

    @field_validator("reference")
    @classmethod
    def _reference_is_known(cls, value: str | None) -> str | None:
        text = (value or "").strip()
        kind, _, key = text.partition(".")
        if value is None or text in ("client_reference_id", "none") or (kind == "metadata" and key.strip()):
            return text or None
        raise ValueError(f'{value!r} is none of "client_reference_id", "metadata.KEY" (with your key) and "none"')


def _entries(given: object) -> object:
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        sentence = "several shops are written with two pairs of brackets: [[shop]]"
        raise ValueError(sentence)  # pydantic names ValueErrors alone
    return given


class PrintfulRules(_Strict):
    """What proves that an order is delivered: the order's own word, or its parcels by API v2."""

    delivery: Literal["fulfilled", "shipments"] | None = None


class ShopMapping(_Strict):
    """The whole file; a name that it leaves out is that of docs/database-schema.md.

    `shop` holds the entries of several shops as they stand in the file.
    """

    tables: Mapping[str, _Name] = Field(default_factory=dict)
    columns: Mapping[str, Mapping[str, _Name]] = Field(default_factory=dict)
    amounts: Amounts = Amounts()
    statuses: Mapping[str, _Word] = Field(default_factory=dict)
    values: Mapping[str, Mapping[_Name, _Value]] = Field(default_factory=dict)
    link: Link = Link()
    match: MatchRule = MatchRule()
    printful: PrintfulRules = PrintfulRules()
    shop: Annotated[list[dict[str, Any]], BeforeValidator(_entries)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_are_ours(self) -> "ShopMapping":
        known = shop_tables().tables
        wrong = _unknown("tables", self.tables, SHOP_TABLES) + _unknown("columns", self.columns, SHOP_TABLES)
        for table in self.columns.keys() & known.keys():
            names = known[table].columns.keys()
            wrong += _unknown(f"columns.{table}", self.columns[table], names)
            wrong += _doubled(f"columns.{table}", [self.column(table, name) for name in names])
        wrong += _doubled("tables", [self.table(name) for name in SHOP_TABLES])
        wrong += _unknown("values", self.values, SHOP_TABLES)
        wrong += _unknown("statuses", self.statuses, list(Status))
        if wrong:
            raise ValueError("; ".join(wrong))
        _ = self.words
        return self

    @property
    def expects_tables(self) -> bool:
        """Whether the file describes tables that must exist already."""
        return bool(self.tables or self.columns or self.values or self.amounts.minor_units)

    @property
    def words(self) -> StatusWords:
        return StatusWords(tuple((Status(ours), theirs) for ours, theirs in self.statuses.items()))

    def table(self, name: str) -> str:
        """The shop's name of our table, perhaps as `schema.table`."""
        return self.tables.get(name, name)

    def column(self, table: str, name: str) -> str:
        """The shop's name of our column."""
        return self.columns.get(table, {}).get(name, name)


@dataclass(frozen=True, slots=True)
class Layout:
    """The shop's tables by `mapping`; our own tables in `own_schema` (None: the default schema)."""

    mapping: ShopMapping = ShopMapping()
    own_schema: str | None = None


def read_mapping(path: Path) -> ShopMapping:
    """Parse `path`; raises SettingsError that names every fault."""
    try:
        with path.open("rb") as file:
            text = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): correct ORDERSYNC_CONFIG") from None
    if len(text) > SIZE_LIMIT:
        raise SettingsError(f"{path} is larger than {SIZE_LIMIT // 1024} KB and was not read")
    try:
        return mapping_of(tomllib.loads(text.decode("utf-8-sig")), str(path))
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text: save it again as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from None


def mapping_of(document: Mapping[str, Any], where: str) -> ShopMapping:
    """The content of a file; raises SettingsError that names every fault, after `where`."""
    try:
        return ShopMapping.model_validate(document)
    except ValidationError as error:
        raise SettingsError(f"{where}: {'; '.join(map(_sentence, error.errors(include_input=False)))}") from None


_TAKEN = {
    "bool_type": "takes true or false",
    "string_type": "takes a text",
    "string_too_short": "takes a text that is not empty",
    "dict_type": "is a table: write its name alone in brackets, and its values below",
    "mapping_type": "is a table: write its name alone in brackets, and its values below",
    "model_type": "is a table: write its name alone in brackets, and its values below",
}
_OTHER_SETTINGS = "; there are {}. Settings stand in the environment, in .env or in a [[shop]] entry"


def _sentence(error: ErrorDetails) -> str:
    *parents, name = map(str, error["loc"] or ("",))
    if error["type"] == "extra_forbidden":
        what = f"there is no such name{_hint(parents, name)}"
    elif error["type"] == "literal_error":
        what = f"takes {error['ctx']['expected']}"
    else:
        what = _TAKEN.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return f"[{'.'.join([*parents, name])}] {what}" if name else what


def _hint(parents: Sequence[str], name: str) -> str:
    """The table or name that a misspelt name is probably meant for."""
    fields = dict(ShopMapping.model_fields)
    for parent in parents:
        fields = dict(getattr(fields[parent].annotation, "model_fields", {}))
    close = close_match(name, fields)
    if parents:
        return close or f"; there is {', '.join(fields)}"
    return close.replace("shop?", "[[shop]]?") or _OTHER_SETTINGS.format(", ".join(fields))
