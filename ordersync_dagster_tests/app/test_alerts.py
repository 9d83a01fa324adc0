"""Alerts of a shop: each is said once by whatever process, nothing is lost, and its end is said too."""

from datetime import timedelta

import pytest

from ordersync_dagster.app.alerts import Alerts
from ordersync_dagster.app.history import History
from ordersync_dagster.app.problems import Problems
from ordersync_dagster.core.alerts import CLAIM_LASTS
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.report.deliveries import deliveries_text
from ordersync_dagster.sandbox import Fault
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.receivers import FakeSink
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop


class Team:
    """Sinks of one shop, and what is sent to them."""

    def __init__(self, shop: Shop, *sinks: FakeSink, **changes: str) -> None:
        self.shop, self.sinks = shop, sinks or (FakeSink(),)
        self.settings = settings_for(shop.sandbox, shop.database.url, **changes)

    @property
    def source(self) -> Alerts:
        return Alerts(self.settings, self.shop.time.tools(), self.sinks)

    @property
    def problems(self) -> Problems:
        return Problems(self.settings, self.shop.time.tools())

    def hears(self) -> list[str]:
        """What the first sink is told by the next try."""
        self.source.tell()
        return self.sinks[0].take()

    def passes(self, time: timedelta) -> None:
        self.shop.time.elapsed += time.total_seconds()


def looked_at(shop: Shop) -> None:
    """The second run finds what the first one's repairs have made visible."""
    shop.run()
    shop.run()


def needing_person(team: Team) -> int:
    return sum(each.problem_class.needs_person for each in team.problems.known())


def test_new_problems_are_one_digest_and_never_told_twice(each_shop: Shop) -> None:
    looked_at(each_shop)
    team = Team(each_shop)
    assert team.hears() == [f"ordersync: {needing_person(team)} new problems"]
    assert team.hears() == []
    each_shop.run()
    assert team.hears() == []


def test_what_is_over_is_said_once(each_shop: Shop) -> None:
    looked_at(each_shop)
    team = Team(each_shop)
    team.hears()
    each_shop.database.execute("DELETE FROM orders WHERE printful_order_id = '123456789'")
    each_shop.run()
    (title,) = team.hears()
    assert "over: 1 problem" in title
    assert team.hears() == []


def test_a_sink_that_was_down_is_told_by_the_next_try_and_the_others_not_again(each_shop: Shop) -> None:
    looked_at(each_shop)
    team = Team(each_shop, FakeSink("1"), FakeSink("2", is_up=False))
    first, second = team.source.tell()
    assert first.is_sent
    assert second.warning == (
        "sink 2 (fake) did not take the alert: it is down. The next try sends it. "
        "`ordersync alerts test` tries the sink."
    )
    team.sinks[1].is_up = True
    assert team.sinks[0].take() == team.hears() + team.sinks[1].take() != []
    assert team.hears() + team.sinks[1].take() == []


def test_what_came_and_went_while_a_sink_was_down_is_not_told(shop: Shop) -> None:
    looked_at(shop)
    team = Team(shop, FakeSink(is_up=False))
    team.source.tell()
    shop.database.execute("UPDATE ordersync_problems SET ended_at = last_seen, ended_why = 'gone'")
    team.sinks[0].is_up = True
    assert team.hears() == []


def test_two_processes_at_once_tell_it_once(each_shop: Shop) -> None:
    looked_at(each_shop)
    other = Team(each_shop)
    team = Team(each_shop, FakeSink(meanwhile=lambda: other.source.tell()))
    assert len(team.hears()) == 1
    assert other.sinks[0].take() == []


def test_a_process_that_dies_while_it_sends_makes_it_said_at_most_twice(each_shop: Shop) -> None:
    looked_at(each_shop)

    def die() -> None:
        raise KeyboardInterrupt

    dying = Team(each_shop, FakeSink(meanwhile=die))
    team = Team(each_shop)
    for _ in range(2):
        assert team.source.preview()[0].message is not None
        with pytest.raises(KeyboardInterrupt):
            dying.source.tell()
        assert team.hears() == []  # it may still be sending
        team.passes(CLAIM_LASTS + timedelta(minutes=1))
    (left,) = team.source.tell()
    assert left.message is None
    assert "was perhaps not told" in str(left.warning)


