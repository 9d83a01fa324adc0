"""The text about the shop's webhook."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ordersync_dagster.core.outages import Outage
from ordersync_dagster.core.webhook_health import HealthOfDay, WebhookHealth
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.webhooks import outage_lines, webhooks_text

NIGHT = Outage(
    first=datetime(2026, 11, 14, 2, 10, tzinfo=UTC),
    last=datetime(2026, 11, 14, 9, 40, tzinfo=UTC),
    before=datetime(2026, 11, 14, 1, 58, tzinfo=UTC),
    after=datetime(2026, 11, 14, 9, 52, tzinfo=UTC),
    missing=30,
    recovered=4,
    late=3,
    in_time=0,
    money=(("eur", 120_400),),
    is_exact=True,
    missing_days=(date(2026, 11, 13), date(2026, 11, 14)),
)
WINDOW = Window(datetime(2026, 11, 14, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
DAY = HealthOfDay(date(2026, 11, 14), in_time=60, late=3, recovered=4, missing=30, delays=63, p50=4, p95=3900)
QUIET = HealthOfDay(date(2026, 11, 15))


def test_an_outage_says_what_was_lost_when_it_worked_and_how_to_repair_it() -> None:
    assert outage_lines(NIGHT) == [
        "14 Nov 02:10 to 09:40 UTC: 37 orders, EUR 1,204.00 (30 missing, 4 recovered, 3 late)",
        "Orders came in time until 2026-11-14 01:58 and again from 2026-11-14 09:52 UTC.",
        "To add what is missing: ordersync sync --from 2026-11-13 --to 2026-11-14",
        "Or in Dagster, job daily_order_sync, partitions: [2026-11-13...2026-11-14]",
    ]


def test_a_shop_that_never_made_an_order_is_told_both_readings_and_the_command() -> None:
    always = replace(NIGHT, before=None, after=None)
    text = webhooks_text(WebhookHealth(WINDOW, (DAY, QUIET), (), never_worked=always))
    assert text.splitlines()[2:7] == [
        "No order from a webhook:",
        "  The shop itself has made no order yet. Payments since 14 Nov 02:10 UTC: 37 orders, EUR 1,204.00 "
        "(30 missing, 4 recovered, 3 late)",
        "    If its database is new, nothing is wrong. If a webhook should make the orders, it has never worked: "
        "look at it and at Stripe's dashboard.",
        "    To add what is missing: ordersync sync --from 2026-11-13 --to 2026-11-14",
        "    Or in Dagster, job daily_order_sync, partitions: [2026-11-13...2026-11-14]",
    ]


def test_an_outage_that_goes_on_says_where_to_look() -> None:
    sentence, advice, *_ = outage_lines(replace(NIGHT, after=None))
    assert sentence.startswith("since 14 Nov 02:10 UTC: 37 orders")
    assert advice.startswith("It may go on: no order has come in time since. Look at your webhook")


def test_the_days_are_a_table_and_days_without_payments_are_left_out() -> None:
    text = webhooks_text(WebhookHealth(WINDOW, (DAY, QUIET), (NIGHT,), alone=2, notes=("A note.",)))
    assert (
        text.splitlines()[0] == "Webhook from 2026-11-14 to 2026-11-15 (UTC): 97 payments, 3 orders late, 34 lost (35%)"
    )
    assert "Lost or late, but not in an outage: 2" in text
    header, row = text.splitlines()[-6:-4]
    assert header.split() == ["day", "(UTC)", "payments", "late", "recovered", "missing", "lost", "p50", "p95"]
    assert row.split() == ["2026-11-14", "97", "3", "4", "30", "35%", "4", "s", "1", "h"]
    assert text.splitlines()[-3] == "A note."
    assert text.splitlines()[-1].startswith("A missing order may also be one that somebody deleted")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_400, "1 d")],
)
def test_a_delay_has_one_unit(seconds: int | None, shown: str) -> None:
    day = HealthOfDay(date(2026, 11, 14), in_time=1, p95=seconds)
    assert webhooks_text(WebhookHealth(WINDOW, (day,), ())).splitlines()[-1].endswith(f"  {shown}")


def test_days_that_are_less_exact_have_a_mark() -> None:
    day = HealthOfDay(date(2026, 11, 14), in_time=1, is_exact=False)
    assert webhooks_text(WebhookHealth(WINDOW, (day,), ())).splitlines()[-1].startswith("2026-11-14 ~")


def test_all_days_of_a_long_period_without_losses_fit_one_line_of_figures() -> None:
    days = tuple(HealthOfDay(date(2026, 11, 1) + timedelta(days=n), in_time=10) for n in range(30))
    assert "300 payments, 0 orders late, 0 lost\n" in webhooks_text(WebhookHealth(WINDOW, days, ()))
