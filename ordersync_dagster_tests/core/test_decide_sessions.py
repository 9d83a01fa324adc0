"""Sessions against orders: inserted, completed, skipped or reported."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.changes import FillFields, InsertOrder, OrderUpdate
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.money import Capacity
from ordersync_dagster.core.orders import Json, Price, Status, StoredOrder, order_id
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason, Verdict
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import EXISTING_SHOP, ORDER_ID, new_order, stored_order

ADDRESS = {"name": "Asta Example", "line1": "1 Test Street", "country": "LV"}


def plan_of(*verdicts: Verdict, stored: tuple[StoredOrder, ...] = (), limits: Limits = Limits()) -> Plan:
    """The plan of a day with these sessions."""
    return decide_sessions(SessionDay(sessions=verdicts), Stored(stored, limits))


def classes(plan: Plan) -> list[str]:
    """The classes of the plan's problems."""
    return [problem.problem_class for problem in plan.problems]


def test_a_paid_session_without_an_order_is_inserted() -> None:
    order = new_order(printful_order_id="42")
    plan = plan_of(order)
    assert (plan.inserts, plan.skips, plan.problems) == ((InsertOrder(order),), (), ())
    assert plan.change_count == 1


def test_a_session_with_an_order_is_skipped() -> None:
    plan = plan_of(new_order(), stored=(stored_order(),))
    assert plan.skips == (Skip(SESSION_ID, SkipReason.ORDER_EXISTS),)
    assert (plan.change_count, plan.problems) == (0, ())


@pytest.mark.parametrize(
    "verdict",
    [
        SessionProblem(SESSION_ID, Problem(ProblemClass.MALFORMED_SESSION, "")),
        Skip(SESSION_ID, SkipReason.UNPAID),
    ],
)
def test_whatever_a_session_has_become_an_order_of_it_is_enough(verdict: Verdict) -> None:
    plan = plan_of(verdict, stored=(stored_order(),))
    assert plan.skips == (Skip(SESSION_ID, SkipReason.ORDER_EXISTS),)
    assert plan.problems == ()


def test_a_session_that_is_listed_twice_counts_once() -> None:
    assert len(plan_of(new_order(), new_order()).inserts) == 1


def test_sessions_without_an_id_each_count() -> None:
    nameless = SessionProblem("(no id)", Problem(ProblemClass.MALFORMED_SESSION, ""))
    assert len(plan_of(nameless, nameless).failed_sessions) == 2


@pytest.mark.parametrize(
    ("column", "overrides"),
    [
        ("stripe_payment_intent_id", {"payment_intent_id": None}),
        ("stripe_payment_intent_id", {"payment_intent_id": ""}),
        ("customer_name", {"customer_name": None}),
        ("shipping_address", {"shipping_address": None}),
        ("shipping_address", {"shipping_address": {}}),
        ("shipping_address", {"shipping_address": {"name": None, "line1": "", "country": None}}),
        ("printful_order_id", {"printful_order_id": None}),
    ],
)
def test_an_empty_field_of_an_order_is_filled(column: str, overrides: dict[str, Any]) -> None:
    order = new_order(printful_order_id="190000001")
    values: dict[str, str | Json] = {
        "stripe_payment_intent_id": PAYMENT_INTENT,
        "customer_name": "Asta Example",
        "shipping_address": ADDRESS,
        "printful_order_id": "190000001",
    }
    stored = stored_order(**overrides)
    plan = plan_of(order, stored=(stored,))
    assert plan.completions == (OrderUpdate(stored, (FillFields({column: values[column]}),)),)
    assert plan.change_count == 1
    assert plan.completions[0].completed == stored_order()


def test_a_field_that_is_not_empty_is_left_alone() -> None:
    stored = stored_order(customer_name="Changed By Hand", shipping_address={"line1": "2 Other Street"})
    plan = plan_of(new_order(), stored=(stored,))
    assert (plan.completions, plan.problems) == ((), ())


def test_what_the_session_does_not_know_fills_nothing() -> None:
    unknowing = new_order(payment_intent_id=None, customer_name=None, shipping_address=None)
    stored = stored_order(payment_intent_id=None, customer_name=None, shipping_address=None)
    assert plan_of(unknowing, stored=(stored,)).change_count == 0


