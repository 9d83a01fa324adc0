"""The verdict of a report: what needs a person, what the next run repairs, and what agrees."""

from dataclasses import replace

from ordersync_dagster.core.completion import UNMAPPED
from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.problem_classes import ProblemClass as Kind
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.report.drift.markdown import drift_markdown
from ordersync_dagster.report.drift.page import drift_page
from ordersync_dagster.report.drift.page_facts import facts_of
from ordersync_dagster.report.drift.reconciled import Reason
from ordersync_dagster.report.drift.report import ReportedProblem
from ordersync_dagster.report.drift.verdict import VerdictLevel, verdict_of
from ordersync_dagster.sandbox import Fault
from ordersync_dagster_tests.app.drift_reports import made, opened
from ordersync_dagster_tests.support.shops import Shop


def test_what_could_not_be_read_makes_the_verdict_incomplete(shop: Shop) -> None:
    shop.sandbox.faults.add(Fault("/v1/checkout/sessions", "status", status=500, times=None))
    reading = opened(shop)
    error = reading.read()
    assert isinstance(error, OrderSyncError)
    verdict = verdict_of(reading.report(error))
    assert verdict.level is VerdictLevel.INCOMPLETE
    assert verdict.sentence.startswith(f"This report is incomplete: {error}")


def test_a_shop_that_agrees_is_said_to_agree(shop: Shop) -> None:
    shop.run()
    report = made(shop)
    calm = replace(report, problems=())
    assert verdict_of(calm).level is VerdictLevel.AGREES
    payments, recent = report.reconciliation.payments, report.payments(Reason.TOO_RECENT)
    assert recent == 1
    rest = "and every order is on its way. 1 payment is too recent to judge."
    assert verdict_of(calm).sentence == f"Every payment has its order ({payments - 1}), {rest}"


def test_orders_whose_status_nobody_mapped_are_not_said_to_be_on_their_way(shop: Shop) -> None:
    shop.run()
    report = made(shop)
    word = f"Orders of paid sessions have the status 'canceled', {UNMAPPED}, so it was left alone."
    verdict = verdict_of(replace(report, problems=(), warnings=[word]))
    assert verdict.level is VerdictLevel.PERSON
    assert "on its way" not in verdict.sentence
    assert verdict.sentence.endswith("status that is not mapped, so nobody knows whether they wait.")


def test_acknowledged_problems_are_not_said_to_agree(shop: Shop) -> None:
    shop.run()
    report = made(shop)
    seen = [replace(each, is_acknowledged=True) for each in report.problems]
    count = len(seen)
    verdict = verdict_of(replace(report, problems=seen))
    assert verdict.sentence == f"Nothing needs a person. {count} problems are acknowledged."
    unread = ReportedProblem(Problem(Kind.PRINTFUL_NOT_ASKED, "A sentence."))
    verdict = verdict_of(replace(report, problems=[*seen, unread]))
    assert verdict.sentence.endswith(f"{count} problems are acknowledged. The next run looks again at 1 problem.")
    empty = replace(report, problems=[unread], reconciliation=replace(report.reconciliation, payments=0, orders=0))
    assert verdict_of(empty).sentence == "Nothing needs a person. The next run looks again at 1 problem."


def test_an_outage_that_goes_on_needs_a_person_though_a_run_repairs_its_orders(shop: Shop) -> None:
    report = made(shop)
    assert report.health is not None
    (outage,) = report.health.outages
    lasting = replace(report.health, outages=(replace(outage, after=None),))
    verdict = verdict_of(replace(report, problems=(), health=lasting))
    assert verdict.level is VerdictLevel.PERSON
    assert verdict.sentence.startswith(f"The webhook may be down {lasting.outages[0].period}. The next run adds ")
    assert verdict_of(replace(report, problems=())).level is VerdictLevel.REPAIR


def test_a_shop_that_never_made_an_order_itself_needs_no_person_for_it(shop: Shop) -> None:
    for table in ("order_events", "order_items", "orders"):
        shop.database.execute(f"DELETE FROM {table}")
    report = replace(made(shop), problems=())
    assert verdict_of(report).level is VerdictLevel.REPAIR
    assert "webhook" not in verdict_of(report).sentence
    told = "The shop itself has made no order yet."
    assert (told in drift_page(report), told in drift_markdown(report)) == (True, True)
    assert [(each.sentence, each.is_bad) for each in facts_of(report)][-1] == ("made no order yet", False)