def test_a_death_before_anything_was_sent_loses_nothing(shop: Shop) -> None:
    looked_at(shop)

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Team(shop, FakeSink(meanwhile=die)).source.tell()
    team = Team(shop)
    (meanwhile,) = team.source.tell()
    assert meanwhile.being_sent > 0
    told = deliveries_text([meanwhile], dry_run=False)
    assert told.startswith(f"sink 1 (fake): another process is sending {meanwhile.being_sent} things; if it died,")
    team.passes(CLAIM_LASTS + timedelta(minutes=1))
    assert len(team.hears()) == 1
    (after,) = team.source.tell()
    assert (after.message, after.being_sent) == (None, 0)


def test_an_acknowledged_problem_is_told_when_its_time_is_over(shop: Shop) -> None:
    looked_at(shop)
    team = Team(shop, ORDERSYNC_ALERT_CLASSES="missing_at_printful")
    (known,) = [each for each in team.problems.known() if each.problem_class == "missing_at_printful"]
    until = shop.time.now + timedelta(days=1)
    team.problems.acknowledge([known.id], by="ann", note="asked", until=until)
    assert team.hears() == []
    team.passes(timedelta(days=1))
    assert team.hears() == ["ordersync: 1 new problem (missing_at_printful)"]
    assert team.hears() == []


@pytest.mark.full
def test_a_failed_run_is_told_once_with_its_reason_until_one_succeeds(shop: Shop) -> None:
    looked_at(shop)
    team = Team(shop)
    team.hears()
    shop.sandbox.faults.add(Fault("/v1/checkout/sessions", "status", 401, times=None))
    reasons: dict[str, str] = {}
    for _ in range(3):
        team.passes(timedelta(hours=1))
        with pytest.raises(Exception) as stopped:
            shop.run()
        (run_id,) = shop.database.column(
            "SELECT id FROM ordersync_runs WHERE state = 'failed' ORDER BY started_at DESC LIMIT 1"
        )
        reasons = {run_id: str(stopped.value)}
        team.source.tell(reasons)
    ((title, body),) = team.sinks[0].got
    assert title == "ordersync: a run failed"
    assert "Why: Stripe" in body
    shop.sandbox.faults.reset()
    team.sinks[0].take()
    team.passes(timedelta(hours=1))
    shop.run()
    (title,) = team.hears()
    assert title.endswith("over: a run succeeded")
    assert team.hears() == []


def test_silence_is_told_though_no_run_happens(shop: Shop) -> None:
    shop.run(printful=PrintfulScope.none)
    team = Team(shop, ORDERSYNC_ALERT_CLASSES="disputed")
    team.passes(timedelta(hours=25))
    assert team.hears() == []
    team.passes(timedelta(hours=2))
    assert team.hears() == ["ordersync: no successful run for 27 hours"]
    team.passes(timedelta(hours=30))
    assert team.hears() == []
    shop.run(printful=PrintfulScope.none)
    assert team.hears() == ["ordersync: over: a run succeeded"]


def test_a_preview_shows_all_and_writes_nothing(each_shop: Shop) -> None:
    looked_at(each_shop)
    team = Team(each_shop)
    before = everything(each_shop.database)
    (shown,) = team.source.preview()
    assert everything(each_shop.database) == before
    assert team.sinks[0].got == []
    team.source.tell()
    assert shown.message is not None
    assert team.sinks[0].got == [(shown.message.title, shown.message.body)]


def test_no_message_holds_personal_data(shop: Shop) -> None:
    looked_at(shop)
    team = Team(shop)
    team.hears()
    people = shop.database.rows("SELECT customer_email, customer_name FROM orders")
    known = {str(value) for row in people for value in row.values() if value}
    team.passes(timedelta(days=3))
    (message,) = team.source.preview()
    assert message.message is not None
    assert not [value for value in known if value in message.message.body]


def test_purge_forgets_what_is_over_and_never_what_is_open(each_shop: Shop) -> None:
    looked_at(each_shop)
    team = Team(each_shop)
    team.hears()
    each_shop.database.execute("DELETE FROM orders WHERE printful_order_id = '123456789'")
    each_shop.run()
    team.hears()
    team.passes(timedelta(days=400))
    before = each_shop.database.count("ordersync_alerts")
    result = History(team.settings, each_shop.time.tools()).purge(365, dry_run=False)
    assert result.counts.alerts == before - each_shop.database.count("ordersync_alerts") == 2
    assert team.hears() == ["ordersync: no successful run for 400 days"]


@pytest.mark.parametrize("ask", [Alerts.tell, Alerts.test])
def test_without_a_sink_nothing_is_done_and_the_setting_is_named(shop: Shop, ask: object) -> None:
    with pytest.raises(SettingsError, match="ORDERSYNC_ALERT_URLS is not set"):
        ask(Alerts(settings_for(shop.sandbox, shop.database.url)))  # type: ignore[operator]
