"""The report's reading and its figures, on a shop of each database, against what the world itself says."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ordersync_dagster.app.problems import Problems
from ordersync_dagster.app.reading import MONEY_BACK_UNREAD
from ordersync_dagster.app.webhooks import look_at_webhooks
from ordersync_dagster.core.problem_classes import ProblemClass as Kind
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.drift.document import figures_of
from ordersync_dagster.report.drift.page import drift_page
from ordersync_dagster.report.drift.page_facts import facts_of
from ordersync_dagster.report.drift.reconciled import Reason
from ordersync_dagster.report.drift.report import DriftReport, ReportedProblem
from ordersync_dagster.sandbox import Fault, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.app.drift_reports import made, opened
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.drift_truth import told_by, truth_of
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost, without_a_link


def asked_of(shop: Shop) -> list[tuple[str, str]]:
    """Every request so far."""
    return sorted((each.path, each.query) for each in shop.sandbox.requests)


def amounts(report: DriftReport, reason: Reason) -> dict[str, int]:
    """What one reason adds to the shop's side, by currency."""
    return {each.currency: each.amount for each in report.reconciliation.differences if each.reason is reason}


def test_the_figures_are_those_of_the_world(each_shop: Shop, outage: World) -> None:
    report = made(each_shop)
    assert told_by(report) == truth_of(outage)
    assert figures_of(report)["payments_without_order"] == len(lost(outage))


def test_the_problems_and_who_waits_are_those_of_a_dry_run(shop: Shop, outage: World) -> None:
    outcome = shop.run(dry_run=True).outcome
    report = made(shop)
    assert sorted(each.problem.id for each in report.problems) == sorted(problem.id for problem in outcome.problems)
    assert report.summary == outcome.summary
    assert sorted(each.problem.ids["stripe_session_id"] for each in report.waiting) == sorted(without_a_link(outage))


def test_a_report_asks_what_a_dry_run_and_outages_ask_and_writes_nothing(each_shop: Shop) -> None:
    each_shop.run(dry_run=True)
    requests, before = asked_of(each_shop), everything(each_shop.database)
    each_shop.sandbox.requests.clear()
    made(each_shop)
    more = Counter(path for path, _ in asked_of(each_shop)) - Counter(path for path, _ in requests)
    assert more == {"/v1/events": 1, "/v1/checkout/sessions": 1}  # of the hours for which there are no events any more
    assert everything(each_shop.database) == before


def test_after_a_repair_only_what_is_too_recent_is_left_of_the_difference(each_shop: Shop, outage: World) -> None:
    each_shop.run()
    report = made(each_shop)
    assert {each.reason for each in report.reconciliation.differences} == {Reason.TOO_RECENT}
    assert figures_of(report)["orders_added_later"] == len(lost(outage))
    assert [(each.done, each.why, each.orders) for each in report.repairs if each.done == "added"] == [
        ("added", "a paid session had no order", len(lost(outage)))
    ]
    assert sum(each.orders for each in report.repairs if each.done == "updated") == 7
    assert report.last_run is not None
    assert report.last_run.state == "succeeded"


def test_a_second_order_and_another_amount_are_said_with_their_money(shop: Shop, outage: World) -> None:
    (session_id, total), *_ = [(row["stripe_session_id"], row["total_amount"]) for row in _dollars(outage)]
    payment = next(each["payment_intent"] for each in outage.sessions if each["id"] == session_id)
    other = _dollars(outage)[1]["id"]
    columns = (
        "id, stripe_session_id, stripe_payment_intent_id, status, customer_email, total_amount, currency, created_at"
    )
    shop.database.execute(
        f"INSERT INTO orders ({columns}) SELECT 'twin', 'by hand', :payment, status, customer_email, total_amount, "
        "currency, created_at FROM orders WHERE stripe_session_id = :id",
        payment=payment,
        id=session_id,
    )
    shop.database.execute("UPDATE orders SET total_amount = '1.00' WHERE id = :id", id=other)
    report = made(shop)
    assert amounts(report, Reason.SECOND_ORDER) == {"usd": int(total * 100)}
    assert amounts(report, Reason.OTHER_AMOUNT) == {"usd": 100 - int(_dollars(outage)[1]["total_amount"] * 100)}


def _dollars(world: World) -> list[dict[str, Any]]:
    """Orders of the period in dollars, the newest first."""
    rows = [row for row in world.shop.orders if row["currency"] == "usd" and row["status"] == "processing"]
    return sorted(rows, key=lambda row: row["created_at"], reverse=True)