@pytest.mark.parametrize(
    ("column", "overrides"),
    [
        ("total_amount", {"total": Decimal("25.99")}),
        ("currency", {"currency": "eur"}),
        ("stripe_payment_intent_id", {"payment_intent_id": "pi_another"}),
        ("printful_order_id", {"printful_order_id": "1"}),
    ],
)
def test_a_value_that_disagrees_is_reported_and_left_alone(column: str, overrides: dict[str, Any]) -> None:
    plan = plan_of(new_order(printful_order_id="190000001"), stored=(stored_order(**overrides),))
    assert plan.change_count == 0
    (problem,) = plan.problems
    assert problem.problem_class == "order_disagrees"
    assert problem.ids == {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID, "column": column}
    assert f"Order {ORDER_ID} says {column} " in problem.sentence
    assert "left alone" in problem.sentence
    assert not problem.is_error


@pytest.mark.parametrize(
    "overrides", [{"total": Decimal("26")}, {"currency": "USD"}, {"total": None, "currency": None}]
)
def test_the_same_amount_written_otherwise_agrees(overrides: dict[str, Any]) -> None:
    assert plan_of(new_order(), stored=(stored_order(**overrides),)).problems == ()


SHOWN = Price(Decimal("23.99"), "eur")


@pytest.mark.parametrize("changes", [{}, {"total": Decimal("23.990"), "currency": "EUR"}, {"currency": None}])
def test_an_order_with_the_price_that_its_customer_saw_agrees(changes: dict[str, Any]) -> None:
    stored = stored_order(**{"total": Decimal("23.99"), "currency": "eur"} | changes)
    assert plan_of(new_order(other_prices=(SHOWN,)), stored=(stored,)).problems == ()


@pytest.mark.parametrize("changes", [{"total": Decimal("26.00")}, {"currency": "usd"}, {"currency": "gbp"}])
def test_an_order_that_mixes_two_prices_disagrees(changes: dict[str, Any]) -> None:
    stored = stored_order(**{"total": Decimal("23.99"), "currency": "eur"} | changes)
    assert set(classes(plan_of(new_order(other_prices=(SHOWN,)), stored=(stored,)))) == {"order_disagrees"}


def test_an_amount_that_the_column_would_round_becomes_no_order() -> None:
    dinars = new_order(total=Decimal("107411.055"), currency="kwd")
    plan = plan_of(dinars, limits=EXISTING_SHOP)
    assert (plan.inserts, classes(plan)) == ((), ["amount_does_not_fit"])
    assert "numeric(10,2)" in plan.problems[0].sentence
    assert plan_of(dinars, limits=Limits(total=Capacity(15, 3))).inserts


@pytest.mark.parametrize("column", ["customer_email", "customer_name", "stripe_session_id", "currency", "status"])
def test_fault_43_a_text_that_the_column_would_cut_off_becomes_no_order(column: str) -> None:
    plan = plan_of(new_order(), limits=Limits(widths={f"orders.{column}": 2, "orders.printful_order_id": 1}))
    assert (plan.inserts, classes(plan)) == ((), ["text_does_not_fit"])
    assert column in plan.problems[0].sentence


def test_an_order_without_a_value_that_its_column_must_have_becomes_no_order() -> None:
    limits = Limits(required=frozenset(["orders.customer_name", "orders.shipping_address"]))
    plan = plan_of(new_order(customer_name=None), limits=limits)
    assert (plan.inserts, classes(plan)) == ((), ["database_refused"])
    assert "orders.customer_name must have a value" in plan.problems[0].sentence
    assert plan.problems[0].ids == {"stripe_session_id": new_order().session_id}
    advice = "Allow NULL, or say under [values.orders] in ordersync.toml what stands there instead."
    assert plan.problems[0].sentence.endswith(f" for it. {advice}")
    assert plan_of(new_order(), limits=limits).inserts


