"""Sends alerts: one message when a person is needed, one when it is over; after a run, and where no run happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Protocol

from ordersync_dagster.adapters.alerts.sinks import require_apprise, sinks_of
from ordersync_dagster.adapters.database.engine.connection import shown, sqlite_path
from ordersync_dagster.adapters.database.journal import alert_records
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.app.records import known_problems, links_of_runs, run_health
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, database_url, open_records
from ordersync_dagster.core.alerts import (
    FAILED_RUN,
    SILENCE,
    Concern,
    Phase,
    Said,
    Saying,
    SinkAnswer,
    being_sent,
    concerns_of,
    due,
    given_up,
)
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.report.alert_text import Message, News, alert_message, sample_message
from ordersync_dagster.report.deliveries import Delivery

NEW_SINK = "a new sink"
NO_REASONS: Mapping[str, str] = MappingProxyType({})


class AlertSink(Protocol):
    """Somewhere that a message can be sent to."""

    @property
    def name(self) -> str:
        """Number and kind, for people; never the URL."""

    @property
    def id(self) -> str:
        """Its name in `ordersync_alerts`."""

    def send(self, title: str, body: str) -> SinkAnswer:
        """Whether it took the message, and why not; never raises."""


@dataclass(frozen=True, slots=True)
class _Situation:
    problems: Sequence[KnownProblem]  # open ones, and ended ones that some sink was told
    health: RunHealth
    concerns: Sequence[Concern]
    links: Mapping[str, str]  # run → its page in Dagster

    def knows(self, saying: Saying) -> bool:
        """Whether there is something to say: an ended problem may have been purged."""
        return saying.subject in {FAILED_RUN, SILENCE} or any(each.id == saying.subject for each in self.problems)


class Alerts:
    """The alerts of one shop. Without `sinks`, those of the settings."""

    def __init__(self, settings: Settings, tools: Tools = Tools(), sinks: Sequence[AlertSink] | None = None) -> None:
        self._settings, self._tools = settings, tools
        own = sinks_of(settings.alert_urls, settings.ordersync_ca_bundle)
        self._sinks: Sequence[AlertSink] = own if sinks is None else sinks

    @property
    def is_wanted(self) -> bool:
        """Whether ORDERSYNC_ALERT_URLS is set, be it right or wrong."""
        return bool(self._sinks) or "ORDERSYNC_ALERT_URLS" in self._settings.faults

    def tell(self, reasons: Mapping[str, str] = NO_REASONS) -> list[Delivery]:
        """Send each sink its news; `reasons` are sentences that stopped runs, by the run's id.

        Raises SettingsError where no sink is set or apprise is missing.
        """
        self._require_sinks()
        store = open_records(self._settings, self._tools, is_writing=True)
        situation = self._situation(store)
        return [self._tell(store, sink, situation, reasons) for sink in self._sinks]

    def preview(self) -> list[Delivery]:
        """The messages of `tell`; writes and sends nothing. Without any sink, the message for a new one."""
        store = open_records(self._settings, self._tools, is_writing=False)
        situation, now = self._situation(store), self._tools.clock()
        found: list[Delivery] = []
        for name, key in [(each.name, each.id) for each in self._sinks] or [(NEW_SINK, "")]:
            said = self._said(store, key)
            sayings = self._due(situation, said)
            message = self._message(situation, sayings) if sayings else None
            found.append(Delivery(name, message, unconfirmed=given_up(situation.concerns, said, now)))
        return found

    def test(self) -> list[Delivery]:
        """Send each sink a message that says that it is a test."""
        self._require_sinks()
        message = sample_message(self._target, self._settings.ordersync_shop)
        answers = [(each.name, each.send(message.title, message.body)) for each in self._sinks]
        return [Delivery(name, message, answer.is_taken, why=answer.why, is_test=True) for name, answer in answers]

    def _require_sinks(self) -> None:
        self._settings.require()
        if not self._sinks:
            raise SettingsError("ORDERSYNC_ALERT_URLS is not set: name where alerts go (docs/alerts.md)")
        require_apprise()

    @property
    def _target(self) -> str:
        url = database_url(self._settings)
        path = sqlite_path(url)
        place = path.name if path else shown(url)  # the folders of this machine are nobody's business
        name = self._settings.ordersync_shop
        return f"{name} ({place})" if name else place

    def _situation(self, store: DatabaseStore) -> _Situation:
        now, hours = self._tools.clock(), self._settings.ordersync_silence_hours
        health = run_health(store)
        has_alerts = alert_records.ALERTS.name in store.tables.own
        problems = store.read(alert_records.read_told_problems) if has_alerts else known_problems(store)
        concerns = concerns_of(problems, health, now, hours, self._settings.ordersync_alert_classes)
        named = health.run_ids | {each.last_run for each in problems}
        return _Situation(problems, health, concerns, links_of_runs(self._settings, store, named))

    def _said(self, store: DatabaseStore, sink: str) -> list[Said]:
        is_there = alert_records.ALERTS.name in store.tables.own
        return store.read(partial(alert_records.read_said, sink=sink)) if is_there else []

    def _due(self, situation: _Situation, said: Sequence[Said]) -> list[Saying]:
        wanted = due(situation.concerns, said, self._tools.clock())
        return [each for each in wanted if situation.knows(each)]

    def _tell(
        self, store: DatabaseStore, sink: AlertSink, situation: _Situation, reasons: Mapping[str, str]
    ) -> Delivery:
        said = self._said(store, sink.id)
        unconfirmed = given_up(situation.concerns, said, self._tools.clock())
        if not (sayings := self._due(situation, said)):
            claimed = being_sent(situation.concerns, said, self._tools.clock())
            return Delivery(sink.name, unconfirmed=unconfirmed, being_sent=claimed)
        with store.transaction() as connection:
            sayings = alert_records.claim(connection, sink.id, sayings, self._tools.clock())
        if not sayings:  # another process was first
            return Delivery(sink.name, unconfirmed=unconfirmed)
        message = self._message(situation, sayings, reasons)
        answer = sink.send(message.title, message.body)
        with store.transaction() as connection:
            alert_records.settle(connection, sink.id, sayings, self._tools.clock(), is_sent=answer.is_taken)
        return Delivery(sink.name, message, answer.is_taken, unconfirmed, why=answer.why)

    def _message(
        self, situation: _Situation, sayings: Sequence[Saying], reasons: Mapping[str, str] = NO_REASONS
    ) -> Message:
        now, failed = self._tools.clock(), situation.health.last_failed
        new = {each.subject for each in sayings if each.phase is Phase.NEW}
        over = {each.subject for each in sayings if each.phase is Phase.OVER}
        news = News(
            target=self._target,
            now=now,
            health=situation.health,
            expected_hours=self._settings.ordersync_silence_hours,
            new=[each for each in situation.problems if each.id in new],
            over=[each for each in situation.problems if each.id in over],
            is_failing=FAILED_RUN in new,
            is_silent=SILENCE in new,
            is_run_over=not over.isdisjoint({FAILED_RUN, SILENCE}),
            left=sum(each.needs_person(now) for each in situation.problems),
            shop=self._settings.ordersync_shop,
            why=reasons.get(failed.id) if failed else None,
            links=situation.links,
        )
        return alert_message(news, self._settings.in_words_of_shop)
