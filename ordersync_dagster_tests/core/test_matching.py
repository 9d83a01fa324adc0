"""Whose order a paid session is: known by its session, its payment or its reference."""

import pytest

from ordersync_dagster.core.matching import Elsewhere, Match, Matcher, refers_to
from ordersync_dagster.core.orders import Reference, StoredOrder
from ordersync_dagster.core.payment_problems import resembles
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.stripe_session import Skip, SkipReason, paid_session
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, stored_order

ROW = stored_order(session_id="cs_left", payment_intent_id="pi_left")


@pytest.mark.parametrize(
    ("reference", "row", "is_named"),
    [
        (Reference(ORDER_ID, is_certain=True), ROW, True),
        (Reference(ORDER_ID, is_certain=False), ROW, True),
        (Reference(ORDER_ID, is_certain=False), stored_order(customer_email="bo@example.com"), False),
        (Reference(ORDER_ID, is_certain=True), stored_order(customer_email="bo@example.com"), True),
        (Reference("another", is_certain=True), ROW, False),
    ],
)
def test_a_reference_that_is_not_certain_needs_the_same_customer(
    reference: Reference, row: StoredOrder, is_named: bool
) -> None:
    other = Reference("cart-7", is_certain=True)
    assert refers_to(new_order(references=(other, reference)), row) is is_named
    assert not refers_to(new_order(), row)


def test_an_order_is_a_sessions_by_its_id_its_payment_or_its_reference() -> None:
    matcher = Matcher([ROW], Elsewhere())
    assert matcher.has_order(Skip("cs_left", SkipReason.UNPAID))
    assert matcher.has_order(new_order(session_id="cs_new", payment_intent_id="pi_left"))
    assert matcher.has_order(new_order(references=(Reference(ORDER_ID, is_certain=True),)))
    assert not matcher.has_order(new_order())
    assert not matcher.has_order(Skip("cs_new", SkipReason.UNPAID))


@pytest.mark.parametrize(
    ("session", "found"),
    [
        ({"id": "cs_1", "payment_status": "paid"}, "cs_1"),
        ({"id": "cs_1", "payment_status": "unpaid"}, None),
        ({"id": "cs_1"}, None),
        ({"payment_status": "paid"}, None),
        (None, None),
        ("cs_1", None),
    ],
)
def test_only_what_stripe_calls_paid_is_a_paid_session(session: object, found: str | None) -> None:
    assert paid_session(session) == found


def test_an_order_of_another_customer_that_may_be_the_same_is_named_with_both_ids() -> None:
    order, row = new_order(), stored_order(id="zz")
    problem = resembles(order, row)
    assert problem.problem_class is ProblemClass.SUPERSEDED_SESSION
    assert problem.ids == {
        "stripe_session_id": order.session_id,
        "order_id": "zz",
        "order_ids": f"{order.id}, zz",
    }
    assert problem.sentence == (
        f"Session {order.session_id} became order {order.id}. Its reference is also the id of the pending order zz, "
        "which has the same amount and another e-mail address. If it is one purchase, cancel one of the two orders."
    )


def test_a_reference_to_an_order_of_which_nothing_else_is_known_is_a_plain_match() -> None:
    row = stored_order(session_id="cs_left", payment_intent_id=None)
    order = new_order(session_id="cs_1", payment_intent_id="pi_1", references=(Reference(row.id, is_certain=True),))
    elsewhere = Elsewhere(unknown={"": "nobody", "pi_other": "nobody"})
    assert Matcher([row], elsewhere).of_payment_or_reference(order) == Match((row,), row.id)


def test_of_several_orders_with_the_payment_none_is_another_sessions() -> None:
    rows = [stored_order(id=name, session_id=f"cs_{name}", payment_intent_id="pi_1") for name in ("a", "b")]
    order = new_order(session_id="cs_1", payment_intent_id="pi_1")
    assert Matcher(rows, Elsewhere({"cs_a": "pi_2"})).of_payment_or_reference(order) == Match(tuple(rows))


def test_an_order_that_this_run_plans_for_the_payment_is_the_match() -> None:
    order = new_order(session_id="cs_2", payment_intent_id="pi_1")
    match = Matcher([], Elsewhere(inserted={"pi_1": "cs_1"})).of_payment_or_reference(order)
    planned = new_order(session_id="cs_1").id
    assert match == Match((StoredOrder(planned, "cs_1", "pi_1"),), is_settled=True)


def test_of_two_sessions_with_the_payment_of_an_order_the_first_by_its_id_is_named() -> None:
    row = stored_order(session_id="cs_left", payment_intent_id="pi_1")
    order = new_order(session_id="cs_3", payment_intent_id="pi_3", references=(Reference(row.id, is_certain=True),))
    others = [new_order(session_id=name, payment_intent_id="pi_1") for name in ("cs_2", "cs_1")]
    for here in ([order, *others], [order, *reversed(others)]):
        match = Matcher([row], Elsewhere(), here).of_payment_or_reference(order)
        assert match is not None
        assert match.other_session == "cs_1"


def test_an_uncertain_reference_names_another_order_of_the_same_customer_only() -> None:
    own, other = stored_order(id="own", session_id="cs_1"), stored_order(id="other", session_id="cs_2")
    order = new_order(session_id="cs_1", references=(Reference("other", is_certain=False),))
    assert Matcher([own, other], Elsewhere()).named_besides(order, own) == [other]
    of_another = new_order(session_id="cs_1", customer_email="bo@example.com", references=order.references)
    assert Matcher([own, other], Elsewhere()).named_besides(of_another, own) == []


def test_an_order_that_another_session_paid_needs_no_answer_of_stripes() -> None:
    row = stored_order(session_id="cs_left", payment_intent_id=None)
    order = new_order(session_id="cs_1", payment_intent_id="pi_1", references=(Reference(row.id, is_certain=True),))
    elsewhere = Elsewhere({"cs_left": "pi_2"}, unknown={row.id: "no answer"})
    assert Matcher([row], elsewhere).of_payment_or_reference(order) == Match((row,), row.id, "cs_left")
