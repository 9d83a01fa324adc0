"""One payment is one order, two payments of one order are told by every run, and a payment that went back is told."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ordersync_dagster.core.decide_sessions import SessionDay, decide_piece, decide_sessions
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.matching import Elsewhere, Match
from ordersync_dagster.core.orders import Order, StoredOrder, as_stored
from ordersync_dagster.core.payment_state import payment_state
from ordersync_dagster.core.pieces import Piece
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.reversals import Reversals, read_reversals
from ordersync_dagster.core.stripe_session import Overdue, SessionRules, Skip, SkipReason, read_session
from ordersync_dagster.core.superseding import supersede
from ordersync_dagster.core.window import day_of
from ordersync_dagster.sandbox import checkout_session, customer_details, dispute, refund
from ordersync_dagster.sandbox.world.sessions import CREATED, PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.core.one_payment import OTHER, decided, of, referring, told, unpaid
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, order_of, stored_order

TWIN = "cs_test_twin"
CREATED_DAY = day_of(CREATED)
DISPUTED = read_reversals([], [dispute(payment_intent="pi_second")])
GIVEN_BACK = read_reversals([refund(payment_intent="pi_second")], [])


@pytest.mark.parametrize("numbers_orders", [False, True])
def test_two_sessions_of_one_payment_become_one_order(numbers_orders: bool) -> None:
    first, second = new_order(), new_order(session_id=TWIN)
    limits = Limits(numbers_orders=numbers_orders)
    together = decide_sessions(SessionDay(sessions=(second, first), asks_printful=True), Stored(limits=limits))
    newer = decide_piece(SessionDay(sessions=(first,)), Stored(limits=limits))
    older = SessionDay(sessions=(second,), elsewhere=Elsewhere(inserted=newer.inserted), asks_printful=True)
    for plan in (together, decide_sessions(older, Stored(limits=limits))):
        assert [each.order.session_id for each in plan.inserts] == [SESSION_ID][: len(plan.inserts)]
        assert told(plan) == ["superseded_session"]
        (problem,) = plan.problems
        assert (problem.ids["stripe_session_id"], problem.ids["other_stripe_session_id"]) == (TWIN, SESSION_ID)
        assert problem.ids["order_id"] == newer.plan.inserts[0].order.id
    assert len(together.inserts) == 1


def test_an_order_that_one_of_two_sessions_names_is_the_order_of_both() -> None:
    row = stored_order(session_id=OTHER)
    beside = decided(new_order(), new_order(session_id=OTHER), stored=(row,))
    asked = decided(new_order(), stored=(row,), elsewhere=Elsewhere({OTHER: PAYMENT_INTENT}))
    for plan in (beside, asked):
        assert (plan.inserts, plan.completions, told(plan)) == ((), (), ["superseded_session"])


def test_an_empty_payment_of_an_order_disagrees_with_none() -> None:
    plan = decided(referring(), stored=(unpaid(payment_intent_id="", total=Decimal("27.00")),))
    (disagreement,) = of(plan, "order_disagrees")
    assert disagreement.ids["column"] == "total_amount"


def test_two_payments_of_one_order_are_told_by_every_run_until_one_goes_back() -> None:
    second = referring(session_id=TWIN, payment_intent_id="pi_third", customer_email="bo@example.com")
    plan = decided(referring(), second, stored=(unpaid(),))
    (first_time,) = of(plan, "double_payment")
    rows = (plan.completions[0].completed, as_stored(plan.inserts[0].order))
    again = decided(referring(), second, stored=rows)
    assert of(again, "double_payment") == [first_time]
    assert (again.change_count, waiting(again)) == (0, set())
    alone = decided(second, stored=rows, elsewhere=Elsewhere(payers={"pi_second": SESSION_ID}))
    assert of(alone, "double_payment") == [first_time]
    for one, other in (("refunded", "processing"), ("cancelled", "processing"), ("processing", "refunded")):
        left = (replace(rows[0], status=other), replace(rows[1], status=one))
        assert of(decided(referring(), second, stored=left), "double_payment") == []
    back = read_reversals([refund(payment_intent="pi_third")], [])
    assert of(decided(referring(), second, stored=rows, reversals=back), "double_payment") == []


def test_a_reference_to_its_own_order_or_an_unpaid_one_is_no_second_payment() -> None:
    own = stored_order(payment_intent_id="pi_second")
    assert told(decided(referring(), stored=(own,))) == []
    elsewhere = stored_order(id="own", session_id=SESSION_ID, payment_intent_id="pi_second")
    assert told(decided(referring(), stored=(elsewhere, unpaid()))) == []


def test_two_payments_with_one_order_id_are_told_where_no_order_has_it() -> None:
    sold = {"metadata": {"order_id": "1007"}}
    first = order_of(checkout_session(**sold))
    other = {"payment_intent": "pi_third", "customer_details": customer_details(email="bo@example.com")}
    for created in (60, 6 * 3600):
        second = order_of(checkout_session(id=TWIN, created=CREATED + created, **sold, **other))
        plan = decided(first, second)
        (problem,) = of(plan, "double_payment")
        assert (len(plan.inserts), waiting(plan)) == (2, set())
        assert problem.ids["order_ids"] == ", ".join(sorted(each.order.id for each in plan.inserts))
        assert problem.sentence.startswith(f"Sessions {SESSION_ID}, {TWIN} were all paid, with the same reference (")
        rows = tuple(as_stored(each.order) for each in plan.inserts)
        assert of(decided(first, second, stored=rows), "double_payment") == [problem]
        assert of(decided(first, replace(second, total=Decimal(0))), "double_payment") == []


@pytest.mark.parametrize("metadata", [{"order": "web"}, {"cart": "1007"}, {"order_id": ""}])
def test_a_word_that_names_no_order_for_sure_makes_no_double_payment(metadata: dict[str, str]) -> None:
    shared = {"metadata": metadata, "client_reference_id": "customer-of-the-shop-0007"}
    email = customer_details(email="bo@example.com")
    other = {"id": TWIN, "payment_intent": "pi_third", "customer_details": email}
    plan = decided(order_of(checkout_session(**shared)), order_of(checkout_session(**shared, **other)))
    assert (len(plan.inserts), told(plan)) == (2, [])


@pytest.mark.parametrize("status", ["processing", "pending"])
def test_a_session_that_cannot_be_read_needs_no_order_where_its_payment_has_one(status: str) -> None:
    unread = read_session(checkout_session(customer_details=None), SessionRules(live=False))
    row = unpaid(status=status, payment_intent_id=PAYMENT_INTENT)
    plan = decide_sessions(SessionDay(sessions=(unread,)), Stored((row,)))
    assert (len(plan.skips), told(plan)) == ((1, []) if status == "processing" else (0, ["missing_email"]))


def test_an_order_that_shares_its_payment_is_not_said_to_wait() -> None:
    rows = (stored_order(printful_order_id=None), stored_order(id="twin", session_id=OTHER, printful_order_id=None))
    plan = decided(new_order(), new_order(session_id=OTHER), stored=rows)
    assert ("duplicate_order" in told(plan), waiting(plan)) == (True, set())


@pytest.mark.parametrize("status", ["pending", "processing", "shipped"])
def test_a_dispute_of_a_payment_under_another_session_is_told(status: str) -> None:
    for row in (unpaid(status=status), unpaid(status=status, payment_intent_id="pi_second")):
        piece = piece_of(referring(), row, DISPUTED)
        assert (piece.plan.completions, told(piece.plan)) == ((), ["disputed", "superseded_session"])
        assert of(piece.plan, "disputed")[0].ids["order_id"] == ORDER_ID
        assert piece.not_kept == {ORDER_ID: SESSION_ID}


def test_a_refund_of_a_payment_that_only_a_reference_ties_to_a_live_order_is_told() -> None:
    piece = piece_of(referring(), unpaid(status="processing"), GIVEN_BACK)
    assert (piece.plan.completions, piece.not_kept) == ((), {ORDER_ID: SESSION_ID})
    assert of(piece.plan, "payment_refunded")[0].sentence == (
        f"Order {ORDER_ID} says processing, and the whole payment of its session {SESSION_ID} went back to the "
        "customer. Cancel what is not sent yet, and set the order's status by hand."
    )
    assert told(piece_of(referring(), unpaid(), GIVEN_BACK).plan) == ["superseded_session"]


def test_an_order_that_is_not_inserted_is_in_no_sentence() -> None:
    row = unpaid(id="7", customer_email="bo@example.com")
    by_chance = referring("7", references=tuple(replace(each, is_certain=False) for each in referring("7").references))
    paid_twice = Elsewhere({OTHER: "pi_first"}, erased=frozenset({SESSION_ID}))
    assert told(decided(by_chance, stored=(row,), elsewhere=Elsewhere(erased=frozenset({SESSION_ID})))) == []
    assert told(decided(referring(), stored=(unpaid(),), elsewhere=paid_twice)) == []
    narrow = Stored((unpaid(),), Limits(widths={"orders.stripe_session_id": 3}))
    day = SessionDay(sessions=(referring(),), elsewhere=Elsewhere({OTHER: "pi_first"}))
    assert told(decide_sessions(day, narrow)) == ["text_does_not_fit"]


def piece_of(order: Order, row: StoredOrder, reversals: Reversals) -> Piece:
    return decide_piece(SessionDay(sessions=(order,), reversals=reversals, asks_printful=True), Stored((row,)))


def waiting(plan: Plan) -> set[str]:
    """The orders of which Printful's side may say that nobody makes their goods."""
    return {each.order.id for each in plan.unlinked if each.payment.is_kept}


