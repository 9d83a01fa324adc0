"""Lists that say that there is more, and show nothing."""

import json
from datetime import timedelta

import pytest

from ordersync_dagster.core.errors import UnreadListError
from ordersync_dagster.sandbox import Fault, Sandbox, World, refund
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.faults.listings import cursors, listing, paid
from ordersync_dagster_tests.faults.readers import SESSIONS, YESTERDAY, stripe_at
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.outcomes import of_class
from ordersync_dagster_tests.support.shops import Shop

EMPTY = '{"data": [], "has_more": true}'


def selling(shop: Shop, *, yesterday: int, before: int) -> None:
    """So many sales yesterday, a second apart, and so many an hour apart in the days before."""
    recent = [paid(f"cs_test_y{n}", created=YESTERDAY - n) for n in range(yesterday)]
    older = [paid(f"cs_test_o{n}", created=YESTERDAY - 86_400 - 3600 * n) for n in range(before)]
    shop.sandbox.replace(World(NOW, [*recent, *older]))


@pytest.mark.parametrize("times", [1, 2])
def test_fault_18_an_empty_page_with_more_to_come_is_asked_for_again(new_shop: Shop, times: int) -> None:
    selling(new_shop, yesterday=250, before=100)
    new_shop.sandbox.faults.add(Fault(SESSIONS, "status", 200, times=times, body=EMPTY, match="starting_after"))
    run = new_shop.run(printful=PrintfulScope.none)
    assert (run.outcome.summary.stripe_sessions_added, run.outcome.summary.errors) == (350, 0)
    assert "cs_test_y98" in cursors(new_shop.sandbox), "from just before the last row"


@pytest.mark.parametrize("dry_run", [False, True])
def test_fault_18_days_that_stripe_does_not_show_are_named_and_the_others_written(
    new_shop: Shop, dry_run: bool
) -> None:
    selling(new_shop, yesterday=250, before=100)
    new_shop.sandbox.faults.add(Fault(SESSIONS, "status", 200, times=None, body=EMPTY, match="starting_after"))
    run = new_shop.run(printful=PrintfulScope.none, dry_run=dry_run)
    yesterday = (NOW - timedelta(days=1)).date()
    assert of_class(run, "stripe_not_read") == [{"day": str(yesterday)}]
    assert (run.outcome.summary.stripe_sessions_added, run.outcome.summary.errors) == (299, 1)
    assert [day for day, figures in run.outcome.days.items() if figures.errors] == [yesterday]
    new_shop.sandbox.faults.clear()
    again = new_shop.run(printful=PrintfulScope.none)
    assert (again.outcome.summary.stripe_sessions_checked, again.outcome.summary.errors) == (350, 0)


def test_fault_18_a_stripe_that_shows_nothing_at_all_leaves_every_day_unread(new_shop: Shop) -> None:
    listing(new_shop, "[]", has_more=True)
    run = new_shop.run(printful=PrintfulScope.none)
    assert [each["day"] for each in of_class(run, "stripe_not_read")] == [str(day) for day in run.outcome.days]
    assert len(run.outcome.days) == 31


@pytest.mark.parametrize("has_more", ["", ', "has_more": null', ', "has_more": "true"', ', "has_more": 1'])
def test_fault_18_a_page_that_does_not_say_whether_it_is_the_last_is_not_the_end(new_shop: Shop, has_more: str) -> None:
    third = paid("cs_test_2", created=YESTERDAY - 2)
    first = [paid("cs_test_0"), paid("cs_test_1", created=YESTERDAY - 1)]
    pages = {"starting_after=cs_test_2": [], "starting_after=cs_test_1": [third], None: first}
    for match, rows in pages.items():
        body = f'{{"data": {json.dumps(rows)}{has_more}}}'
        new_shop.sandbox.faults.add(Fault(SESSIONS, "status", 200, times=None, body=body, match=match))
    run = new_shop.run(printful=PrintfulScope.none)
    assert (run.outcome.summary.stripe_sessions_added, run.outcome.summary.errors) == (3, 0)


LISTS = ["refunds", "disputes", "invoice_payments", "events"]


