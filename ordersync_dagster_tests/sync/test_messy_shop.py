"""The scenario `messy`: each class of docs/runbook.md that a world can hold is found twice, none is doubled."""

from collections import Counter
from datetime import timedelta

from ordersync_dagster.app.problems import Problems
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.report.text import summary_text
from ordersync_dagster.sandbox import Fault, ShopRows, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.messy import IN_A_WORLD
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched
from ordersync_dagster_tests.support.templates import fill

GOOD = "customer1@example.com"


def test_each_class_is_found_twice_by_a_run_and_a_dry_run_and_none_is_doubled(messy_shop: Shop) -> None:
    dry, run, again = messy_shop.run(dry_run=True), messy_shop.run(), messy_shop.run()
    for each in (dry, run, again):
        found = Counter(str(problem.problem_class) for problem in each.outcome.problems)
        assert found == dict.fromkeys(IN_A_WORLD, 2)
        told = Counter(problem.id for problem in each.outcome.problems)
        assert [problem for problem in each.outcome.problems if told[problem.id] > 1] == []
    assert again.outcome.changes == []


def test_parcels_that_came_back_are_found_where_the_shop_waits_for_them(messy_shop: Shop) -> None:
    settings = settings_for(messy_shop.sandbox, messy_shop.database.url, PRINTFUL_DELIVERY="shipments")
    for _ in range(2):
        run = launched(settings, tools=messy_shop.time.tools())
        for _part in run.parts:
            continue
        assert Counter(each.problem_class for each in run.outcome.problems)[ProblemClass.NOT_DELIVERED] == 2
    assert run.outcome.changes == []


def test_what_faults_alone_can_cause_is_found_too(messy_shop: Shop) -> None:
    messy_shop.sandbox.faults.add(Fault("/orders", "status", 500, times=None))
    silent = messy_shop.run(dry_run=True, attempts=1)
    assert Counter(each.problem_class for each in silent.outcome.problems)[ProblemClass.PRINTFUL_NOT_ASKED] >= 2
    messy_shop.sandbox.faults.clear()
    left_out = messy_shop.run(dry_run=True, printful=PrintfulScope.none)
    assert Counter(each.problem_class for each in left_out.outcome.problems)[ProblemClass.NOT_LOOKED_AT] >= 2


def test_after_a_repair_only_what_needs_a_person_is_open_and_ends_with_its_cause(messy_shop: Shop) -> None:
    problems = Problems(settings_for(messy_shop.sandbox, messy_shop.database.url), messy_shop.time.tools())
    found = {problem.id for problem in messy_shop.run().outcome.problems}
    assert {problem.id for problem in problems.known()} == found
    messy_shop.time.now += timedelta(minutes=5)
    messy_shop.run()
    still = problems.known()
    assert {each.problem_class for each in still if not each.problem_class.needs_person} == set()
    assert {each.problem_class for each in still} >= IN_A_WORLD
    _remove_the_causes(messy_shop)
    messy_shop.run()
    assert [(each.problem_class, each.sentence) for each in problems.known()] == []
    assert {problem.id for problem in problems.known(only_open=False)} >= found


def test_what_the_run_that_links_an_order_finds_is_no_other_problem_later(messy_shop: Shop) -> None:
    for table in ("order_items", "order_events", "orders"):
        messy_shop.database.execute(f"DELETE FROM {table}")
    first, second = messy_shop.run(), messy_shop.run()
    ids = [
        {(each.problem_class, each.ids.get("order_id")): each.id for each in run.outcome.problems}
        for run in (first, second)
    ]
    both = ids[0].keys() & ids[1].keys()
    assert {kind for kind, _ in both} >= {"unknown_status", "stuck_at_printful", "cancelled_at_printful"}
    assert {key: ids[0][key] for key in both} == {key: ids[1][key] for key in both}


def _remove_the_causes(messy_shop: Shop) -> None:
    """Nothing is left but the one sale that is as it should be."""
    messy = messy_shop.sandbox.world
    sessions = [each for each in messy.sessions if (each["customer_details"] or {}).get("email") == GOOD]
    orders = [row for row in messy.shop.orders if row["customer_email"] == GOOD]
    items = [row for row in messy.shop.order_items if row["order_id"] in {each["id"] for each in orders}]
    made = [each for each in messy.printful_orders if each["recipient"]["email"] == GOOD]
    good = World(
        now=messy.now, sessions=sessions, line_items=messy.line_items, printful_orders=made,
        shop=ShopRows(orders, items),
    )  # fmt: skip
    assert [len(rows) for rows in (sessions, orders, items, made)] == [1, 1, 1, 1]
    messy_shop.sandbox.replace(good)
    for table in ("order_items", "order_events", "orders"):
        messy_shop.database.execute(f"DELETE FROM {table}")
    fill(messy_shop.database.url, good)


def test_what_printful_must_stop_stands_before_other_notices(messy_shop: Shop) -> None:
    text = summary_text(messy_shop.run(dry_run=True).outcome)
    counts = "2 disputed_but_shipping, 2 duplicate_fulfilment, 2 orphan_printful, 2 refunded_but_shipping"
    assert f"⚠ Look at once whether Printful must stop these ({counts}):" in text
    assert text.count("[refunded_but_shipping]") == 2
    assert text.index("[orphan_printful]") < text.index("Notices (")
