"""Redacts rows for the audit, and restores rows from it: public columns stay in clear, the others become hashes."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, Table

from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.journal.row_snapshots import snapshot_text
from ordersync_dagster.adapters.database.rows.json_members import with_member, without_member
from ordersync_dagster.adapters.database.schema.column_types import BinaryJson
from ordersync_dagster.core.history import RowSnapshot
from ordersync_dagster.core.order_fields import CLEAR_COLUMNS, CLEAR_ITEM_COLUMNS
from ordersync_dagster.core.orders import SHIPMENTS_KEY
from ordersync_dagster.core.privacy import masked_email

# By the shop's column names: a value in clear, {"hash": …}, or of metadata {"parts": …, "hash": …}.
Columns = dict[str, Any]
CLEAR: Mapping[str, tuple[str, ...]] = {"orders": CLEAR_COLUMNS, "order_items": CLEAR_ITEM_COLUMNS}


class AuditColumns:
    """The columns of one table of the shop as the audit keeps them; `name` is our name of the table."""

    def __init__(self, table: Table, name: str, keyed: KeyedHash) -> None:
        self._keyed = keyed
        self._clear = {table.c[key].name for key in CLEAR[name] if key in table.c}
        metadata, email = table.c.get("metadata"), table.c.get("customer_email")
        self._metadata = metadata.name if metadata is not None else None
        self._is_binary = metadata is not None and isinstance(metadata.type, BinaryJson)
        self._email = email.name if email is not None else None
        updated = table.c.get("updated_at")
        self.updated_at = updated.name if updated is not None else None
        self._json = {column.name for column in table.columns if isinstance(column.type, JSON)}

    def email(self, snapshot: RowSnapshot) -> str | None:
        """The customer's e-mail address in a row of orders."""
        return snapshot.get(self._email) if self._email else None

    def whole_row(self, snapshot: RowSnapshot) -> dict[str, Any]:
        """An inserted or deleted row: its clear columns, and a hash to recognise the row by."""
        shown = {name: value for name, value in snapshot.items() if name in self._clear and value is not None}
        email = self.email(snapshot)
        if self._email and isinstance(email, str):
            shown[self._email] = masked_email(email)
        return {"columns": shown, "hash": self._keyed.of(snapshot_text(snapshot))}

    def is_same_row(self, snapshot: RowSnapshot, kept: Mapping[str, Any]) -> bool:
        """Whether `snapshot` is the row that `whole_row` was made from."""
        return self._keyed.matches(snapshot_text(snapshot), kept["hash"])

    def change(self, was: RowSnapshot, now: RowSnapshot) -> tuple[Columns, Columns]:
        """The columns that changed, before and after."""
        names = [name for name in now if now[name] != was.get(name)]
        before = {name: self._redacted(name, was.get(name)) for name in names}
        return before, {name: self._redacted(name, now[name]) for name in names}

    def differing(self, snapshot: RowSnapshot, columns: Columns) -> list[str]:
        """The columns of `snapshot` whose values are not those of `columns`."""
        return [name for name, kept in columns.items() if not self._matches(name, snapshot.get(name), kept)]

    def restored(self, snapshot: RowSnapshot, columns: Columns) -> RowSnapshot | None:
        """`snapshot` with the values of `columns`; None if one of them is kept only as a hash."""
        values = {}
        for name, kept in columns.items():
            if isinstance(kept, Mapping) and "parts" not in kept:
                return None
            values[name] = self._with_shipments(snapshot.get(name), kept) if isinstance(kept, Mapping) else kept
        return snapshot | values

    def _redacted(self, name: str, value: Any) -> Any:
        says_something = value is None or isinstance(_unwrapped(value), dict) or not self._is_empty(name, value)
        if name == self._metadata and says_something:
            parts = {key: each for key, each in parsed(value).items() if key == SHIPMENTS_KEY}
            return {"parts": parts, "hash": None if value is None else self._keyed.of(str(value))}
        if name in self._clear or self._is_empty(name, value):
            return value
        return {"hash": self._keyed.of(str(value))}

    def _is_empty(self, name: str, value: Any) -> bool:
        """Whether the value holds no data: None, blanks, or JSON without any value."""
        if value is None or not str(value).strip():
            return True
        inner = _unwrapped(value) if name in self._json else value
        return not inner or (isinstance(inner, dict) and not any(inner.values()))

    def _matches(self, name: str, value: Any, kept: Any) -> bool:
        if not isinstance(kept, Mapping):
            return bool(value == kept)
        if "parts" in kept:
            parts = {key: each for key, each in parsed(value).items() if key == SHIPMENTS_KEY}
            return parts == kept["parts"] and (value is None) == (kept["hash"] is None)
        return value is not None and self._keyed.matches(str(value), kept["hash"])

    def _with_shipments(self, value: Any, kept: Mapping[str, Any]) -> str | None:
        """Metadata with its old shipments; all else in its text stays.

        Only so can the hash of a row that we inserted match after our own later changes are taken out.
        """
        is_text_in_json = isinstance(value, str) and value.startswith('"')
        inner = json.loads(value) if is_text_in_json else value
        text = inner if isinstance(inner, str) and parsed(inner) else "{}"
        if SHIPMENTS_KEY in kept["parts"]:
            shipments = json.dumps(kept["parts"][SHIPMENTS_KEY], ensure_ascii=not self._is_binary)
            text = with_member(text, SHIPMENTS_KEY, shipments)
        else:
            text = without_member(text, SHIPMENTS_KEY)
        if kept["hash"] is None and not parsed(text):
            return None
        return json.dumps(text) if is_text_in_json else text


def parsed(value: Any) -> dict[str, Any]:
    """The object in a column of JSON; empty if there is none."""
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