@pytest.mark.parametrize("name", LISTS)
def test_fault_18_no_list_ends_where_stripe_says_that_there_is_more(
    sandbox: Sandbox, time: FakeTime, name: str
) -> None:
    first = '{"data": [{"id": "a", "created": 1793000000}], "has_more": true}'
    sandbox.faults.add(Fault(f"/v1/{name}", "status", 200, times=None, body=EMPTY, match="starting_after"))
    sandbox.faults.add(Fault(f"/v1/{name}", "status", 200, times=None, body=first))
    stripe = stripe_at(sandbox.url, sandbox, time)
    rows = iter(getattr(stripe, name)(*([0, YESTERDAY] if name == "events" else [0])))
    assert next(rows) == {"id": "a", "created": 1793000000}
    with pytest.raises(UnreadListError, match="shows none of them") as raised:
        next(rows)
    assert raised.value.until == 1793000001


@pytest.mark.parametrize("name", ["refunds", "disputes"])
def test_fault_18_refunds_that_are_not_shown_leave_no_order_live_without_a_word(new_shop: Shop, name: str) -> None:
    today = int(NOW.timestamp()) - 7200
    newer, older, oldest = YESTERDAY + 3600, YESTERDAY - 86_400, YESTERDAY - 2 * 86_400
    made = {"cs_test_new": newer, "cs_test_old": older, "cs_test_back": oldest, "cs_test_today": today}
    new_shop.sandbox.replace(
        World(NOW, [paid(key, created=at) for key, at in sorted(made.items(), key=lambda x: -x[1])])
    )
    shown = refund(
        payment_intent="pi_cs_test_back", created=YESTERDAY, status="lost" if name == "disputes" else "succeeded"
    )
    page = json.dumps({"data": [shown], "has_more": True})
    new_shop.sandbox.faults.add(Fault(f"/v1/{name}", "status", 200, times=None, body=EMPTY, match="starting_after"))
    new_shop.sandbox.faults.add(Fault(f"/v1/{name}", "status", 200, times=None, body=page))
    run = new_shop.run()
    statuses = {key: new_shop.order(key)["status"] for key in made}
    assert statuses == dict.fromkeys(made, "processing") | {"cs_test_back": "refunded"}
    assert {each["day"] for each in of_class(run, "stripe_not_read")} == {
        f"{NOW - timedelta(days=n):%F}" for n in (2, 3)
    }
    assert {each["stripe_session_id"] for each in of_class(run, "refund_unknown")} == {"cs_test_old"}
    assert {each["stripe_session_id"] for each in of_class(run, "unfulfilled")} == {"cs_test_new", "cs_test_today"}
    assert run.outcome.summary.errors == 2


@pytest.mark.parametrize("name", ["refunds", "disputes"])
@pytest.mark.parametrize("row", ["null", '"re_1"', '{"id": "re_1", "amount": 100, "status": "succeeded"}'])
def test_fault_13_a_refund_that_nobody_can_read_may_be_of_any_payment(new_shop: Shop, name: str, row: str) -> None:
    new_shop.sandbox.replace(World(NOW, [paid("cs_test_new")]))
    body = f'{{"data": [{row}], "has_more": false}}'
    new_shop.sandbox.faults.add(Fault(f"/v1/{name}", "status", 200, times=None, body=body))
    run = new_shop.run()
    assert of_class(run, "stripe_not_read") == [{"day": f"{NOW - timedelta(days=1):%F}"}]
    assert [each["stripe_session_id"] for each in of_class(run, "refund_unknown")] == ["cs_test_new"]
    assert (run.outcome.summary.errors, run.outcome.waiting) == (1, [])


def test_fault_18_a_list_of_printful_that_ends_too_early_is_said(new_shop: Shop) -> None:
    new_shop.sandbox.replace(World(NOW, [paid("cs_test_fine")]))
    body = json.dumps({"code": 200, "result": [], "paging": {"total": 7, "offset": 0, "limit": 100}})
    new_shop.sandbox.faults.add(Fault("/orders", "status", 200, times=None, body=body))
    run = new_shop.run()
    assert [each["stripe_session_id"] for each in of_class(run, "printful_not_asked")] == ["cs_test_fine"]
    assert run.outcome.waiting == []
