"""The past of one order as one list of moments: Stripe's, the shop's, Printful's and our own runs'."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ordersync_dagster.core import money
from ordersync_dagster.core.explanation import Facts, Moment, RowPast
from ordersync_dagster.core.history import AuditRecord
from ordersync_dagster.core.printful_order_fields import (
    MalformedPrintfulOrderError,
    created_at,
    rows_of,
    text_of,
    tracking_number_of,
)
from ordersync_dagster.core.printful_parcels import read_parcels
from ordersync_dagster.core.window import unix_second

_SAME = timedelta(seconds=2)  # between a row's `updated_at` and the audit of its change


def timeline(facts: Facts) -> tuple[Moment, ...]:
    """Every moment that somebody names, oldest first."""
    found = [*_of_stripe(facts), *_of_shop(facts.past), *_of_runs(facts.past), *_of_printful(facts)]
    return tuple(sorted(found, key=lambda moment: moment.at))


def shown_amount(row: Mapping[str, Any], key: str) -> str:
    """An amount of Stripe's with its currency; as Stripe sent it where it cannot be read."""
    amount, currency = row.get(key), row.get("currency")
    if type(amount) is not int or not isinstance(currency, str):
        return "no amount"
    try:
        return f"{currency.upper()} {money.from_minor(amount, currency.lower()):,f}"
    except money.MoneyError:
        return f"{amount} minor units of {currency.upper()[:8]!r}"


def _of_stripe(facts: Facts) -> Iterator[Moment]:
    session = facts.session
    if session and (at := _time(session.get("created"))):
        yield Moment(at, "Stripe", f"session made, {shown_amount(session, 'amount_total')}")
    for what, rows in (("refund", facts.refunds), ("dispute", facts.disputes)):
        for row in rows:
            if isinstance(row, Mapping) and (at := _time(row.get("created"))):
                sentence = f"{what} {_word(row, 'id')} of {shown_amount(row, 'amount')}, now {_word(row, 'status')}"
                yield Moment(at, "Stripe", sentence)


def _of_shop(past: RowPast) -> Iterator[Moment]:
    is_ours = any(each.has("order", "order_create") for each in past.records)
    if past.created_at and not is_ours:  # an order that we insert has its session's time
        yield Moment(past.created_at, "shop", "order made by the shop, as its created_at says")
    known = [each.at for each in past.records] + [each.at for each in past.events if each.at]
    last = past.updated_at
    if last and last != past.created_at and not any(abs(last - at) <= _SAME for at in known):
        yield Moment(last, "shop", "order changed by another program, as its updated_at says")
    for event in past.events:
        if event.at and not event.is_ours:
            yield Moment(event.at, "shop", f"event {event.event_type} ({event.status})")


def _of_runs(past: RowPast) -> Iterator[Moment]:
    for record in past.records:
        what = f"{_ACTIONS.get(record.action, record.action)} {_row(record)}"
        yield Moment(record.at, "ordersync", f"{what}: {record.reason or '(blanked)'}")


_ACTIONS = {"order_create": "added", "order_update": "changed", "order_delete": "took back"}


def _row(record: AuditRecord) -> str:
    what = "the order" if record.resource == "order" else "an item"
    return f"{what} (run {record.run_id})"


def _of_printful(facts: Facts) -> Iterator[Moment]:
    for order in facts.printful_orders:
        name, word = text_of(order.get("id")), _word(order, "status")
        made, changed = created_at(order), _time(order.get("updated"))
        if made:
            yield Moment(datetime.fromtimestamp(made, UTC), "Printful", f"order {name} made")
        if changed and changed.timestamp() != made:
            yield Moment(changed, "Printful", f"order {name} last changed, now {word}")
        yield from _parcels(order)
    for rows in facts.parcels.values():
        for parcel in read_parcels(rows).all if isinstance(rows, Sequence) else ():
            if parcel.is_delivered and parcel.delivered_at:
                yield Moment(parcel.delivered_at, "Printful", f"parcel {parcel.id} delivered")


def _parcels(order: Mapping[str, Any]) -> Iterator[Moment]:
    try:
        rows = rows_of(order, "shipments")
    except MalformedPrintfulOrderError:
        return
    for row in rows:
        if isinstance(row, Mapping) and (at := _time(row.get("shipped_at")) or _time(row.get("created"))):
            number = tracking_number_of(row) or "none yet"
            yield Moment(at, "Printful", f"parcel {text_of(row.get('id')) or '(no id)'} sent, tracking number {number}")


def _time(value: object) -> datetime | None:
    """Unix seconds as a time; None where it is none."""
    second = unix_second(value)
    return None if second is None else datetime.fromtimestamp(second, UTC)


def _word(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value[:80] if isinstance(value, str) and value else "(nothing)"