def test_a_problem_has_the_age_of_its_first_run_and_knows_who_has_seen_it(shop: Shop) -> None:
    assert {each.first_seen for each in made(shop).problems} == {None}
    shop.run()
    began = shop.time.now
    shop.time.now += timedelta(days=3)
    known = Problems(settings_for(shop.sandbox, shop.database.url), shop.time.tools(1))
    seen, *others = known.known()
    known.acknowledge([seen.id], by="a person", note="we know")
    report = made(shop)
    ages = {each.problem.id: (each.first_seen, each.is_acknowledged) for each in report.problems}
    assert ages[seen.id] == (seen.first_seen, True)
    assert all(ages[each.id] == (each.first_seen, False) for each in others)
    assert all(each.first_seen <= began for each in known.known())
    assert report.needing_person == sum(each.problem_class.needs_person for each in report.problems) - 1


def test_an_open_problem_of_other_days_stays_in_a_report_of_few(shop: Shop) -> None:
    shop.run()
    problems = Problems(settings_for(shop.sandbox, shop.database.url), shop.time.tools(1)).known()
    reading = opened(shop, PrintfulScope.none, days=1)
    report = reading.report(reading.read())
    assert {each.problem.id for each in report.problems} >= {each.id for each in problems}


def test_the_outage_is_in_the_report_as_it_is_in_the_command(shop: Shop) -> None:
    report = made(shop)
    tools = shop.time.tools(1)
    alone = look_at_webhooks(settings_for(shop.sandbox, shop.database.url), Window.last_days(30, tools.clock()), tools)
    assert report.health is not None
    assert report.health.outages == alone.outages
    assert figures_of(report)["outages"] == 1


def test_without_events_the_rest_of_the_report_is_there(shop: Shop) -> None:
    shop.sandbox.faults.add(Fault("/v1/events", "status", status=500, times=None))
    reading = opened(shop)
    report = reading.report(reading.read())
    assert report.health is None
    assert report.reconciliation.payments


def test_without_printful_nobody_is_said_to_wait(shop: Shop) -> None:
    report = made(shop, PrintfulScope.none)
    assert report.waiting == []
    assert not report.asked_printful
    assert not any(each.made for each in report.reconciliation.money)


def test_a_long_period_says_where_nobody_looked_for_outages(shop: Shop) -> None:
    shop.run()
    for days, is_longer in ((30, False), (90, True)):
        reading = opened(shop, days=days)
        report = reading.report(reading.read())
        assert ("<p>Nobody looked before 2026-" in drift_page(report)) is is_longer
        calm = replace(report, health=replace(report.health, outages=())) if report.health else report
        assert facts_of(calm)[-1].sentence == ("no outage in 30 days" if is_longer else "no outage")


def test_the_age_of_new_problems_is_said_in_one_word(shop: Shop) -> None:
    assert "oldest: new" not in drift_page(made(shop))


def test_goods_to_stop_come_first_then_what_needs_a_person_then_the_oldest(shop: Shop) -> None:
    expected = (Kind.ORPHAN_PRINTFUL, Kind.DISPUTED, Kind.UNFULFILLED, Kind.NOT_LOOKED_AT)
    report = made(shop)
    seen = [
        ReportedProblem(Problem(kind, "A sentence."), report.made_at - timedelta(days=days))
        for kind, days in zip(expected, (1, 5, 3, 9), strict=True)
    ]
    assert tuple(each.problem_class for each in replace(report, problems=seen).groups) == expected


def test_a_report_whose_refunds_are_not_all_read_says_so_beside_the_money(shop: Shop) -> None:
    assert MONEY_BACK_UNREAD not in made(shop).warnings
    shop.run(printful=PrintfulScope.none)
    shop.database.execute("UPDATE orders SET status = 'refunded'")  # a run asks for no refunds of these
    nameless = json.dumps({"data": [{"id": "re_1", "amount": 5, "status": "succeeded"}], "has_more": False})
    for fault in (
        Fault("/v1/refunds", "status", 500, times=None),
        Fault("/v1/refunds", "status", 200, times=None, body=nameless),
    ):
        shop.sandbox.faults.add(fault)
        assert MONEY_BACK_UNREAD in made(shop).warnings
        shop.sandbox.faults.clear()