def test_the_ledger_of_a_day_has_the_order_that_is_under_another_session() -> None:
    row = unpaid(payment_intent_id="pi_else")
    plan = decide_sessions(SessionDay(CREATED_DAY, (referring(),), asks_printful=True), Stored((row,)))
    assert [[order.order_id for order in entry.orders] for entry in plan.ledger] == [[ORDER_ID]]


def test_only_a_session_that_is_too_recent_is_left_open_by_its_day() -> None:
    skips = (Skip("cs_young", SkipReason.TOO_RECENT), Skip("cs_unpaid", SkipReason.UNPAID))
    plan = decide_sessions(SessionDay(CREATED_DAY, (*skips, new_order())), Stored())
    assert plan.unsettled == ("cs_young",)


def test_a_session_that_waits_for_stripes_answer_is_named_as_failed() -> None:
    plan = decided(referring(), stored=(unpaid(),), elsewhere=Elsewhere(unknown={OTHER: "no answer"}))
    assert [each.session_id for each in plan.failed_sessions] == [SESSION_ID]


def test_a_kept_payment_is_no_lost_one_of_its_order() -> None:
    def not_kept(total: str, reversals: Reversals = Reversals()) -> tuple[str, ...]:
        order, match = referring(total=Decimal(total)), Match((unpaid(),), ORDER_ID)
        return supersede(order, match, payment_state(order, reversals)).not_kept

    assert not_kept("26.00") == not_kept("27.00") == ()
    assert not_kept("26.00", DISPUTED) == (ORDER_ID,)


