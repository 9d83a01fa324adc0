"""Which payments without an order are an outage of the webhook, and what is said of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.outages import Outage, find_outages
from ordersync_dagster.core.paid_sessions import Arrival, Made, PaidSession, arrivals
from ordersync_dagster_tests.core.payments import START, paid, row_of

HOURLY = timedelta(hours=1)
TWO_HOURS = timedelta(hours=2)


def outages_of(sessions: Sequence[PaidSession]) -> Sequence[Outage]:
    return find_outages(arrivals(sessions).of)


def test_lost_payments_one_after_the_other_are_one_outage() -> None:
    sessions = row_of("....mmmm....")
    (found,) = outages_of(sessions)
    assert (found.first, found.last) == (sessions[4].paid_at, sessions[7].paid_at)
    assert (found.before, found.after) == (sessions[3].paid_at, sessions[8].paid_at)
    assert (found.missing, found.recovered, found.late, found.in_time) == (4, 0, 0, 0)
    assert found.money == (("eur", 12_000),)
    assert not found.is_ongoing


@pytest.mark.parametrize("kinds", ["....", "", "m", "..m..", "m...m", "m..m...m", ".m...r...l.", "m.m"])
def test_lost_orders_among_orders_in_time_are_no_outage(kinds: str) -> None:
    assert outages_of(row_of(kinds, every=TWO_HOURS)) == ()


@pytest.mark.parametrize("kinds", [".mm.", ".rr.", ".ll.", ".ml.", "mm", "..lmr.."])
def test_a_small_shop_has_an_outage_when_two_orders_in_a_row_are_lost(kinds: str) -> None:
    (found,) = outages_of(row_of(kinds, every=TWO_HOURS))
    assert found.orders == len(kinds.replace(".", ""))


def test_a_quiet_week_between_two_lost_orders_does_not_hide_the_outage() -> None:
    (found,) = outages_of(row_of(".mm.", every=timedelta(days=7)))
    assert found.last - found.first == timedelta(days=7)


def test_two_lost_orders_within_seconds_are_no_outage_of_a_busy_shop() -> None:
    assert outages_of(row_of("." * 50 + "mm" + "." * 50, every=timedelta(seconds=20))) == ()


def test_three_lost_orders_within_seconds_are_an_outage() -> None:
    (found,) = outages_of(row_of("." * 50 + "mmm" + "." * 50, every=timedelta(seconds=20)))
    assert found.orders == 3


def test_one_order_in_time_does_not_cut_an_outage() -> None:
    (found,) = outages_of(row_of("...mmm.mm..mmm..."))
    assert (found.orders, found.in_time) == (8, 3)


def test_orders_in_time_between_two_outages_keep_them_apart() -> None:
    first, second = outages_of(row_of("mmmm....mmmm"))
    assert (first.orders, second.orders) == (4, 4)
    assert not first.is_ongoing
    assert second.is_ongoing


def test_an_outage_goes_on_while_no_order_has_come_in_time_since() -> None:
    (found,) = outages_of(row_of("...mm"))
    assert (found.is_ongoing, found.period) == (True, "since 14 Nov 02:55 UTC")
    (ended,) = outages_of(row_of("...mm."))
    assert ended.is_ongoing is False


def test_the_sentence_names_hours_orders_and_money() -> None:
    lost = [
        paid(START, amount=100_000),
        paid(START + timedelta(hours=3), amount=0),
        paid(START.replace(hour=9, minute=40), "late", amount=20_400),
    ]
    lost[:2] = [replace(each, made=Made.MISSING, made_at=None) for each in lost[:2]]
    (found,) = outages_of([*lost, *row_of("...", start=START.replace(hour=12))])
    assert found.sentence == "14 Nov 02:10 to 09:40 UTC: 3 orders, EUR 1,204.00 (2 missing, 1 late)"


def test_money_is_summed_by_currency_in_minor_units() -> None:
    yen = [replace(each, currency="jpy", amount=500) for each in row_of("mr", start=START + TWO_HOURS)]
    (found,) = outages_of([*row_of("mm"), *yen])
    assert found.money == (("eur", 6000), ("jpy", 1000))
    assert "4 orders, EUR 60.00 and JPY 1,000 (3 missing, 1 recovered)" in found.sentence


def test_an_outage_over_midnight_names_both_days() -> None:
    (found,) = outages_of(row_of("mm.", start=datetime(2026, 11, 14, 23, 50, tzinfo=UTC)))
    assert found.period == "14 Nov 23:50 to 15 Nov 00:05 UTC"


def test_the_year_is_named_where_payments_are_of_two_years() -> None:
    (found,) = outages_of(row_of("mm....", every=timedelta(days=30)))
    assert found.period == "14 Nov 2026 02:10 to 14 Dec 2026 02:10 UTC"


def test_the_command_covers_the_days_on_which_missing_sessions_were_created() -> None:
    """A run's period is that of a session's `created`, which may be days before the payment."""
    lost = row_of("rmm", every=HOURLY)
    (found,) = outages_of([lost[0], replace(lost[1], created=START - timedelta(days=4)), *lost[2:]])
    assert found.missing_days == (date(2026, 11, 10), date(2026, 11, 14))
    assert found.command == "ordersync sync --from 2026-11-10 --to 2026-11-14"
    assert found.backfill == "2026-11-10,2026-11-14"


def test_days_in_a_row_are_one_range_of_partitions() -> None:
    (found,) = outages_of(row_of("mmm", every=timedelta(days=1)))
    assert found.backfill == "[2026-11-14...2026-11-16]"


def test_an_outage_that_was_repaired_needs_no_command() -> None:
    (found,) = outages_of(row_of("rrrl"))
    assert (found.command, found.backfill) == (None, None)


def test_times_of_created_sessions_make_an_outage_inexact() -> None:
    lost = row_of("mmm")
    (found,) = outages_of([replace(lost[0], is_exact=False), *lost[1:]])
    assert not found.is_exact


def test_a_handler_that_ignores_late_payments_has_no_outage_at_night() -> None:
    """Bank debits that settle one after the other, of which none ever got its order."""
    debits = [replace(each, is_delayed=True) for each in row_of("mmmm", start=START + timedelta(minutes=1))]
    assert outages_of([paid(START), *debits, paid(START + TWO_HOURS)]) == ()


def test_bank_debits_count_where_the_handler_knows_them() -> None:
    kinds = row_of("..mmmm..")
    (found,) = outages_of([replace(each, is_delayed=True) for each in kinds])
    assert found.orders == 4


def test_a_bank_debit_counts_in_an_outage_of_other_payments() -> None:
    debit = paid(START + timedelta(minutes=20), "missing", is_delayed=True)
    (found,) = outages_of([*row_of("mmm..."), debit])
    assert found.orders == 4


SEQUENCES = st.lists(st.tuples(st.sampled_from("....lrm"), st.integers(0, 40)), max_size=40)


@given(SEQUENCES)
def test_a_slow_model_finds_the_same_outages(steps: list[tuple[str, int]]) -> None:
    words = {".": "in_time", "l": "late", "r": "recovered", "m": "missing"}
    at, sessions = START, list[PaidSession]()
    for number, (letter, minutes) in enumerate(steps):
        at += timedelta(minutes=minutes)
        sessions.append(paid(at, words[letter], session_id=f"cs_{number:03}"))
    found = arrivals(sessions)
    shown = [(each.first, each.last, each.orders, each.in_time, dict(each.money)) for each in find_outages(found.of)]
    assert shown == model(found.of)


def model(of: Sequence[Arrival]) -> list[tuple[datetime, datetime, int, int, dict[str, int]]]:
    """Two lost payments belong together where a chain of lost ones leads from one to the other, with at most two
    orders in time in each step. Such a group is an outage if three more were lost than came in time, or two more
    within ten minutes or longer.
    """
    lost = [place for place, each in enumerate(of) if not each.is_in_time]
    groups = [{place} for place in lost]
    for left in lost:
        for right in lost:
            between = [each for each in of[left + 1 : right] if each.is_in_time]
            if left < right and len(between) <= 2:
                joined = {place for group in groups if group & {left, right} for place in group}
                groups = [group for group in groups if not group & joined] + [joined]
    found = []
    for group in sorted(groups, key=min):
        first, last = of[min(group)].session, of[max(group)].session
        in_time = max(group) - min(group) + 1 - len(group)
        more = len(group) - in_time
        if more >= 3 or (more == 2 and last.paid_at - first.paid_at >= timedelta(minutes=10)):
            money = {"eur": sum(of[place].session.amount for place in group)}
            found.append((first.paid_at, last.paid_at, len(group), in_time, money))
    return found


def test_an_outage_may_begin_with_the_first_payment_and_end_with_the_last() -> None:
    (found,) = outages_of(row_of("mmm"))
    assert (found.before, found.after, found.orders) == (None, None, 3)
    first, second = outages_of(row_of("mmm....mmm"))
    assert (first.orders, second.orders, first.before) == (3, 3, None)


def test_a_lone_lost_payment_long_before_an_outage_is_not_of_it() -> None:
    (found,) = outages_of(row_of("m......mmm."))
    assert found.orders == 3


@pytest.mark.parametrize(("odd", "is_exact"), [(0, False), (1, True), (2, False)])
def test_an_outage_is_exact_where_its_first_and_last_payment_are(odd: int, is_exact: bool) -> None:
    sessions = [replace(each, is_exact=place != odd) for place, each in enumerate(row_of("mmm"))]
    (found,) = outages_of(sessions)
    assert found.is_exact is is_exact


def test_the_year_is_named_where_the_first_and_the_last_payment_are_of_two() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert outages_of(row_of("mmm", start=new_year))[0].names_year
    assert outages_of([*row_of(".", start=new_year), *row_of("mmm", start=new_year + TWO_HOURS)])[0].names_year
    assert outages_of([*row_of("mmm", start=new_year - TWO_HOURS), *row_of(".", start=new_year + HOURLY)])[0].names_year
    assert not outages_of(row_of("mmm", start=new_year + TWO_HOURS))[0].names_year


def test_the_sentence_of_one_order_and_of_thousands_can_be_read() -> None:
    (found,) = outages_of(row_of(".mm.", every=TWO_HOURS))
    assert ": 1 order, EUR 30.00 (1 missing)" in replace(found, missing=1, money=(("eur", 3000),)).sentence
    assert ": 6,000 orders, EUR 30.00 (6,000 missing)" in replace(found, missing=6000, money=(("eur", 3000),)).sentence
