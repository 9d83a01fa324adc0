"""What a run does and says where it could not read all of Stripe."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ordersync_dagster.core.changes import AddItems, NewItem, OrderUpdate, SetStatus
from ordersync_dagster.core.guessed_prices import without_guessed_prices
from ordersync_dagster.core.payment_state import payment_state
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import Reversals
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.unread import reversals_not_read, sessions_not_read
from ordersync_dagster_tests.support.builders import new_order, stored_order

STATUS = SetStatus("processing", "shipped", "partial")


def item(source: str) -> NewItem:
    return NewItem("i", "71", "4011", "Tee", 1, Decimal("26.00"), None, {"price_source": source})


def planned(*changes: AddItems | SetStatus) -> Plan:
    return Plan(updates=(OrderUpdate(stored_order(), changes),), warnings=("before",))


@pytest.mark.parametrize("source", ["printful_cost", "unknown"])
def test_items_that_only_a_session_prices_are_left_and_the_rest_is_kept(source: str) -> None:
    sure = AddItems((item("retail_price"), item("stripe_line_item")))
    assert without_guessed_prices(planned(STATUS, sure)) == planned(STATUS, sure)
    guessed = AddItems((item("retail_price"), item(source)))
    left = without_guessed_prices(planned(STATUS, guessed))
    assert left.updates == planned(STATUS).updates
    assert without_guessed_prices(planned(guessed)).updates == ()
    assert left.warnings == (
        "before",
        "The items of 1 order were left to the next run: their price is known to Stripe alone, whose sessions were "
        "not all read.",
    )


@pytest.mark.parametrize(
    ("not_read", "sentence"),
    [
        (
            sessions_not_read,
            "Stripe did not show all sessions of 2026-11-03 (UTC): its list said that there are more and gave an empty "
            "page, twice. Orders of this day may be missing. Run again; if this comes again, ask Stripe's support.",
        ),
        (
            reversals_not_read,
            "Stripe did not show all refunds, disputes and payments of invoices, so a payment of 2026-11-03 (UTC) may "
            "have gone back to its customer. Look at the payments of new orders of this day at Stripe before you send "
            "goods, and run again.",
        ),
    ],
)
def test_what_was_not_read_is_an_error_of_its_day(not_read: Callable[[date], Problem], sentence: str) -> None:
    problem = not_read(date(2026, 11, 3))
    assert problem.problem_class is ProblemClass.STRIPE_NOT_READ
    assert problem.ids == {"day": "2026-11-03"}
    assert problem.sentence == sentence
    assert problem.is_error


def test_refunds_that_were_not_shown_may_be_of_older_sessions_alone() -> None:
    order = new_order(created=datetime(2026, 11, 3, tzinfo=UTC))
    made = int(order.created.timestamp())
    assert payment_state(order, Reversals(unread_until=made)).unknown == ""
    unknown = payment_state(order, Reversals(unread_until=made + 1))
    assert (unknown.unknown, unknown.is_kept) == ("Stripe did not show all refunds and disputes", False)
    free = replace(order, total=Decimal(0))
    assert payment_state(free, Reversals(unread_until=made + 1)).is_kept


def test_the_rules_go_by_another_clock() -> None:
    rules = SessionRules(live=False, settled_before=1000, overdue_before=500)
    assert rules.by_clock(timedelta(0)) is rules
    assert rules.by_clock(timedelta(minutes=-2)) == replace(rules, settled_before=880, overdue_before=380)
    assert rules.by_clock(timedelta(seconds=30)) == replace(rules, settled_before=1030, overdue_before=530)
