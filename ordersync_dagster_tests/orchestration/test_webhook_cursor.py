"""What the healing sensor makes of events and of its cursor, without Dagster."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.window import Window, midnight
from ordersync_dagster.orchestration.webhook_cursor import WebhookCursor, gap_days, paid_orders
from ordersync_dagster.sandbox import checkout_session

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
LOST = date(2026, 11, 22)
DAY = Window(midnight(LOST), midnight(LOST) + timedelta(days=1))
RULES = SessionRules(
    live=False,
    settled_before=int(NOW.timestamp()),
    modes=frozenset({"payment"}),
    include_free=False,
    match=None,
)


def event(**session: object) -> dict[str, object]:
    return {"data": {"object": checkout_session(**{"created": int(NOW.timestamp()) - 86_400, **session})}}


def test_a_cursor_comes_back_as_it_was_kept() -> None:
    kept = WebhookCursor(1_790_000_000, {"cs_test_1": "2026-11-22"}, {"cs_test_1": [2, 1_790_000_000]})
    assert WebhookCursor.parse(kept.dump(), NOW) == kept


def asked(cursor: WebhookCursor, name: str, hours: Sequence[float], *runs: tuple[float, Window]) -> list[bool]:
    """Whether a run is asked for in each of the hours from NOW on; `runs` are those that ended, by their hour."""
    ended = [(NOW + timedelta(hours=hour), window) for hour, window in runs]
    moments = [NOW + timedelta(hours=hour) for hour in hours]
    return [bool(cursor.ask({name: LOST}, at, [run for run in ended if run[0] <= at])) for at in moments]


def test_a_session_is_given_up_after_three_runs_that_left_it_out() -> None:
    cursor = WebhookCursor(0, {"cs_test_1": "2026-11-22"})
    runs = [(hour, DAY) for hour in (0.1, 0.2, 1.1, 2.1)]
    assert asked(cursor, "cs_test_1", (0, 0.1, 0.2, 1, 1.2, 2, 3, 4), *runs) == [True] * 6 + [False] * 2


def test_a_run_that_takes_more_than_an_hour_uses_up_a_try_too() -> None:
    cursor = WebhookCursor(0)
    assert cursor.ask({"cs_test_1": LOST}, NOW, [])
    ended_late = [(NOW + timedelta(minutes=1), DAY)]
    for hour in (1, 2):
        assert cursor.ask({"cs_test_1": LOST}, NOW + timedelta(hours=hour), [])
    assert cursor.ask({"cs_test_1": LOST}, NOW + timedelta(hours=3), ended_late)
    assert cursor.asked["cs_test_1"][0] == 1


def test_a_run_that_was_stopped_or_read_other_days_uses_up_no_try() -> None:
    other = Window(midnight(LOST) - timedelta(days=3), midnight(LOST))
    assert asked(WebhookCursor(0), "cs_test_1", range(9)) == [True] * 9
    assert asked(WebhookCursor(0), "cs_test_1", range(9), *((hour + 0.1, other) for hour in range(9))) == [True] * 9


def test_a_run_from_before_it_was_asked_for_uses_up_no_try() -> None:
    assert asked(WebhookCursor(0), "cs_test_1", range(9), *((-0.1, DAY) for _ in range(9))) == [True] * 9


def test_what_was_asked_for_in_vain_is_forgotten_when_it_is_as_old_as_events_go() -> None:
    cursor = WebhookCursor(0, {"cs_vain": "2026-10-01", "cs_new": "2026-10-01", "cs_young": "2026-11-01"})
    for name in ("cs_vain", "cs_young"):
        asked(cursor, name, range(4), *((hour + 0.1, DAY) for hour in range(4)))
    assert set(cursor.lost(NOW)) == {"cs_new", "cs_young"}
    cursor.keep({"cs_new": date(2026, 10, 1)})
    assert (cursor.waiting, cursor.asked) == ({"cs_new": "2026-10-01"}, {})


@pytest.mark.parametrize("text", [None, "", "1790000000", "{}", '{"since": "x", "waiting": {}}', "[1]", "null"])
def test_without_a_readable_cursor_it_starts_as_far_back_as_events_go(text: str | None) -> None:
    assert WebhookCursor.parse(text, NOW) == WebhookCursor(int((NOW - timedelta(days=30)).timestamp()))


def test_a_paid_session_counts_on_the_day_on_which_it_was_created() -> None:
    created = int(datetime(2026, 11, 18, 23, 59, tzinfo=UTC).timestamp())
    (found,) = paid_orders([event(id="cs_test_1", created=created)], RULES)
    assert (found.session_id, found.created.date()) == ("cs_test_1", date(2026, 11, 18))


@pytest.mark.parametrize(
    "odd",
    [event(payment_status="unpaid"), event(mode="setup"), {"data": None}, {}, None, "event"],
)
def test_what_needs_no_order_and_what_is_no_event_does_not_count(odd: object) -> None:
    assert paid_orders([odd], RULES) == []


def test_a_young_cursor_leaves_no_gap() -> None:
    assert gap_days(WebhookCursor(int((NOW - timedelta(days=30)).timestamp())), NOW) == []


def test_an_old_cursor_leaves_a_gap_up_to_where_events_begin() -> None:
    gap = gap_days(WebhookCursor(int((NOW - timedelta(days=33)).timestamp())), NOW)
    assert gap == [date(2026, 10, 21), date(2026, 10, 22), date(2026, 10, 23), date(2026, 10, 24)]
