"""The data of the pretend shop: the records of both vendors and the shop's own rows."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, overload

from ordersync_dagster.sandbox.world.events import events_of

Json = dict[str, Any]


def dump(value: object) -> bytes:
    """Compact JSON, as it is sent."""
    return json.dumps(value, separators=(",", ":")).encode()


class Packed(Sequence[Json]):
    """Records kept as JSON bytes, so that a large world needs little memory; each access decodes a new copy."""

    def __init__(self, raw: Iterable[bytes]) -> None:
        self.raw = tuple(raw)

    @overload
    def __getitem__(self, index: int) -> Json: ...
    @overload
    def __getitem__(self, index: slice) -> list[Json]: ...
    def __getitem__(self, index: int | slice) -> Json | list[Json]:
        if isinstance(index, slice):
            return [json.loads(body) for body in self.raw[index]]
        record: Json = json.loads(self.raw[index])
        return record

    def __len__(self) -> int:
        return len(self.raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packed) and self.raw == other.raw

    __hash__ = None  # type: ignore[assignment]  # equal by content, like a list


class PackedLines(Mapping[str, list[Json]]):
    """Line items by session id; each list is kept as JSON bytes."""

    def __init__(self, raw: Mapping[str, bytes]) -> None:
        self.raw = raw

    def __getitem__(self, session_id: str) -> list[Json]:
        lines: list[Json] = json.loads(self.raw[session_id])
        return lines

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)


def raw_of(records: Sequence[Json]) -> Sequence[bytes]:
    """The JSON bytes of each record; packed records have them already."""
    return records.raw if isinstance(records, Packed) else [dump(record) for record in records]


@dataclass(frozen=True)
class ShopRows:
    """Rows of the shop's two tables, keyed by column name."""

    orders: list[Json] = field(default_factory=list)
    order_items: list[Json] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """The pretend shop at one time; `line_items` maps a session's id to all of its lines."""

    now: datetime
    sessions: Sequence[Json] = ()
    line_items: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    refunds: Sequence[Json] = ()
    printful_orders: Sequence[Json] = ()
    shop: ShopRows = field(default_factory=ShopRows)
    disputes: Sequence[Json] = ()
    invoice_payments: Sequence[Json] = ()
    parcels: Mapping[int, Sequence[Json]] = field(default_factory=dict)  # by Printful id, if not those of API v1

    @cached_property
    def events(self) -> list[Json]:
        """Stripe's events of the last 30 days for these sessions, newest first."""
        return events_of(self.sessions, self.now)

    def with_session(self, session: Json, line_items: Sequence[Json] | None = None) -> "World":
        """This world with one session added or replaced; without `line_items`, its lines stay."""
        lines = self.line_items
        if line_items is not None:
            lines = {**lines, session["id"]: list(line_items)}
        return replace(self, sessions=_with(self.sessions, session), line_items=lines)

    def without_session(self, session_id: str) -> "World":
        """This world without one session."""
        return replace(self, sessions=_without(self.sessions, session_id))

    def with_refund(self, refund: Json) -> "World":
        """This world with one refund added or replaced."""
        return replace(self, refunds=_with(self.refunds, refund))

    def with_dispute(self, dispute: Json) -> "World":
        """This world with one dispute added or replaced."""
        return replace(self, disputes=_with(self.disputes, dispute))

    def with_invoice_payment(self, payment: Json) -> "World":
        """This world with one payment of an invoice added or replaced."""
        return replace(self, invoice_payments=_with(self.invoice_payments, payment))

    def with_printful_order(self, order: Json) -> "World":
        """This world with one Printful order added or replaced."""
        return replace(self, printful_orders=_with(self.printful_orders, order))

    def with_parcels(self, order_id: int, parcels: Sequence[Json]) -> "World":
        """This world with the parcels that API v2 shows of one Printful order."""
        return replace(self, parcels={**self.parcels, order_id: parcels})

    def without_printful_order(self, order_id: int) -> "World":
        """This world without one Printful order."""
        return replace(self, printful_orders=_without(self.printful_orders, order_id))


def _with(records: Sequence[Json], record: Json) -> list[Json]:
    return newest_first([record, *_without(records, record["id"])])


def _without(records: Sequence[Json], record_id: object) -> list[Json]:
    return [record for record in records if record["id"] != record_id]


def newest_first(records: Iterable[Json]) -> list[Json]:
    """Records by `created`, newest first; equal seconds keep their order."""
    return sorted(records, key=lambda record: -int(record["created"]))
