"""Outages of the shop's webhook, found in the sequence of paid sessions and their orders.

An outage is seen in the sequence of payments, not in hours: a shop with one order in two hours has quiet hours, and
one lost order among others that came in time is no outage.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ordersync_dagster.core.money import amount_text
from ordersync_dagster.core.paid_sessions import Arrival, ArrivalKind
from ordersync_dagster.core.window import day_ranges

IN_TIME_THAT_END_IT = 3  # orders in time, one after the other
FEW_LOST = 2  # more lost than in time: enough where they are SPAN apart
MANY_LOST = 3  # enough whatever the time between them
SPAN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Outage:
    """Payments one after the other that got no order, or got it late.

    Both ends are payments: nobody knows more exactly when the webhook stopped and worked again than that the order
    `before` them and the one `after` them came in time.
    """

    first: datetime
    last: datetime
    before: datetime | None
    after: datetime | None  # None while it may go on: no order has come in time since
    missing: int
    recovered: int
    late: int
    in_time: int  # between them: not every webhook failed
    money: tuple[tuple[str, int], ...]  # (currency, minor units) of the orders that were lost or late
    is_exact: bool  # else `first` or `last` is when a session was created, up to a day before it was paid
    missing_days: tuple[date, ...] = ()  # UTC days on which the sessions without an order were created
    names_year: bool = False  # payments of two years were looked at

    @property
    def orders(self) -> int:
        """Orders that were lost or late."""
        return self.missing + self.recovered + self.late

    @property
    def is_ongoing(self) -> bool:
        """Whether no order has come in time since."""
        return self.after is None

    @property
    def period(self) -> str:
        """14 Nov 02:10 to 09:40 UTC; "since 14 Nov 02:10 UTC" while it may go on."""
        if self.is_ongoing:
            return f"since {self._moment(self.first)} UTC"
        last = f"{self.last:%H:%M}" if self.first.date() == self.last.date() else self._moment(self.last)
        return f"{self._moment(self.first)} to {last} UTC"

    @property
    def sentence(self) -> str:
        """14 Nov 02:10 to 09:40 UTC: 37 orders, EUR 1,204.00 (2 missing, 35 recovered)."""
        *others, last = (amount_text(amount, currency) for currency, amount in self.money)
        money = f"{', '.join(others)} and {last}" if others else last
        kinds = {"missing": self.missing, "recovered": self.recovered, "late": self.late}
        parts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
        return f"{self.period}: {self.orders:,} {'order' if self.orders == 1 else 'orders'}, {money} ({parts})"

    @property
    def command(self) -> str | None:
        """The command that adds what is missing; None where nothing is. Its days are those of the sessions."""
        if not self.missing_days:
            return None
        return f"ordersync sync --from {min(self.missing_days)} --to {max(self.missing_days)}"

    @property
    def backfill(self) -> str | None:
        """The same as partitions, in the form that Dagster's dialogue for a backfill takes."""
        return partition_selection(self.missing_days) or None

    def _moment(self, at: datetime) -> str:
        return f"{at.day} {at:%b %Y %H:%M}" if self.names_year else f"{at.day} {at:%b %H:%M}"


def partition_selection(days: Iterable[date]) -> str:
    """Days as Dagster's dialogue for a backfill takes them: 2026-11-10,[2026-11-13...2026-11-14]."""
    return ",".join(str(first) if first == last else f"[{first}...{last}]" for first, last in day_ranges(days))


def find_outages(of: Sequence[Arrival]) -> tuple[Outage, ...]:
    """The outages, oldest first; `of` is sorted by the time of the payment."""
    never_delayed = not any(each.session.is_delayed and each.is_in_time for each in of)
    return tuple(
        _outage(of, first, last)
        for first, last in _groups(of)
        if _is_outage(of[first : last + 1], leaves_delayed_out=never_delayed)
    )


def _groups(of: Sequence[Arrival]) -> list[tuple[int, int]]:
    """First and last place of lost payments with fewer than IN_TIME_THAT_END_IT orders in time between neighbours."""
    groups: list[tuple[int, int]] = []
    for place in (place for place, arrival in enumerate(of) if not arrival.is_in_time):
        if groups and place - groups[-1][1] <= IN_TIME_THAT_END_IT:
            groups[-1] = (groups[-1][0], place)
        else:
            groups.append((place, place))
    return groups


def _is_outage(group: Sequence[Arrival], *, leaves_delayed_out: bool) -> bool:
    """With `leaves_delayed_out` payments after the checkout alone are none: the handler may not listen to them."""
    if leaves_delayed_out and all(each.session.is_delayed for each in group):
        return False
    in_time = sum(each.is_in_time for each in group)
    surplus = len(group) - 2 * in_time
    span = group[-1].session.paid_at - group[0].session.paid_at
    return surplus >= MANY_LOST or (surplus >= FEW_LOST and span >= SPAN)


def _outage(of: Sequence[Arrival], first: int, last: int) -> Outage:
    group = of[first : last + 1]
    kinds = Counter(each.kind for each in group)
    money: Counter[str] = Counter()
    for each in group:
        if not each.is_in_time:
            money[each.session.currency] += each.session.amount
    return Outage(
        first=group[0].session.paid_at,
        last=group[-1].session.paid_at,
        before=of[first - 1].session.paid_at if first else None,  # it came in time, as the one after
        after=of[last + 1].session.paid_at if last + 1 < len(of) else None,
        missing=kinds[ArrivalKind.MISSING],
        recovered=kinds[ArrivalKind.RECOVERED],
        late=kinds[ArrivalKind.LATE],
        in_time=kinds[ArrivalKind.IN_TIME],
        money=tuple(sorted(money.items())),
        is_exact=group[0].session.is_exact and group[-1].session.is_exact,
        missing_days=tuple(sorted({each.session.created.date() for each in group if each.kind is ArrivalKind.MISSING})),
        names_year=of[0].session.paid_at.year != of[-1].session.paid_at.year,
    )
