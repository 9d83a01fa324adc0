"""Paid sessions and the orders that the shop's webhook made of them: in time, late, recovered by us, or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ordersync_dagster.core.orders import Status

LATE_AFTER = timedelta(minutes=15)  # a webhook takes seconds; Stripe's retries come later
CLOCKS_DIFFER_BY = timedelta(minutes=1)  # Stripe's and the database's
ENOUGH_DELAYS = 5  # to say something of the shop's clock


class Made(StrEnum):
    """Who made the order of a paid session."""

    BY_SHOP = "by_shop"
    RECOVERED = "recovered"  # inserted by us, or told by us that it is paid
    MISSING = "missing"  # there is none, or one that does not know that it is paid


class ArrivalKind(StrEnum):
    """The work of the shop's webhook on a paid session; every kind but `in_time` counts as lost."""

    IN_TIME = "in_time"
    LATE = "late"
    RECOVERED = "recovered"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class MadeOrder:
    """An order of the shop, as far as it tells who made it and when; `made_at` is None where it cannot be read."""

    id: str
    session_id: str
    status: str
    made_at: datetime | None
    is_recovered: bool = False  # our audit says that we inserted it, or told it that it is paid

    @property
    def made(self) -> Made:
        if self.is_recovered:
            return Made.RECOVERED
        return Made.MISSING if self.status == Status.PENDING else Made.BY_SHOP


@dataclass(frozen=True, slots=True)
class PaidSession:
    """A paid Checkout Session. Times are aware UTC, `amount` is in minor units.

    Stripe's event says when it was paid. Where there is none any more, `paid_at` is when the session was created, up
    to a day too early, and `is_exact` is false.
    """

    session_id: str
    paid_at: datetime
    created: datetime
    amount: int
    currency: str
    made: Made
    made_at: datetime | None = None  # `created_at` of the shop's order
    is_exact: bool = True
    is_delayed: bool = False  # it was paid after the checkout: by bank debit, voucher or transfer

    @property
    def delay(self) -> timedelta | None:
        """Time from the payment to the order; None where nobody knows, as for an order that was made before it."""
        if self.made is not Made.BY_SHOP or not self.is_exact or self.made_at is None:
            return None
        delay = self.made_at - self.paid_at
        return max(delay, timedelta(0)) if delay >= -CLOCKS_DIFFER_BY else None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A paid session and its kind; `delay` is None where nobody knows it."""

    session: PaidSession
    kind: ArrivalKind
    delay: timedelta | None = None

    @property
    def is_in_time(self) -> bool:
        return self.kind is ArrivalKind.IN_TIME


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Every paid session once, oldest payment first.

    `clock_off_by` is the shortest delay where the shop's clock is doubtful: no delay counts then.
    """

    of: Sequence[Arrival]
    clock_off_by: timedelta | None = None


def arrivals(sessions: Iterable[PaidSession]) -> Arrivals:
    """The kind of each of `sessions`."""
    ordered = sorted(sessions, key=lambda each: (each.paid_at, each.session_id))
    off_by = _clock_off_by([each.delay for each in ordered if each.delay is not None])
    return Arrivals([_arrival(each, is_clock_right=off_by is None) for each in ordered], off_by)


def _clock_off_by(delays: list[timedelta]) -> timedelta | None:
    """The shortest delay, where all are late by about the same: `created_at` may be in another time zone."""
    if len(delays) < ENOUGH_DELAYS:
        return None
    ordered = sorted(delays)
    shortest, middle = ordered[0], ordered[len(ordered) // 2]
    return shortest if shortest > LATE_AFTER and middle - shortest <= LATE_AFTER else None


def _arrival(session: PaidSession, *, is_clock_right: bool) -> Arrival:
    if session.made is not Made.BY_SHOP:
        return Arrival(session, ArrivalKind(session.made))
    delay = session.delay if is_clock_right else None
    is_late = delay is not None and delay > LATE_AFTER
    return Arrival(session, ArrivalKind.LATE if is_late else ArrivalKind.IN_TIME, delay)
