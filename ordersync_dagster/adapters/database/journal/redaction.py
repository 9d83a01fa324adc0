"""What the audit keeps of a row, and the way back: ids, money, status and tracking in clear, the rest as hashes."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Table

from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.journal.row_snapshots import Image, digest, is_digest
from ordersync_dagster.core.order_fields import CLEAR_COLUMNS, CLEAR_ITEM_COLUMNS
from ordersync_dagster.core.orders import SHIPMENTS_KEY
from ordersync_dagster.core.privacy import masked_email

Columns = dict[str, Any]  # by the shop's column names: a value, {"hash": …}, or {"parts": …, "hash": …} of metadata
CLEAR: Mapping[str, tuple[str, ...]] = {"orders": CLEAR_COLUMNS, "order_items": CLEAR_ITEM_COLUMNS}
_SPELLINGS: tuple[Callable[[Any], str], ...] = (
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False),
    lambda value: json.dumps(value, separators=(",", ":")),
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
)


class Ledger:
    """Reads and writes what the audit keeps of one table of the shop; `name` is our name of it."""

    def __init__(self, table: Table, name: str, keyed: KeyedHash) -> None:
        self._keyed = keyed
        self._clear = {table.c[key].name for key in CLEAR[name] if key in table.c}
        metadata, email = table.c.get("metadata"), table.c.get("customer_email")
        self._metadata = metadata.name if metadata is not None else None
        self._email = email.name if email is not None else None
        updated = table.c.get("updated_at")
        self.updated_at = updated.name if updated is not None else None
        self._json = {column.name for column in table.columns if isinstance(column.type, JSON)}

    def email(self, image: Image) -> str | None:
        """The customer's address in a row of orders."""
        return image.get(self._email) if self._email else None

    def whole(self, image: Image) -> dict[str, Any]:
        """A row that came or went: what may be shown of it, and a hash to recognise it by."""
        shown = {name: value for name, value in image.items() if name in self._clear and value is not None}
        email = self.email(image)
        if self._email and isinstance(email, str):
            shown[self._email] = masked_email(email)
        return {"columns": shown, "hash": digest(image, self._keyed)}

    def is_whole(self, image: Image, kept: Mapping[str, Any]) -> bool:
        """Whether `image` is the row that `whole` was made of."""
        return is_digest(image, kept["hash"], self._keyed)

    def change(self, was: Image, now: Image) -> tuple[Columns, Columns]:
        """The columns that differ, as they were and as they are."""
        names = [name for name in now if now[name] != was.get(name)]
        before = {name: self._kept(name, was.get(name)) for name in names}
        return before, {name: self._kept(name, now[name]) for name in names}

    def standing(self, image: Image, columns: Columns) -> list[str]:
        """The columns of `image` that are not what `columns` says."""
        return [name for name, kept in columns.items() if not self._is(name, image.get(name), kept)]

    def restored(self, image: Image, columns: Columns) -> Image | None:
        """`image` with the values of `columns`; None where one of them was not kept."""
        values = {}
        for name, kept in columns.items():
            if isinstance(kept, Mapping) and "parts" not in kept:
                return None
            values[name] = self._with_parts(image.get(name), kept) if isinstance(kept, Mapping) else kept
        return image | values

    def _kept(self, name: str, value: Any) -> Any:
        if name == self._metadata:
            parts = {key: each for key, each in parsed(value).items() if key == SHIPMENTS_KEY}
            return {"parts": parts, "hash": None if value is None else self._keyed.of(str(value))}
        if name in self._clear or self._is_empty(name, value):
            return value
        return {"hash": self._keyed.of(str(value))}

    def _is_empty(self, name: str, value: Any) -> bool:
        """Whether there is nobody's data in it: nothing, blanks, or JSON of nothing but nulls."""
        if value is None or not str(value).strip():
            return True
        inner = _unwrapped(value) if name in self._json else value
        return not inner or (isinstance(inner, dict) and not any(inner.values()))

    def _is(self, name: str, value: Any, kept: Any) -> bool:
        if not isinstance(kept, Mapping):
            return bool(value == kept)
        if "parts" in kept:
            parts = {key: each for key, each in parsed(value).items() if key == SHIPMENTS_KEY}
            return parts == kept["parts"] and (value is None) == (kept["hash"] is None)
        return value is not None and self._keyed.matches(str(value), kept["hash"])

    def _with_parts(self, value: Any, kept: Mapping[str, Any]) -> str | None:
        """Metadata with its shipments as they were, spelled as they were where that can be found out."""
        whole = parsed(value)
        parts = kept["parts"]
        if SHIPMENTS_KEY in parts:
            whole[SHIPMENTS_KEY] = parts[SHIPMENTS_KEY]
        else:
            whole.pop(SHIPMENTS_KEY, None)
        if kept["hash"] is None and not whole:
            return None
        known = kept["hash"] or ""
        return next((text for text in _spelled(whole) if self._keyed.matches(text, known)), json.dumps(whole))


def parsed(value: Any) -> dict[str, Any]:
    """The object in a column of JSON; empty where there is none."""
    inner = _unwrapped(value)
    return inner if isinstance(inner, dict) else {}


def _unwrapped(value: Any) -> Any:
    """The value of a JSON text; some shops store the JSON as text inside the JSON."""
    for _ in range(2):
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return value
    return value


def _spelled(value: Any) -> Iterator[str]:
    yield from (spelling(value) for spelling in _SPELLINGS)
    yield from (json.dumps(spelling(value)) for spelling in _SPELLINGS)
