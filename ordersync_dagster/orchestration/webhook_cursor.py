"""From Stripe's events to the days that need a run: the decisions of the sensor missed_webhooks, without Dagster."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta

from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.paid_events import EVENTS_KEPT, read_paid_event
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.window import Window, midnight

WEBHOOK_TIME = timedelta(minutes=5)  # the shop's own webhook goes first
SLICE = timedelta(days=1)  # of events, read at once
RETRY_AFTER = timedelta(hours=1)
# Runs that may leave one session out: a passing reason has passed then; an amount that does not fit never does.
TRIES = 3


@dataclass(slots=True)
class WebhookCursor:
    """How far events were read (Unix seconds), and the paid sessions without an order at that time, with their days."""

    since: int
    waiting: dict[str, str] = field(default_factory=dict)
    # How many runs came to their end and left the session out, and since when the next one is asked for (Unix seconds).
    asked: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None, now: datetime) -> "WebhookCursor":
        """The kept cursor; at the first start, or if it cannot be read, one at the oldest event."""
        try:
            kept = json.loads(text or "")
            since, waiting = int(kept["since"]), dict(kept["waiting"])
            asked = {key: [int(count), int(at)] for key, (count, at) in kept.get("asked", {}).items()}
            return cls(since, waiting, asked)
        except (ValueError, KeyError, TypeError):
            return cls(int((now - EVENTS_KEPT).timestamp()))

    def dump(self) -> str:
        """The text that Dagster keeps."""
        return json.dumps(asdict(self))

    def lost(self, now: datetime) -> dict[str, date]:
        """The sessions to look for again; without those given up after TRIES whose events are gone."""
        found = {key: date.fromisoformat(day) for key, day in self.waiting.items()}
        horizon = (now - EVENTS_KEPT).date()
        return {key: day for key, day in found.items() if day >= horizon or not self._is_given_up(key)}

    def keep(self, missing: Mapping[str, date]) -> None:
        """Remember the sessions without an order, and forget the others."""
        self.waiting = {key: day.isoformat() for key, day in missing.items()}
        self.asked = {key: kept for key, kept in self.asked.items() if key in missing}

    def ask(self, missing: Mapping[str, date], now: datetime, ended: Collection[tuple[datetime, Window]]) -> set[str]:
        """Those of `missing` to ask a run for: each once in an hour, until TRIES runs have left it out.

        `ended` are the runs that came to their end, with their start. A run that was stopped uses up no try.
        """
        second = int(now.timestamp())
        for key, day in missing.items():
            count, last = self.asked.get(key, (0, None))
            if last is None:
                self.asked[key] = [0, second]
            elif hour_of(last) != hour_of(second) and any(
                at.timestamp() >= last and window.start <= midnight(day) < window.end for at, window in ended
            ):
                self.asked[key] = [count + 1, second]
        return {key for key in missing if not self._is_given_up(key)}

    @property
    def first_asked(self) -> datetime:
        """When the oldest of the runs was asked for that are not yet counted."""
        return datetime.fromtimestamp(min(at for _, at in self.asked.values()), UTC)

    def _is_given_up(self, session_id: str) -> bool:
        return self.asked.get(session_id, (0,))[0] >= TRIES


def hour_of(second: int) -> int:
    """The hour of a Unix time: a run is asked for once in each."""
    return int(second // RETRY_AFTER.total_seconds())


def paid_orders(events: Iterable[object], rules: SessionRules) -> list[Order]:
    """The order of every event whose session is paid and this shop's."""
    read = (read_paid_event(event, rules) for event in events)
    return [each.order for each in read if each]


def gap_days(cursor: WebhookCursor, now: datetime) -> list[date]:
    """The days whose events are gone: from an old cursor to thirty days back. Mostly none."""
    horizon = now - EVENTS_KEPT
    if cursor.since >= int(horizon.timestamp()):
        return []
    first = datetime.fromtimestamp(cursor.since, tz=now.tzinfo).date()
    return [first + timedelta(days=n) for n in range((horizon.date() - first).days + 1)]