def test_a_pending_order_whose_payment_another_session_has_is_not_said_to_move() -> None:
    row = unpaid(payment_intent_id=PAYMENT_INTENT)
    order = new_order(session_id=TWIN)
    (problem,) = supersede(order, Match((row,), is_settled=True), payment_state(order, Reversals())).notes
    assert problem.sentence.endswith("If it is one purchase, nothing is missing.")


def test_a_problem_has_the_amount_of_its_own_session_alone() -> None:
    overdue = Skip("cs_a", SkipReason.UNPAID, Overdue(CREATED_DAY, None))
    row = stored_order(id="o_a", session_id="cs_a", payment_intent_id=None)
    alone, beside = (
        decide_sessions(SessionDay(CREATED_DAY, (overdue, *others)), Stored((row,)))
        for others in ((), (new_order(session_id="cs_b"),))
    )
    (told_alone,), (told_beside,) = of(alone, "order_without_payment"), of(beside, "order_without_payment")
    assert (told_beside, told_beside.amount) == (told_alone, told_alone.amount)


def test_each_order_whose_payment_may_go_back_is_named_by_the_piece_of_its_day() -> None:
    rows = [unpaid(id=f"order-number-{n:04}", session_id=f"cs_left_{n}") for n in (1, 2)]
    paid = [referring(row.id, session_id=f"cs_{row.id}", payment_intent_id="pi_second") for row in rows]
    pieces = [decide_piece(SessionDay(sessions=(each,), reversals=DISPUTED), Stored(tuple(rows))) for each in paid]
    together = decide_piece(SessionDay(sessions=tuple(paid), reversals=DISPUTED), Stored(tuple(rows)))
    assert together.not_kept == {**pieces[0].not_kept, **pieces[1].not_kept}
    assert len(together.not_kept) == 2