@pytest.mark.parametrize("column", ["stripe_payment_intent_id", "customer_name"])
def test_a_completion_too_long_for_its_column_is_a_problem_and_completes_nothing(column: str) -> None:
    bare = stored_order(payment_intent_id=None, customer_name=None, shipping_address=None)
    order = new_order(session_id=bare.session_id, payment_intent_id="pi_1", customer_name="Mara Ozola")
    plan = plan_of(order, stored=(bare,), limits=Limits(widths={f"orders.{column}": 2}))
    assert plan.completions == ()
    assert [each.problem_class for each in plan.problems if each.is_error] == ["text_does_not_fit"]


def test_where_printful_is_left_out_nobody_is_said_to_wait() -> None:
    plan = plan_of(new_order())
    assert classes(plan) == ["not_looked_at"]
    assert plan.problems[0].ids == {"order_id": order_id(SESSION_ID), "stripe_session_id": SESSION_ID}


def test_it_is_named_again_as_long_as_it_names_no_printful_order() -> None:
    recovered = stored_order(id=order_id(SESSION_ID), printful_order_id=None)
    assert classes(plan_of(new_order(), stored=(recovered,))) == ["not_looked_at"]
    assert classes(plan_of(new_order(), stored=(replace(recovered, status="refunded"),))) == []
    assert classes(plan_of(new_order(), stored=(replace(recovered, printful_order_id="42"),))) == []


def test_a_recovered_order_that_gains_its_printful_id_is_no_longer_named() -> None:
    recovered = stored_order(id=order_id(SESSION_ID), printful_order_id=None)
    plan = plan_of(new_order(printful_order_id="42"), stored=(recovered,))
    assert (len(plan.completions), plan.problems) == (1, ())


def test_an_order_of_the_webhooks_is_not_ours_to_worry_about() -> None:
    assert classes(plan_of(new_order(), stored=(stored_order(printful_order_id=None),))) == []


def test_two_orders_of_one_payment_are_reported() -> None:
    twin = stored_order(id="twin", session_id="cs_test_twin", printful_order_id="2")
    plan = plan_of(new_order(), stored=(stored_order(), twin))
    assert classes(plan) == ["duplicate_order"]
    assert plan.problems[0].ids["order_ids"] == f"{ORDER_ID}, twin"


def test_orders_without_a_payment_are_no_twins() -> None:
    free = new_order(payment_intent_id=None, status=Status.PROCESSING, printful_order_id="42")
    other = replace(free, session_id="cs_test_other", printful_order_id="43", customer_email="bo@example.com")
    assert classes(plan_of(free, other)) == []


def test_a_notice_of_a_session_says_what_was_paid() -> None:
    row = stored_order(customer_email="other@example.com", customer_name=None)
    plan = plan_of(new_order(), stored=(row,))
    assert {note.amount for note in plan.notes} == {Price(new_order().total, "usd")}
    other = new_order(session_id="cs_test_b", payment_intent_id="pi_b", total=Decimal(7))
    both = plan_of(new_order(), other, stored=(row, replace(row, id="b", session_id="cs_test_b", total=Decimal(7))))
    amounts = [note.amount for note in both.notes if note.problem_class is ProblemClass.OTHER_EMAIL]
    assert amounts == [Price(new_order().total, "usd"), Price(Decimal(7), "usd")]


def test_only_a_day_has_a_ledger() -> None:
    day = SessionDay(day=date(2026, 9, 21), sessions=(new_order(),))
    (entry,) = decide_sessions(day, Stored((stored_order(),))).ledger
    assert (entry.session_id, [each.order_id for each in entry.orders]) == (SESSION_ID, [ORDER_ID])
    assert decide_sessions(replace(day, day=None), Stored((stored_order(),))).ledger == ()


def test_two_numbers_that_differ_are_shown_with_the_decimals_of_the_currency() -> None:
    (note,) = plan_of(new_order(), stored=(stored_order(total=Decimal("27.000")),)).notes
    assert "says total_amount 27.00, its session says 26.00" in note.sentence


def test_a_session_that_cannot_be_read_is_skipped_where_its_payment_has_an_order() -> None:
    verdict = SessionProblem("cs_broken", Problem(ProblemClass.MALFORMED_SESSION, "?"), PAYMENT_INTENT)
    plan = plan_of(verdict, stored=(stored_order(),))
    assert (plan.skips, plan.failed_sessions) == ((Skip("cs_broken", SkipReason.ORDER_EXISTS),), ())
