"""Lists that are none, repeat, turn in circles or hold what is no session, and what a whole run makes of them."""

import json
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Thread

import pytest

from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.adapters.printful.api import MAX_STEPS_BACK
from ordersync_dagster.app.wiring import open_stripe
from ordersync_dagster.core.errors import VendorAnswerError
from ordersync_dagster.core.printful_order import Missing
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.faults.listings import cursors, listing, paid
from ordersync_dagster_tests.faults.readers import SESSIONS, YESTERDAY, printful_at, stripe_at
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop


@pytest.mark.parametrize("amount", ["1e400", "26.5", "2600.0", "-1", str(2**63), "9" * 400, '"2600"'])
def test_fault_15_an_amount_that_is_none_is_quarantined_and_the_others_are_added(new_shop: Shop, amount: str) -> None:
    fine, strange = paid("cs_test_fine"), paid("cs_test_strange", amount_total=123456789)
    listing(new_shop, json.dumps([strange, fine]).replace("123456789", amount))
    run = new_shop.run(printful=PrintfulScope.none)
    errors = [problem.ids for problem in run.outcome.problems if problem.is_error]
    assert errors == [{"stripe_session_id": "cs_test_strange"}]
    assert new_shop.database.column("SELECT stripe_session_id FROM orders") == ["cs_test_fine"]


@pytest.mark.parametrize("rows", ['{"data": null}', '{"data": "no"}', '{"data": {}}', "{}", "[]", "null", "7"])
def test_fault_13_a_page_that_is_no_list_fails_the_run(new_shop: Shop, rows: str) -> None:
    new_shop.sandbox.faults.add(Fault(SESSIONS, "status", 200, times=None, body=rows))
    with pytest.raises(VendorAnswerError, match="is not a list"):
        new_shop.run()
    assert new_shop.database.count("orders") == 0


def test_fault_13_rows_that_are_no_sessions_are_errors_and_the_sessions_are_added(new_shop: Shop) -> None:
    listing(new_shop, json.dumps([None, "text", paid("cs_test_fine"), 7, [], {"created": YESTERDAY}]))
    run = new_shop.run(printful=PrintfulScope.none)
    assert (run.outcome.summary.errors, run.outcome.summary.stripe_sessions_added) == (5, 1)
    assert run.outcome.summary.stripe_sessions_checked == 6
    errors = [each for each in run.outcome.problems if each.is_error]
    assert [each.ids["created"] for each in errors if "created" in each.ids] == [f"{NOW - timedelta(days=1):%FT%TZ}"]


def test_fault_13_rows_without_an_id_each_count_whatever_page_they_are_on(new_shop: Shop) -> None:
    rows = [paid(f"cs_test_{n}", created=YESTERDAY - n, **({"id": None} if n % 50 == 7 else {})) for n in range(250)]
    new_shop.sandbox.replace(World(NOW, rows))
    counts = new_shop.run(printful=PrintfulScope.none).outcome.summary
    assert (counts.stripe_sessions_checked, counts.stripe_sessions_added, counts.errors) == (250, 245, 5)


def test_fault_16_a_session_that_is_listed_many_times_is_written_and_counted_once(new_shop: Shop) -> None:
    first, second = paid("cs_test_first"), paid("cs_test_second", created=YESTERDAY - 1)
    listing(new_shop, json.dumps([second, second]), match="starting_after")
    listing(new_shop, json.dumps([first, first, second]), has_more=True)
    run = new_shop.run(printful=PrintfulScope.none)
    assert run.outcome.summary.stripe_sessions_checked == new_shop.database.count("orders") == 2
    asked = [each for each in new_shop.sandbox.requests if each.path == SESSIONS]
    listed = sum(2 if "starting_after" in each.query else 3 for each in asked)
    assert run.traffic["stripe"]["duplicates_seen"] == listed - 2


