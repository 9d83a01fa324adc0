"""One order, session or Printful order in the plans of a run: its ids, what is about it, and why there is no more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.changes import FillFields, InsertOrder, OrderUpdate, SetStatus
from ordersync_dagster.core.explanation import Case, Facts, Found, Names, RowPast
from ordersync_dagster.core.one_case import WHY_SKIPPED, about, beginning_of, names_of, states, why_not_more
from ordersync_dagster.core.orders import Status, order_id
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import Missing
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason
from ordersync_dagster.sandbox import checkout_session, printful_order
from ordersync_dagster.sandbox.world.sessions import CREATED, PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import ORDER_ID, PRINTFUL_ID, new_order, stored_order

MADE = datetime.fromtimestamp(CREATED, UTC)
STORED = stored_order()
CASE = Case(STORED, SESSION_ID, PRINTFUL_ID)
SESSION = checkout_session()
OTHER = stored_order(id="o2", session_id="cs_2")
NOT_LISTED = "one order is asked for"
NOT_ASKED = Problem(ProblemClass.PRINTFUL_NOT_ASKED, f"No answer: {NOT_LISTED}.", {"order_id": ORDER_ID})


def test_a_case_is_named_by_every_id_that_somebody_knows() -> None:
    assert CASE.ids == {
        "order_id": ORDER_ID,
        "stripe_session_id": SESSION_ID,
        "stripe_payment_intent_id": PAYMENT_INTENT,
        "printful_order_id": PRINTFUL_ID,
    }
    assert Case(printful_id="7").ids == {"printful_order_id": "7"}
    assert Case(stored_order(payment_intent_id=None)).ids == {"order_id": ORDER_ID}


def test_a_session_without_an_order_names_its_payment_and_its_planned_order() -> None:
    found = names_of(Facts(Case(session_id=SESSION_ID), session=SESSION))
    assert found.ids == {"stripe_session_id": SESSION_ID, "stripe_payment_intent_id": PAYMENT_INTENT}
    assert list(found.ids) == ["stripe_session_id", "stripe_payment_intent_id"]
    assert found.every == {SESSION_ID, PAYMENT_INTENT, order_id(SESSION_ID), f"new:{SESSION_ID}"}


def test_each_printful_order_that_was_found_names_the_case() -> None:
    facts = Facts(
        Case(session_id="cs_1"), printful={"9": printful_order(id=9), "8": Missing("8")}, named=[printful_order(id=7)]
    )
    found = names_of(facts)
    assert found.ids["printful_order_id"] == "7, 9"
    assert {"7", "9"} < found.every
    assert found.has("7")
    assert not found.has("7, 9")


def test_the_orders_own_ids_come_before_what_was_found() -> None:
    found = names_of(Facts(CASE, session=checkout_session(payment_intent="pi_2"), named=[printful_order(id=7)]))
    assert (found.ids["stripe_payment_intent_id"], found.ids["printful_order_id"]) == (PAYMENT_INTENT, PRINTFUL_ID)


def test_a_printful_order_of_another_channel_has_its_own_id_alone() -> None:
    found = names_of(Facts(Case(printful_id="7"), named=[printful_order(id=7), {"id": None}]))
    assert found.ids == {"printful_order_id": "7"}
    assert found.every == {"7"}


def test_a_problem_of_several_orders_is_about_each_of_them() -> None:
    names = Names(every=frozenset({"o1"}))
    assert names.are_in({"order_ids": "o0, o1"})
    assert names.are_in({"order_ids": "o1, o2"})
    assert not names.are_in({"order_ids": "o0, o11", "day": "2026-11-03"})


def test_of_the_plans_only_what_is_about_the_case_is_shown() -> None:
    fill, moves = (FillFields({"customer_name": "Asta"}),), (SetStatus("pending", "shipped", "partial"),)
    problem = Problem(ProblemClass.MISSING_EMAIL, "It has no address.", {"stripe_session_id": SESSION_ID})
    mine = Plan(
        inserts=(InsertOrder(new_order()),), completions=(OrderUpdate(STORED, fill),),
        updates=(OrderUpdate(STORED, moves),), skips=(Skip(SESSION_ID, SkipReason.UNPAID),),
        failed_sessions=(SessionProblem(SESSION_ID, problem),), printful_orders=(ORDER_ID,), notes=(problem,),
        warnings=("A store is another's.",),
    )  # fmt: skip
    others = Plan(
        inserts=(InsertOrder(new_order(session_id="cs_2")),), completions=(OrderUpdate(OTHER, fill),),
        updates=(OrderUpdate(OTHER, moves),), skips=(Skip("cs_2", SkipReason.UNPAID),),
        failed_sessions=(SessionProblem("cs_2", problem),), printful_orders=("o2",),
        notes=(replace(problem, ids={"stripe_session_id": "cs_2"}),), warnings=("A store is another's.",),
    )  # fmt: skip
    assert about([others, mine], names_of(Facts(CASE, SESSION)), NOT_LISTED) == (mine, False)


def test_what_only_printfuls_whole_list_shows_is_no_problem_of_the_case() -> None:
    down = replace(NOT_ASKED, sentence="Printful did not answer.")
    unread = Problem(ProblemClass.STRIPE_NOT_READ, NOT_LISTED, {"order_id": ORDER_ID})
    names = names_of(Facts(CASE))
    assert about([Plan(notes=(NOT_ASKED,))], names, NOT_LISTED) == (Plan(), True)
    assert about([Plan(notes=(down, unread))], names, NOT_LISTED) == (Plan(notes=(down, unread)), False)


@pytest.mark.parametrize(
    ("facts", "at"),
    [
        (Facts(CASE, SESSION, past=RowPast(created_at=MADE - timedelta(days=1))), MADE),
        (Facts(CASE, past=RowPast(created_at=MADE), named=[printful_order(created=CREATED - 9)]), MADE),
        (Facts(CASE, named=[printful_order(created=at) for at in (CREATED + 9, CREATED)]), MADE),
        (Facts(CASE, session={"created": "today"}), datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_case_begins_with_its_session_else_its_order_else_its_printful_order(facts: Facts, at: datetime) -> None:
    assert beginning_of(facts) == at


def reasons(facts: Facts, plan: Plan | None = None, *, days: float = 1, is_narrow: bool = False) -> list[str]:
    return why_not_more(facts, plan or Plan(), MADE + timedelta(days=days), is_narrow=is_narrow)


def test_an_order_that_all_systems_know_has_no_reason_against_more() -> None:
    assert reasons(Facts(CASE, SESSION)) == []


@pytest.mark.parametrize("reason", WHY_SKIPPED)
def test_the_reason_of_a_skipped_session_is_said(reason: SkipReason) -> None:
    assert reasons(Facts(CASE, SESSION), Plan(skips=(Skip(SESSION_ID, reason),))) == [WHY_SKIPPED[reason]]


def test_a_session_that_the_usual_run_does_not_reach_is_said_with_the_command() -> None:
    assert reasons(Facts(CASE, SESSION), days=31) == []
    day = f"{MADE:%Y-%m-%d}"
    assert reasons(Facts(CASE, SESSION), days=31.01) == [
        f"`ordersync sync` looks at the sessions of the last 30 days, and this one is of {day}: "
        f"`ordersync sync --from {day} --to {day}` does what is shown of its session."
    ]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (Facts(Case(STORED)), "The order names no session, so only Printful's side is compared."),
        (Facts(CASE), "Stripe showed nothing of its session, so only Printful's side is compared."),
        (
            Facts(Case(printful_id="7")),
            "No order of the shop names this Printful order, and a run looks at the shop's orders alone.",
        ),
    ],
)
def test_what_a_run_does_not_compare_is_said(facts: Facts, sentence: str) -> None:
    assert reasons(facts) == [sentence]


def test_a_list_that_was_not_read_is_said() -> None:
    assert reasons(Facts(CASE, SESSION), is_narrow=True) == [
        "No Printful order carries a name of this order. A run also compares the recipients of Printful's other "
        "orders; this command does not read that list."
    ]


def test_a_session_that_stripe_does_not_show_and_no_order_names_has_no_reason() -> None:
    assert reasons(Facts(Case(session_id=SESSION_ID))) == []


@pytest.mark.parametrize(
    ("status", "changes", "is_said"),
    [
        ("shipped", (), True),
        (None, (), True),
        ("delivered", (), False),
        ("shipped", (SetStatus("shipped", "delivered", "delivered"),), False),
        ("processing", (FillFields({"customer_name": "Asta"}), SetStatus("processing", "shipped", "fulfilled")), True),
    ],
)
def test_an_order_that_waits_for_its_parcels_says_so(status: Status | None, changes: Any, is_said: bool) -> None:
    order = stored_order(status=status) if status else None
    facts = Facts(Case(order, SESSION_ID), SESSION, parcels={PRINTFUL_ID: []})
    found = reasons(facts, Plan(updates=(OrderUpdate(STORED, changes),)))
    sentence = "The order becomes delivered when Printful's API v2 says so of all of its parcels."
    assert found == ([sentence] if is_said else [])


def test_nothing_waits_for_parcels_where_the_shop_does_not_ask_for_them() -> None:
    assert reasons(Facts(Case(stored_order(status="shipped"), SESSION_ID), SESSION)) == []


def test_an_answer_is_empty_where_nothing_is_known() -> None:
    assert Found().is_empty
    assert not Found(choices=[{"order_id": "o1"}]).is_empty


@pytest.mark.parametrize(
    ("total", "currency", "shown"), [("800.000", "JPY", "JPY 800"), ("12.340", "kwd", "KWD 12.340"), ("5", "", "5")]
)
def test_the_amount_of_an_order_has_the_decimals_of_its_currency(total: str, currency: str, shown: str) -> None:
    order = replace(STORED, total=Decimal(total), currency=currency)
    assert states(Facts(replace(CASE, order=order)))["shop"].startswith(f"processing, {shown}, 0 items, ")
