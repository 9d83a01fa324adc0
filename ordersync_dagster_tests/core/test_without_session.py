"""Orders of the shop that name no session: theirs stays theirs, and no session doubles one."""

from dataclasses import replace

from ordersync_dagster.core.changes import InsertOrder
from ordersync_dagster.core.decide_sessions import SessionDay, decide_piece, decide_sessions
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.pieces import join_pieces
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import new_order, stored_order


def manual(order_id: str, payment: str | None = PAYMENT_INTENT) -> StoredOrder:
    return stored_order(id=order_id, session_id=None, payment_intent_id=payment)


def waiting(order_id: str) -> StoredOrder:
    return replace(manual(order_id), printful_order_id=None)


def decided(*stored: StoredOrder, **session: object) -> Plan:
    day = SessionDay(sessions=(new_order(**session),), asks_printful=True)
    return decide_sessions(day, Stored(stored))


def test_a_session_whose_payment_is_on_orders_without_a_session_becomes_no_order() -> None:
    plan = decided(manual("b"), manual("a"), manual("c", "pi_another"))
    assert (plan.inserts, plan.failed_sessions) == ((), ())
    assert plan.skips == (Skip(SESSION_ID, SkipReason.ORDER_EXISTS),)
    sentence = (
        f"Session {SESSION_ID} became no order: orders a, b have its payment {PAYMENT_INTENT} and name no "
        "session. If it is the session's, set its stripe_session_id."
    )
    ids = {"stripe_session_id": SESSION_ID, "stripe_payment_intent_id": PAYMENT_INTENT, "order_ids": "a, b"}
    assert plan.notes[0] == Problem(ProblemClass.DUPLICATE_ORDER, sentence, ids)


def test_one_order_without_a_session_waits_for_its_goods_and_of_two_neither() -> None:
    one, two = (decided(*rows) for rows in ([waiting("a")], [waiting("a"), waiting("b")]))
    assert [(each.order.id, each.payment.is_kept) for each in one.unlinked] == [("a", True)]
    assert not any(each.payment.is_kept for each in two.unlinked)


def test_a_session_whose_payment_nobody_names_becomes_an_order() -> None:
    for stored in (manual("a", "pi_another"), manual("a", None), manual("a", "")):
        assert decided(stored).inserts == (InsertOrder(new_order()),)
        unpaid = new_order(payment_intent_id=None)
        assert decided(stored, payment_intent_id=None).inserts == (InsertOrder(unpaid),)


def test_an_order_with_the_session_goes_before_one_that_names_its_payment() -> None:
    plan = decided(manual("a"), stored_order())
    assert plan.skips == (Skip(SESSION_ID, SkipReason.ORDER_EXISTS),)
    assert not any("became no order" in note.sentence for note in plan.notes)


def test_what_is_no_order_is_what_it_is_beside_orders_without_a_session() -> None:
    problem = SessionProblem(SESSION_ID, Problem(ProblemClass.MALFORMED_SESSION, ""))
    skip = Skip("cs_test_other", SkipReason.UNPAID)
    plan = decide_sessions(SessionDay(sessions=(problem, skip)), Stored((manual("a"),)))
    assert (plan.failed_sessions, plan.skips, plan.notes) == ((problem,), (skip,), ())


def test_an_order_that_is_met_by_two_pieces_of_a_day_is_no_twin_of_itself() -> None:
    sessions = [new_order(), new_order(session_id="cs_test_other", customer_email="bo@example.com")]
    pieces = [
        decide_piece(SessionDay(sessions=(each,), asks_printful=True), Stored((manual("a"),))) for each in sessions
    ]
    told = [note.ids for note in join_pieces(pieces).notes]
    assert [(ids["stripe_session_id"], ids["order_ids"]) for ids in told] == [
        (SESSION_ID, "a"),
        ("cs_test_other", "a"),
    ]
