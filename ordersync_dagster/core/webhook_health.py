"""How well the shop's webhook worked in a period: delays and losses by day, and its outages."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ordersync_dagster.core.outages import Outage, find_outages
from ordersync_dagster.core.paid_sessions import Arrival, ArrivalKind, PaidSession, arrivals
from ordersync_dagster.core.window import Window


@dataclass(frozen=True, slots=True)
class HealthOfDay:
    """One UTC day of payments. Delays are whole seconds, None where no delay is known."""

    day: date
    in_time: int = 0
    late: int = 0
    recovered: int = 0
    missing: int = 0
    delays: int = 0  # number of orders whose delay is known
    p50: int | None = None
    p95: int | None = None
    is_exact: bool = True  # else some payments are counted on the day when their session was created

    @property
    def payments(self) -> int:
        return self.in_time + self.late + self.lost

    @property
    def lost(self) -> int:
        """Payments of which the shop made no order, recovered or not."""
        return self.recovered + self.missing

    @property
    def loss_rate(self) -> float | None:
        """Lost orders per payment, from 0 to 1; None on a day without payments."""
        return self.lost / self.payments if self.payments else None


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """A period with its days and its outages; `notes` are sentences for the reader.

    `never_worked` are the lost payments of a shop that never made an order itself: its database may be new, so nobody
    knows whether that is an outage.
    """

    window: Window
    days: tuple[HealthOfDay, ...]
    outages: tuple[Outage, ...]
    alone: int = 0  # orders lost or late outside of outages
    notes: tuple[str, ...] = ()
    never_worked: Outage | None = None

    @property
    def payments(self) -> int:
        return sum(day.payments for day in self.days)

    @property
    def lost(self) -> int:
        """Payments of which the shop made no order, recovered or not."""
        return sum(day.lost for day in self.days)

    @property
    def ongoing(self) -> Outage | None:
        """The outage after which no order has come in time yet."""
        return next((each for each in self.outages if each.is_ongoing), None)


def webhook_health(
    sessions: Iterable[PaidSession], window: Window, notes: Iterable[str] = (), *, has_worked: bool = True
) -> WebhookHealth:
    """The health of the shop's webhook; `sessions` are those that were paid in `window`.

    `has_worked` says whether the shop ever made an order itself.
    """
    found = arrivals(sessions)
    by_day: dict[date, list[Arrival]] = defaultdict(list)
    for each in found.of:
        by_day[each.session.paid_at.date()].append(each)
    outages = find_outages(found.of)
    alone = sum(not each.is_in_time for each in found.of) - sum(each.orders for each in outages)
    days = tuple(_health(day, by_day[day]) for day in window.days)
    known = (*notes, *_notes(found.of, found.clock_off_by))
    if has_worked or not outages:
        return WebhookHealth(window, days, outages, alone, known)
    return WebhookHealth(window, days, (), alone, known, never_worked=outages[0])  # nothing came in time between two


def _health(day: date, of: Sequence[Arrival]) -> HealthOfDay:
    kinds = [each.kind for each in of]
    delays = sorted(round(each.delay.total_seconds()) for each in of if each.delay is not None)
    return HealthOfDay(
        day,
        **{str(kind): kinds.count(kind) for kind in ArrivalKind},
        delays=len(delays),
        p50=_percentile(delays, 50),
        p95=_percentile(delays, 95),
        is_exact=all(each.session.is_exact for each in of),
    )


def _percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The smallest value that at least `percent` of all do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


def _notes(of: Sequence[Arrival], clock_off_by: timedelta | None) -> Iterable[str]:
    if clock_off_by is not None:
        yield (
            f"Each order is at least {round(clock_off_by.total_seconds() / 60)} minutes younger than its payment: "
            "created_at is not in UTC, or every webhook was late. No delay is shown, and no order counts as late."
        )
    before = sum(_is_older_than_its_payment(each.session) for each in of)
    if before:
        yield (
            f"Orders older than their payment: {before}. Their delay is not known, because the shop makes them before "
            "the customer pays, or because created_at is not in UTC."
        )
    delayed = [each for each in of if each.session.is_delayed]
    if delayed and not any(each.is_in_time for each in delayed):
        yield (
            f"Payments that settled after the checkout (bank debits, vouchers): {len(delayed)}. None got its order in "
            "time, so the webhook has to handle checkout.session.async_payment_succeeded too."
        )


def _is_older_than_its_payment(session: PaidSession) -> bool:
    is_known = session.is_exact and session.made_at is not None
    return is_known and session.delay is None and session.made == "by_shop"