def test_fault_16_refunds_that_are_listed_again_are_counted_once_and_seen(sandbox: Sandbox, time: FakeTime) -> None:
    for match, names, more in (("starting_after=b", ["b", "c"], "false"), (None, ["a", "b"], "true")):
        body = json.dumps([{"id": name} for name in names])
        whole = f'{{"data": {body}, "has_more": {more}}}'
        sandbox.faults.add(Fault("/v1/refunds", "status", 200, times=None, body=whole, match=match))
    traffic = Traffic()
    stripe = open_stripe(settings_for(sandbox), time.retry_policy(2), traffic)
    assert list(stripe.refunds(0)) == [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    assert traffic.counts["duplicates_seen"] == 1


def repetitions(sandbox: Sandbox) -> int:
    """How often at most a page was asked for again, although it had come."""
    return max(Counter(each.query for each in sandbox.requests).values()) - 1


def test_fault_17_a_list_of_sessions_that_turns_in_a_circle_ends_the_run(new_shop: Shop) -> None:
    first, second = paid("cs_test_first"), paid("cs_test_second", created=YESTERDAY - 1)
    listing(new_shop, json.dumps([second]), has_more=True, match="starting_after=cs_test_first")
    listing(new_shop, json.dumps([first]), has_more=True)
    with pytest.raises(VendorAnswerError, match="Run again"):
        new_shop.run(printful=PrintfulScope.none)
    assert repetitions(new_shop.sandbox) <= 1
    assert cursors(new_shop.sandbox) <= {None, "cs_test_first", "cs_test_second"}


def test_fault_17_a_list_that_ignores_the_period_ends_the_run(new_shop: Shop) -> None:
    rows = [paid(f"cs_test_{n}", created=YESTERDAY - n) for n in range(100)]
    listing(new_shop, json.dumps(rows), has_more=True)
    with pytest.raises(VendorAnswerError, match="Run again"):
        new_shop.run(printful=PrintfulScope.none)
    assert repetitions(new_shop.sandbox) <= 1
    assert cursors(new_shop.sandbox) <= {None, "cs_test_99"}


def test_fault_79_a_list_from_old_to_new_ends_the_run_and_writes_no_part_of_a_day(new_shop: Shop) -> None:
    rows = [paid(f"cs_test_{n}", created=YESTERDAY + 3600 * n) for n in range(3)]
    listing(new_shop, json.dumps(rows), has_more=True)
    with pytest.raises(VendorAnswerError, match=r"not sorted from new to old.*Run again"):
        new_shop.run(printful=PrintfulScope.none)
    assert new_shop.database.count("orders") == 0


def test_fault_17_a_list_of_events_that_turns_in_a_circle_ends(sandbox: Sandbox, time: FakeTime) -> None:
    for match, name in (("starting_after=a", "b"), (None, "a")):
        body = f'{{"data": [{{"id": "{name}"}}], "has_more": true}}'
        sandbox.faults.add(Fault("/v1/events", "status", 200, times=None, body=body, match=match))
    with pytest.raises(VendorAnswerError, match="makes no progress"):
        list(stripe_at(sandbox.url, sandbox, time).events(0, YESTERDAY))
    assert len(sandbox.requests) == 3


def test_fault_17_a_list_of_printful_that_repeats_its_first_page_ends(
    sandbox: Sandbox, time: FakeTime, outage: World
) -> None:
    rows = [{**outage.printful_orders[0], "id": n, "created": YESTERDAY} for n in range(1, 101)]
    body = json.dumps({"code": 200, "result": rows, "paging": {"total": 10**9, "offset": 0, "limit": 100}})
    sandbox.faults.add(Fault("/orders", "status", 200, times=None, body=body, match="limit=100"))
    printful = printful_at(sandbox.url, sandbox, time)
    found = dict(printful.orders(["7", "123456"], since=0))
    assert found["7"]["id"] == 7  # type: ignore[index]  # an order, not Missing
    assert isinstance(found["123456"], Missing)
    assert "pages repeat" in printful.unread
    assert len(sandbox.requests) == 1 + (MAX_STEPS_BACK + 1) + 1, "the first page, those in vain, and the one order"


def test_fault_63_an_answer_in_another_api_version_is_used_and_said_once(new_shop: Shop) -> None:
    rows = [paid("cs_test_new", invented_later={"a": [1]}), paid("cs_test_newer", created=YESTERDAY - 1)]
    listing(new_shop, json.dumps(rows), Stripe_Version="2099-01-01.later")
    run = new_shop.run(printful=PrintfulScope.none)
    assert (run.outcome.summary.stripe_sessions_added, run.outcome.summary.errors) == (2, 0)
    assert len([each for each in run.ready.warnings if "API version 2099-01-01.later" in each]) == 1


class Hesitant(list[str]):
    """A list in which whoever looks waits for another who looks at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._meeting = Barrier(2)

    def __contains__(self, wanted: object) -> bool:
        is_found = super().__contains__(wanted)
        with suppress(BrokenBarrierError):
            self._meeting.wait(0.2)
        return is_found


def test_fault_63_answers_that_come_at_the_same_time_are_said_once(sandbox: Sandbox, time: FakeTime) -> None:
    body, headers = '{"data": [], "has_more": false}', {"Stripe-Version": "2099-01-01.later"}
    sandbox.faults.add(Fault(SESSIONS, "status", 200, times=None, body=body, headers=headers))
    stripe = stripe_at(sandbox.url, sandbox, time)
    stripe.warnings = Hesitant()
    readers = [Thread(target=stripe.may_read, args=(SESSIONS,)) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(stripe.warnings) == 1
