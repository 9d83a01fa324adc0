"""From Stripe's events to the days that need a run: the decisions of the sensor missed_webhooks, without Dagster."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.stripe_session import SessionRules, read_session

WEBHOOK_TIME = timedelta(minutes=5)  # the shop's own webhook goes first
EVENTS_KEPT = timedelta(days=30)  # Stripe lists events no further back: https://docs.stripe.com/api/events/list
SLICE = timedelta(days=1)  # of events, read at once
RETRY_AFTER = timedelta(hours=1)
# Runs for one session. A passing reason has passed by then; an amount that does not fit its column never does.
TRIES = 3


@dataclass(slots=True)
class WebhookCursor:
    """How far events were read (Unix seconds), and the paid sessions without an order at that time, with their days."""

    since: int
    waiting: dict[str, str] = field(default_factory=dict)
    asked: dict[str, list[int]] = field(default_factory=dict)  # how many runs were asked for, and the hour of the last

    @classmethod
    def parse(cls, text: str | None, now: datetime) -> "WebhookCursor":
        """The kept cursor; at the first start, or if it cannot be read, one at the oldest event."""
        try:
            kept = json.loads(text or "")
            since, waiting = int(kept["since"]), dict(kept["waiting"])
            asked = {key: [int(count), int(hour)] for key, (count, hour) in kept.get("asked", {}).items()}
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

    def ask(self, session_ids: Collection[str], hour: int) -> set[str]:
        """Those of `session_ids` to ask a run for in this hour: each in TRIES hours, and then no more."""
        for key in session_ids:
            count, last = self.asked.get(key, (0, None))
            if last != hour:
                self.asked[key] = [count + 1, hour]
        return {key for key in session_ids if not self._is_given_up(key)}

    def _is_given_up(self, session_id: str) -> bool:
        return self.asked.get(session_id, (0,))[0] > TRIES


def paid_orders(events: Iterable[object], rules: SessionRules) -> list[Order]:
    """The order of every event whose session is paid and this shop's."""
    verdicts = (read_session(_session_of(event), rules) for event in events)
    return [each for each in verdicts if isinstance(each, Order)]


def gap_days(cursor: WebhookCursor, now: datetime) -> list[date]:
    """The days whose events are gone: from an old cursor to thirty days back. Mostly none."""
    horizon = now - EVENTS_KEPT
    if cursor.since >= int(horizon.timestamp()):
        return []
    first = datetime.fromtimestamp(cursor.since, tz=now.tzinfo).date()
    return [first + timedelta(days=n) for n in range((horizon.date() - first).days + 1)]


def ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days as contiguous ranges, both ends inclusive, oldest first."""
    spans: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def _session_of(event: object) -> object:
    data: Any = event.get("data") if isinstance(event, Mapping) else None
    return data.get("object") if isinstance(data, Mapping) else None
