"""A proof that was made before against the day as it is now: which ids came, went, or changed their amount."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ordersync_dagster.core.ledger import LedgerEntry
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.proof import DayProof

_Side = Mapping[str, Price | None]


@dataclass(frozen=True, slots=True)
class ProofChange:
    """One id of one side; `before` or `after` is None where it was or is not there, or has no amount."""

    day: date
    side: str  # stripe or shop
    what: str  # came, went or changed
    id: str  # of a session, or of an order
    before: Price | None
    after: Price | None


def changes_since(before: DayProof, now: DayProof) -> list[ProofChange]:
    """All changes of one day, Stripe's first."""
    return [*_of_side("stripe", before, now, _sessions), *_of_side("shop", before, now, _orders)]


def _sessions(entries: tuple[LedgerEntry, ...]) -> _Side:
    return {each.session_id: each.price for each in entries}


def _orders(entries: tuple[LedgerEntry, ...]) -> _Side:
    return {order.order_id: order.price for each in entries for order in each.orders}


def _of_side(
    side: str, before: DayProof, now: DayProof, read: Callable[[tuple[LedgerEntry, ...]], _Side]
) -> Iterator[ProofChange]:
    then, today = read(before.entries), read(now.entries)
    for key in sorted(then.keys() | today.keys()):
        if key not in then:
            yield ProofChange(now.day, side, "came", key, None, today[key])
        elif key not in today:
            yield ProofChange(now.day, side, "went", key, then[key], None)
        elif then[key] != today[key]:
            yield ProofChange(now.day, side, "changed", key, then[key], today[key])
