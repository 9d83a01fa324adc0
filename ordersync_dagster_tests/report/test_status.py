"""The verdict on a shop: its line and its screen as a whole."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.history import PastRun
from ordersync_dagster.core.known_problems import Acknowledgement, FoundBy, KnownProblem
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.summary import COUNTERS
from ordersync_dagster.report.status import ShopStatus, status_json, status_line
from ordersync_dagster.report.status_screen import status_text

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
FIGURES = dict(zip(COUNTERS, (42, 3, 39, 15, 8, 24, 0), strict=True))


def run(name: str, hours_ago: int, state: str = "succeeded") -> PastRun:
    at = NOW - timedelta(hours=hours_ago)
    return PastRun(name, "sync", None, state, None, at, at, None, None, FIGURES)


def problem(name: str, kind: ProblemClass, amount: str, currency: str, days: int) -> KnownProblem:
    price, since = Price(Decimal(amount), currency), NOW - timedelta(days=days)
    return KnownProblem(name, kind, "A sentence.", {}, price, FoundBy.PRINTFUL, None, since, NOW, "r", 1)


SEEN = Acknowledgement("ann", NOW, "asked")
STATUS = ShopStatus(
    target="db.example.com/shop",
    now=NOW,
    health=RunHealth(run("r1", 99), run("r3", 2), run("r3", 2), None, run("r2", 50, "failed"), 0),
    expected_hours=26,
    problems=[
        problem("p1", ProblemClass.UNFULFILLED, "1204", "eur", 14),
        problem("p2", ProblemClass.UNFULFILLED, "4800", "jpy", 3),
        replace(problem("p3", ProblemClass.DISPUTED, "9", "usd", 3), acknowledgement=SEEN),
        problem("p4", ProblemClass.NOT_LOOKED_AT, "7", "usd", 3),
        problem("p5", ProblemClass.DOUBLE_PAYMENT, "31", "usd", 1),
    ],
)


def test_the_line_of_a_shop_that_needs_a_person() -> None:
    assert status_line(STATUS) == (
        "A person is needed: 3 problems, the oldest for 14 days. 2 unfulfilled, 1 double_payment "
        "(EUR 1,204.00 and JPY 4,800 and USD 31.00). 1 acknowledged. Last successful run: 2 hours ago."
    )


def test_a_narrow_screen_cuts_off_neither_amounts_nor_advice() -> None:
    assert (
        "\n".join(status_text(STATUS, width=48).splitlines()[:11])
        == """\
✗ A person is needed: 3 problems, the oldest for
14 days.

unfulfilled: 2, for 14 days, EUR 1,204.00 and
JPY 4,800
→ Send the order to Printful: its customer
waits.

double_payment: 1, for 24 hours, USD 31.00
→ Ask the customer before you send the goods a
second time, and refund what was paid too much."""
    )


def test_goods_that_printful_must_stop_come_first() -> None:
    late = problem("p9", ProblemClass.REFUNDED_BUT_SHIPPING, "9", "usd", 0)
    line = status_line(replace(STATUS, problems=[*STATUS.problems, late]))
    assert ". 1 refunded_but_shipping, 2 unfulfilled, 1 double_payment (" in line


def test_the_screen_of_a_shop_that_needs_a_person() -> None:
    assert (
        status_text(STATUS)
        == """\
✗ A person is needed: 3 problems, the oldest for 14 days.

 Problem          Open   Oldest     Money          What to do
 ──────────────────────────────────────────────────────────────────────────────────────────────────
 unfulfilled         2   14 days    EUR 1,204.00   Send the order to Printful: its customer waits.
                                    JPY 4,800
 double_payment      1   24 hours   USD 31.00      Ask the customer before you send the goods a
                                                   second time, and refund what was paid too much.

Acknowledged, so not counted above: 1 problem (1 disputed; USD 9.00)
For the next run: 1 problem (1 not_looked_at; USD 7.00)
All open problems: ordersync problems

Last successful run: 23 Nov 2026 12:30 UTC, 2 hours ago (r3)
  Look: ordersync runs show r3
  Stripe sessions: 42 checked, 3 added, 39 skipped
  Printful orders: 15 checked, 8 updated, 24 items added
  Errors: 0
Last failed run: 21 Nov 2026 12:30 UTC, 2 days ago (r2)
  Look: ordersync runs show r2
When webhooks were down: ordersync outages
Shop: db.example.com/shop"""
    )


def test_the_screen_of_a_shop_in_order() -> None:
    well = replace(STATUS, problems=[], health=RunHealth(run("r1", 2), run("r1", 2), run("r1", 2)))
    assert (
        status_text(well)
        == """\
✓ Nothing needs a person.

Last successful run: 23 Nov 2026 12:30 UTC, 2 hours ago (r1)
  Look: ordersync runs show r1
  Stripe sessions: 42 checked, 3 added, 39 skipped
  Printful orders: 15 checked, 8 updated, 24 items added
  Errors: 0
When webhooks were down: ordersync outages
Shop: db.example.com/shop"""
    )


def test_a_run_that_goes_on_hides_neither_failure_nor_silence() -> None:
    health = RunHealth(run("r1", 99), run("r4", 0, "running"), run("r1", 99), run("r2", 50, "failed"), None, 2)
    status = replace(STATUS, problems=[], health=health)
    assert status.verdict == (
        "A person is needed: 2 runs failed since one succeeded; "
        "no run has succeeded for 4 days (expected every 26 hours)."
    )
    assert "Last run: r4, running" in status_text(status)


def test_a_run_of_dagster_is_shown_by_its_page_there() -> None:
    health = RunHealth(run("r1", 99), run("r2", 2, "failed"), run("r1", 99), run("r2", 2, "failed"), None, 1)
    health = replace(health, last_failed=run("r2", 2, "failed"))
    status = replace(STATUS, problems=[], health=health, links={"r2": "https://dagster.example.com/runs/b-2"})
    assert status_line(status).endswith(" Last failed run: https://dagster.example.com/runs/b-2")
    assert status_line(replace(status, links={})).endswith(" Last failed run: ordersync runs show r2")
    assert "  Look: ordersync runs show r1\n" in status_text(status)
    assert "(r2)\n  Look: https://dagster.example.com/runs/b-2\n" in status_text(status)
    failed = json.loads(status_json(status))["last_failed_run"]
    assert failed["url"] == "https://dagster.example.com/runs/b-2"
