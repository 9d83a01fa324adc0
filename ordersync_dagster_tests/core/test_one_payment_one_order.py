"""Every payment has exactly one order, and the order knows that it is paid."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ordersync_dagster.core.changes import FillFields, OrderUpdate, SetStatus
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.orders import order_id
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import read_reversals
from ordersync_dagster.core.stripe_session import SessionProblem
from ordersync_dagster.sandbox import refund
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.core.one_payment import OTHER, decided, of, referring, told, unpaid
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, stored_order

PAID = SetStatus("pending", "processing", "paid", "Stripe")
GIVEN_BACK = read_reversals([refund()], [])


def test_a_pending_order_of_a_paid_session_becomes_processing() -> None:
    stored = stored_order(status="pending")
    plan = decided(new_order(), stored=(stored,))
    assert plan.completions == (OrderUpdate(stored, (PAID,)),)
    assert plan.completions[0].completed.status == "processing"
    assert told(plan) == []


def test_a_pending_order_of_a_refunded_payment_becomes_refunded() -> None:
    plan = decided(new_order(), stored=(stored_order(status="pending"),), reversals=GIVEN_BACK)
    assert ([each.completed.status for each in plan.completions], told(plan)) == (["refunded"], [])


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_paid_order_that_is_not_live_is_told_and_left_alone(status: str) -> None:
    stored = stored_order(status=status)
    plan = decided(new_order(), stored=(stored,))
    (problem,) = plan.problems
    assert (problem.problem_class, plan.change_count) == (ProblemClass.PAID_BUT_NOT_LIVE, 0)
    assert problem.ids == {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID}
    assert not problem.is_error
    back = decided(new_order(), stored=(stored,), reversals=GIVEN_BACK)
    assert (told(back), back.change_count) == ([], int(status == "failed"))
    for total, classes in ((Decimal(0), []), (Decimal("0.50"), ["paid_but_not_live"])):
        cheap = replace(new_order(), total=total)
        assert told(decided(cheap, stored=(replace(stored, total=total),))) == classes


def test_an_unpaid_word_that_nobody_mapped_is_a_warning() -> None:
    for word in ("unpaid", "Awaiting payment", "pending (the shop's own word)"):
        plan = decided(new_order(), stored=(stored_order(status=word),))
        assert (plan.change_count, len(plan.warnings)) == (0, 1)
        assert word in plan.warnings[0]
    assert decided(new_order(), stored=(stored_order(status="packed"),)).warnings == ()


def test_a_payment_under_another_session_becomes_no_second_order() -> None:
    stored = stored_order(session_id=OTHER)
    plan = decided(new_order(), stored=(stored,))
    assert (plan.inserts, plan.completions, len(plan.skips)) == ((), (), 1)
    (problem,) = plan.problems
    assert problem.problem_class is ProblemClass.SUPERSEDED_SESSION
    assert (problem.ids["stripe_session_id"], problem.ids["other_stripe_session_id"]) == (SESSION_ID, OTHER)
    assert problem.ids["order_id"] == ORDER_ID
    assert problem.sentence == (
        f"Session {SESSION_ID} became no order: order {ORDER_ID} has its payment {PAYMENT_INTENT} and names session "
        f"{OTHER}. If it is one purchase, nothing is missing."
    )


def test_a_session_without_a_payment_says_so_by_an_empty_id() -> None:
    (problem,) = of(
        decided(referring(payment_intent_id=None), stored=(unpaid(status="shipped"),)), "superseded_session"
    )
    assert problem.ids["stripe_payment_intent_id"] == ""


def test_an_order_made_before_payment_is_completed_by_the_session_that_paid_it() -> None:
    stored = unpaid()
    plan = decided(referring(), stored=(stored,))
    fill = FillFields({"stripe_payment_intent_id": "pi_second"})
    assert (plan.inserts, told(plan)) == ((), ["superseded_session"])
    assert plan.completions == (OrderUpdate(stored, (PAID, fill)),)


def test_of_two_sessions_for_one_unpaid_order_the_second_gets_its_own() -> None:
    second = referring(session_id="cs_test_z", payment_intent_id="pi_third", customer_email="bo@example.com")
    plan = decided(referring(), second, stored=(unpaid(),))
    assert [update.seen.id for update in plan.completions] == [ORDER_ID]
    assert [insert.order.session_id for insert in plan.inserts] == ["cs_test_z"]
    assert of(plan, "double_payment")[0].ids["stripe_session_ids"] == f"{SESSION_ID}, cs_test_z"


def test_a_payment_of_an_order_that_its_own_session_paid_gets_its_own() -> None:
    plan = decided(new_order(), stored=(stored_order(session_id=OTHER),), elsewhere=Elsewhere({OTHER: "pi_first"}))
    assert [insert.order.session_id for insert in plan.inserts] == [SESSION_ID]
    assert told(plan) == ["double_payment", "duplicate_order"]


def test_of_two_sessions_for_one_pending_order_the_one_that_fits_pays_it() -> None:
    unlike = referring(session_id="cs_test_0", payment_intent_id="pi_third", total=Decimal(15))
    back = referring(session_id="cs_test_1", payment_intent_id="pi_back", customer_email="bo@example.com")
    given_back = read_reversals([refund(payment_intent="pi_back")], [])
    plan = decided(unlike, back, referring(), stored=(unpaid(),), reversals=given_back)
    assert [change.values for change in plan.completions[0].changes if isinstance(change, FillFields)] == [
        {"stripe_payment_intent_id": "pi_second"}
    ]
    assert ([each.order.session_id for each in plan.inserts], len(of(plan, "superseded_session"))) == (["cs_test_0"], 2)
    assert len(of(plan, "double_payment")) == 1


def test_a_pending_order_whose_session_cannot_be_read_is_an_error() -> None:
    unread = SessionProblem(SESSION_ID, Problem(ProblemClass.MISSING_EMAIL, ""))
    day = SessionDay(sessions=(unread,))
    assert decide_sessions(day, Stored((stored_order(status="pending"),))).failed_sessions == (unread,)
    assert decide_sessions(day, Stored((stored_order(status="shipped"),))).failed_sessions == ()


def test_an_order_that_another_session_paid_needs_a_second_order() -> None:
    live = unpaid(status="shipped", payment_intent_id="pi_first")
    elsewhere = Elsewhere(payers={"pi_first": "cs_test_payer"})
    plan = decided(referring(), stored=(live,), elsewhere=elsewhere)
    orders = ", ".join(sorted((ORDER_ID, plan.inserts[0].order.id)))
    (problem,) = plan.problems
    assert problem.ids == {"stripe_session_ids": f"{SESSION_ID}, cs_test_payer", "order_ids": orders}
    assert problem.sentence == (
        f"Sessions {SESSION_ID}, cs_test_payer were all paid, for order {ORDER_ID} (order {orders}). Ask the customer "
        "before you send the goods a second time, and refund what was paid too much."
    )
    given_back = read_reversals([refund(payment_intent="pi_second")], [])
    assert told(decided(referring(), stored=(live,), elsewhere=elsewhere, reversals=given_back)) == []
    refunded = replace(live, status="refunded")
    assert told(decided(referring(), stored=(refunded,), elsewhere=elsewhere)) == []


@pytest.mark.parametrize("status", ["processing", "shipped", "cancelled", "failed", "refunded", "unpaid"])
def test_a_payment_that_no_paid_session_has_does_not_make_an_order_paid(status: str) -> None:
    plan = decided(referring(), stored=(unpaid(status=status, payment_intent_id="pi_tried"),))
    assert (plan.inserts, "superseded_session" in told(plan)) == ((), True)
    assert ("paid_but_not_live" in told(plan)) is (status in ("cancelled", "failed", "refunded"))
    assert bool(plan.warnings) is (status == "unpaid")


def test_the_goods_of_a_second_payment_are_not_said_to_be_missing() -> None:
    second = referring(session_id="cs_test_z", payment_intent_id="pi_third", customer_email="bo@example.com")
    plan = decided(new_order(session_id="a", total=Decimal(9)), referring(), second, stored=(unpaid(),))
    kept = {each.order.id for each in plan.unlinked if each.payment.is_kept}
    assert kept == {order_id("a")}


def test_a_payment_that_was_tried_for_a_pending_order_does_not_make_it_paid() -> None:
    tried = unpaid(payment_intent_id="pi_tried")
    plan = decided(referring(), stored=(tried,))
    assert (plan.inserts, plan.completions) == ((), (OrderUpdate(tried, (PAID,)),))
    assert told(plan) == ["order_disagrees", "superseded_session"]


def test_of_a_live_order_that_names_no_payment_nothing_is_known_but_its_reference() -> None:
    plan = decided(referring(), stored=(unpaid(status="shipped"),))
    assert (plan.inserts, told(plan)) == ((), ["superseded_session"])


def test_of_several_orders_with_the_payment_none_is_completed() -> None:
    rows = (
        unpaid(payment_intent_id=PAYMENT_INTENT),
        unpaid(id="twin", session_id="cs_b", payment_intent_id=PAYMENT_INTENT),
    )
    plan = decided(new_order(), stored=rows)
    assert (plan.inserts, plan.completions) == ((), ())
    assert told(plan) == ["duplicate_order", "paid_but_not_live", "paid_but_not_live", "superseded_session"]
    assert of(plan, "superseded_session")[0].sentence == (
        f"Session {SESSION_ID} became no order: orders {ORDER_ID}, twin have its payment {PAYMENT_INTENT} and name "
        f"session cs_b, {OTHER}. If it is one purchase, nothing is missing."
    )
    assert of(plan, "duplicate_order")[0].sentence == (
        f"2 orders name the same payment {PAYMENT_INTENT}: {ORDER_ID}, twin. Cancel all but one by hand, unless each "
        "of their sessions is paid."
    )


def test_a_session_waits_where_stripe_did_not_answer_about_the_other_one() -> None:
    elsewhere = Elsewhere(unknown={OTHER: "Stripe gave no answer."})
    plan = decided(referring(), stored=(unpaid(),), elsewhere=elsewhere)
    (failed,) = plan.failed_sessions
    assert (failed.problem.problem_class, plan.change_count) == (ProblemClass.STRIPE_NOT_READ, 0)
    assert failed.problem.ids == {
        "stripe_session_id": SESSION_ID,
        "order_id": ORDER_ID,
        "other_stripe_session_id": OTHER,
    }
    assert failed.problem.sentence == (
        f"Session {SESSION_ID} became no order yet: its reference is order {ORDER_ID}, and Stripe could not be asked "
        "whether that order is paid otherwise: Stripe gave no answer. The next run asks again."
    )
    tried = unpaid(session_id="", payment_intent_id="pi_first")
    unknown = Elsewhere(unknown={"pi_first": "Stripe gave no answer"})
    assert len(decided(referring(), stored=(tried,), elsewhere=unknown).failed_sessions) == 1
    claimed = replace(elsewhere, claims={ORDER_ID: SESSION_ID})
    assert len(decided(referring(), stored=(unpaid(),), elsewhere=claimed).completions) == 1
    assert decided(new_order(), stored=(stored_order(session_id=OTHER),), elsewhere=elsewhere).failed_sessions == ()


def test_an_order_that_the_session_itself_has_claimed_is_still_its_own() -> None:
    for session in (referring(), new_order()):
        row = unpaid(payment_intent_id=None if session.references else PAYMENT_INTENT)
        plan = decided(session, stored=(row,), elsewhere=Elsewhere(claims={ORDER_ID: SESSION_ID}))
        assert (len(plan.completions), told(plan)) == (1, ["superseded_session"])


def test_the_sentences_say_the_cause_and_what_to_do() -> None:
    (by_reference,) = of(decided(referring(), stored=(unpaid(),)), "superseded_session")
    assert by_reference.sentence == (
        f"Session {SESSION_ID} became no order: its reference is order {ORDER_ID}, which names session {OTHER}. "
        "The order was pending and becomes processing."
    )
    assert by_reference.ids == {
        "stripe_session_id": SESSION_ID,
        "stripe_payment_intent_id": "pi_second",
        "order_id": ORDER_ID,
        "order_ids": ORDER_ID,
        "other_stripe_session_id": OTHER,
    }
    (not_live,) = decided(new_order(), stored=(stored_order(status="cancelled"),)).problems
    assert not_live.sentence == (
        f"Order {ORDER_ID} is cancelled, but session {SESSION_ID} is paid and Stripe lists no full refund. "
        "Make the order live, or refund the payment."
    )
    (warning,) = decided(new_order(), stored=(stored_order(status="unpaid"),)).warnings
    assert warning == (
        "Orders of paid sessions have the status 'unpaid', which ordersync.toml does not map, so it was left alone. "
        "If it is the word for an unpaid order, say under [statuses]: pending = (that word)."
    )
