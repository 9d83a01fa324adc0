"""Delays and losses by day, and what a reader is told about them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.paid_sessions import PaidSession
from ordersync_dagster.core.webhook_health import HealthOfDay, WebhookHealth, webhook_health
from ordersync_dagster.core.window import Window
from ordersync_dagster_tests.core.payments import START, paid, row_of

WINDOW = Window(datetime(2026, 11, 13, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
MINUTE = timedelta(minutes=1)


def health(sessions: Iterable[PaidSession]) -> WebhookHealth:
    return webhook_health(sessions, WINDOW)


def day_14(sessions: Iterable[PaidSession]) -> HealthOfDay:
    return next(each for each in health(sessions).days if each.day == date(2026, 11, 14))


def test_each_day_of_the_period_is_there_also_without_payments() -> None:
    found = health([])
    assert [each.day.day for each in found.days] == [13, 14, 15]
    assert [(each.payments, each.loss_rate, each.p50) for each in found.days] == [(0, None, None)] * 3
    assert (found.outages, found.alone, found.notes, found.payments) == ((), 0, (), 0)


def test_a_day_counts_payments_by_what_became_of_them() -> None:
    found = day_14(row_of("....lrm"))
    assert (found.in_time, found.late, found.recovered, found.missing) == (4, 1, 1, 1)
    assert (found.payments, found.lost, found.loss_rate) == (7, 2, 2 / 7)


def test_a_payment_belongs_to_the_day_on_which_it_was_paid() -> None:
    midnight = datetime(2026, 11, 15, tzinfo=UTC)
    found = health([paid(midnight - timedelta(seconds=1)), paid(midnight)])
    assert [each.payments for each in found.days] == [0, 1, 1]


def test_delays_are_the_nearest_ranks_in_whole_seconds() -> None:
    sessions = [paid(START + n * MINUTE, made_at=START + n * MINUTE + timedelta(seconds=n)) for n in range(1, 101)]
    assert (day_14(sessions).p50, day_14(sessions).p95, day_14(sessions).delays) == (50, 95, 100)


def test_one_order_is_both_percentiles() -> None:
    assert (day_14([paid(START)]).p50, day_14([paid(START)]).p95) == (4, 4)


def test_recovered_and_missing_orders_have_no_delay() -> None:
    assert (day_14(row_of("rm")).p50, day_14(row_of("rm")).delays) == (None, 0)


def test_days_without_events_are_said_to_be_less_exact() -> None:
    found = health([paid(START), paid(START + MINUTE, is_exact=False)])
    assert [each.is_exact for each in found.days] == [True, False, True]


def test_orders_lost_outside_of_outages_are_counted() -> None:
    found = health(row_of("mmm...m.....r"))
    assert (len(found.outages), found.alone, found.lost) == (1, 2, 5)


def test_an_outage_that_goes_on_is_named() -> None:
    assert health(row_of("mm....")).ongoing is None
    found = health(row_of("mm....rr"))
    assert found.ongoing is found.outages[1]


def test_a_column_in_another_time_zone_is_told() -> None:
    at = [START + n * timedelta(hours=1) for n in range(6)]
    (note,) = health(paid(each, made_at=each + timedelta(hours=1, seconds=2)) for each in at).notes
    assert note == (
        "Each order is at least 60 minutes younger than its payment: created_at is not in UTC, or every webhook was "
        "late. No delay is shown, and no order counts as late."
    )


def test_orders_that_are_older_than_their_payment_are_told() -> None:
    (note,) = health([paid(START, made_at=START - timedelta(hours=5)), paid(START + MINUTE)]).notes
    assert note == (
        "Orders older than their payment: 1. Their delay is not known, because the shop makes them before the customer "
        "pays, or because created_at is not in UTC."
    )


def test_a_handler_that_ignores_bank_debits_is_told() -> None:
    debit = replace(paid(START, "recovered"), is_delayed=True)
    (note,) = health([debit, *row_of("...", start=START + MINUTE)]).notes
    assert note == (
        "Payments that settled after the checkout (bank debits, vouchers): 1. None got its order in time, so the "
        "webhook has to handle checkout.session.async_payment_succeeded too."
    )


def test_bank_debits_in_time_need_no_note() -> None:
    assert health([replace(each, is_delayed=True) for each in row_of(".m")]).notes == ()


@given(st.lists(st.tuples(st.sampled_from("...lrm"), st.integers(0, 4000)), max_size=60))
def test_every_payment_counts_once(steps: list[tuple[str, int]]) -> None:
    words = {".": "in_time", "l": "late", "r": "recovered", "m": "missing"}
    moments = [START + turn * timedelta(seconds=30) for _, turn in steps]
    kinds = [words[letter] for letter, _ in steps]
    numbered = enumerate(zip(moments, kinds, strict=True))
    found = health(paid(at, kind, session_id=f"cs_{number}") for number, (at, kind) in numbered)
    lost = [each for each in steps if each[0] in "rm"]
    late = [each for each in steps if each[0] == "l"]
    assert (found.payments, found.lost) == (len(steps), len(lost))
    assert sum(each.orders for each in found.outages) + found.alone == len(lost) + sum(day.late for day in found.days)
    assert sum(day.late for day in found.days) in (len(late), 0)  # 0 where all are late alike: the clock is doubtful


def test_notes_of_the_reader_come_first_and_a_recovered_order_is_no_older_one() -> None:
    early = START - timedelta(hours=5)
    unknown = [
        paid(START, "recovered", made_at=early), paid(START, made_at=early, is_exact=False), paid(START, made_at=None),
    ]  # fmt: skip
    assert webhook_health(unknown, WINDOW, ["Stripe keeps events for 30 days."]).notes == (
        "Stripe keeps events for 30 days.",
    )


def test_of_many_delays_the_ranks_are_exact() -> None:
    second = timedelta(seconds=1)
    sessions = [paid(START + n * second, made_at=START + 2 * n * second) for n in range(1, 301)]
    assert (day_14(sessions).p50, day_14(sessions).p95) == (150, 285)


def test_the_health_names_its_period() -> None:
    assert health([]).window == WINDOW


def test_a_webhook_that_never_worked_has_no_outage_but_one_period() -> None:
    sessions = row_of("mmmm")
    found = webhook_health(sessions, WINDOW, ["a note"], has_worked=False)
    worked = webhook_health(sessions, WINDOW, ["a note"])
    assert (worked.never_worked, len(worked.outages)) == (None, 1)
    assert found == replace(worked, outages=(), never_worked=worked.outages[0])
    assert webhook_health([], WINDOW, has_worked=False).never_worked is None
