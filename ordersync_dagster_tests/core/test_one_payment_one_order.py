"""Every payment has exactly one order, and the order knows that it is paid."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.changes import FillFields, OrderUpdate, SetStatus
from ordersync_dagster.core.decide_sessions import SessionDay, decide_piece, decide_sessions
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.orders import LineItem, Order, Price, Reference, StoredOrder, as_stored, order_id
from ordersync_dagster.core.pieces import Around, join_pieces
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import Reversals, read_reversals
from ordersync_dagster.core.stripe_session import SessionProblem, SessionRules
from ordersync_dagster.sandbox import checkout_session, refund
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, order_of, stored_order

PAID = SetStatus("pending", "processing", "paid", "Stripe")
OTHER = "cs_test_other"
GIVEN_BACK = read_reversals([refund()], [])
NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)


def decided(
    *sessions: Order,
    stored: tuple[StoredOrder, ...] = (),
    elsewhere: Elsewhere = Elsewhere(),
    reversals: Reversals = Reversals(),
) -> Plan:
    """The plan of these paid sessions; orders without a Printful id are nobody's worry here."""
    day = SessionDay(sessions=sessions, reversals=reversals, elsewhere=elsewhere, asks_printful=True)
    return decide_sessions(day, Stored(stored))


def told(plan: Plan) -> list[str]:
    """The classes of the plan's problems."""
    return sorted(problem.problem_class for problem in plan.problems)


def of(plan: Plan, name: str) -> list[Problem]:
    """The problems of one class."""
    return [problem for problem in plan.problems if problem.problem_class == name]


def referring(value: str = ORDER_ID, **overrides: Any) -> Order:
    """A paid session whose reference is `value`, with a payment of its own."""
    known = {"payment_intent_id": "pi_second", "references": (Reference(value, is_certain=True),)}
    return new_order(**known | overrides)


def unpaid(**overrides: Any) -> StoredOrder:
    """An order that the shop made before payment, under a session that was left."""
    known = {"session_id": OTHER, "payment_intent_id": None, "status": "pending", "printful_order_id": None}
    return stored_order(**known | overrides)


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


def test_an_order_made_before_payment_is_completed_by_the_session_that_paid_it() -> None:
    stored = unpaid()
    plan = decided(referring(), stored=(stored,))
    fill = FillFields({"stripe_payment_intent_id": "pi_second"})
    assert (plan.inserts, told(plan)) == ((), ["superseded_session"])
    assert plan.completions == (OrderUpdate(stored, (PAID, fill)),)


@pytest.mark.parametrize("difference", [{"total": Decimal("19.99")}, {"currency": "eur"}, {"total": None}])
def test_an_order_with_another_amount_is_not_completed_by_a_reference(difference: dict[str, Any]) -> None:
    plan = decided(referring(), stored=(unpaid(**difference),))
    assert (plan.inserts, plan.completions) == ((), ())
    assert "superseded_session" in told(plan)


def test_a_cancelled_order_of_a_paid_reference_is_told() -> None:
    plan = decided(referring(), stored=(unpaid(status="cancelled"),))
    assert (plan.inserts, told(plan)) == ((), ["paid_but_not_live", "superseded_session"])


def test_two_paid_sessions_of_one_reference_are_two_orders_and_told() -> None:
    first = new_order(session_id=OTHER, payment_intent_id="pi_first", customer_email="bo@example.com")
    paid = stored_order(session_id=OTHER, payment_intent_id="pi_first")
    for plan in (
        decided(first, referring(), stored=(paid,)),
        decided(referring(), stored=(unpaid(),), elsewhere=Elsewhere(paid_sessions=frozenset({OTHER}))),
        decided(referring(), stored=(unpaid(),), elsewhere=Elsewhere(claims={ORDER_ID: OTHER})),
    ):
        assert [insert.order.session_id for insert in plan.inserts] == [SESSION_ID]
        (problem,) = of(plan, "double_payment")
        assert {ORDER_ID, plan.inserts[0].order.id} == set(problem.ids["order_ids"].split(", "))
        assert not plan.completions


def test_of_two_sessions_for_one_unpaid_order_the_second_gets_its_own() -> None:
    second = referring(session_id="cs_test_z", payment_intent_id="pi_third", customer_email="bo@example.com")
    plan = decided(referring(), second, stored=(unpaid(),))
    assert [update.seen.id for update in plan.completions] == [ORDER_ID]
    assert [insert.order.session_id for insert in plan.inserts] == ["cs_test_z"]
    assert of(plan, "double_payment")[0].ids["stripe_session_ids"] == f"{SESSION_ID}, cs_test_z"


def test_a_payment_of_an_order_that_its_own_session_paid_gets_its_own() -> None:
    plan = decided(new_order(), stored=(stored_order(session_id=OTHER),), elsewhere=Elsewhere(frozenset({OTHER})))
    assert [insert.order.session_id for insert in plan.inserts] == [SESSION_ID]
    assert told(plan) == ["double_payment", "duplicate_order"]


def test_a_short_reference_counts_only_for_an_order_of_the_same_customer() -> None:
    by_chance = referring(references=(Reference("7", is_certain=False),))
    row = unpaid(id="7", customer_email="Asta@Example.com", total=Decimal("21.00"))
    other = replace(row, customer_email="bo@example.com")
    without = replace(row, customer_email="")
    assert decided(by_chance, stored=(row,)).inserts == ()
    for unlike in (other, without, replace(other, status="shipped", total=Decimal(26))):
        plan = decided(by_chance, stored=(unlike,))
        assert (len(plan.inserts), told(plan)) == (1, [])
    assert decided(by_chance, stored=(replace(without, total=Decimal(26)),)).inserts == ()
    assert decided(referring("7"), stored=(other,)).inserts == ()


def test_a_pending_order_of_another_customer_with_the_reference_is_told() -> None:
    by_chance = referring(references=(Reference("7", is_certain=False),))
    plan = decided(by_chance, stored=(unpaid(id="7", customer_email="bo@example.com"),))
    inserted = plan.inserts[0].order.id
    (problem,) = plan.problems
    assert problem.ids == {
        "stripe_session_id": SESSION_ID,
        "order_id": "7",
        "order_ids": ", ".join(sorted(("7", inserted))),
    }
    assert problem.sentence == (
        f"Session {SESSION_ID} became order {inserted}. Its reference is also the id of the pending order 7, which has "
        "the same amount and another e-mail address. If it is one purchase, cancel one of the two orders."
    )


def test_the_amount_without_shipping_and_tax_agrees_too() -> None:
    with_shipping = referring(total=Decimal("30.99"), subtotal=Decimal(26))
    plan = decided(with_shipping, stored=(unpaid(currency=None),))
    assert (len(plan.completions), told(plan)) == (1, ["order_disagrees", "superseded_session"])
    seen = referring(total=Decimal("30.99"), other_prices=(Price(Decimal(26), "eur"),))
    assert len(decided(seen, stored=(unpaid(currency="EUR"),)).completions) == 1
    assert decided(seen, stored=(unpaid(),)).completions == ()


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


def bought(session_id: str, minutes: int, **overrides: Any) -> Order:
    """A purchase `minutes` after noon, for the same customer, lines and amount as the others."""
    known = {
        "session_id": session_id,
        "payment_intent_id": f"pi_{session_id}",
        "created": NOON + timedelta(minutes=minutes),
        "line_items": (LineItem(1, Decimal(26)),),
    }
    return new_order(**known | overrides)


def test_the_same_purchase_paid_twice_within_an_hour_is_told_once_for_all() -> None:
    plan = decided(bought("a", 0), bought("b", 50), bought("c", 100), bought("d", 300))
    assert len(plan.inserts) == 4
    (problem,) = of(plan, "double_payment")
    assert problem.ids["stripe_session_ids"] == "a, b, c"
    assert "were all paid, for the same customer, lines and amount within an hour (order " in problem.sentence
    unread = decided(bought("a", 0, line_items=()), bought("b", 1, line_items=()))
    assert "for the same customer and amount within an hour" in of(unread, "double_payment")[0].sentence


def test_purchases_that_are_hours_apart_are_told_apart() -> None:
    plan = decided(
        bought("a", 0), bought("b", 60, customer_email="ASTA@example.com"), bought("c", 200), bought("d", 210)
    )
    assert [each.ids["stripe_session_ids"] for each in of(plan, "double_payment")] == ["a, b", "c, d"]


@pytest.mark.parametrize(
    "difference",
    [
        {"customer_email": "bo@example.com"},
        {"total": Decimal(27)},
        {"currency": "eur"},
        {"line_items": (LineItem(2, Decimal(13)),)},
        {"created": NOON + timedelta(minutes=61)},
        {"total": Decimal(0)},
    ],
)
def test_a_different_purchase_is_no_double_payment(difference: dict[str, Any]) -> None:
    assert of(decided(bought("a", 0), bought("b", 1, **difference)), "double_payment") == []


def test_a_second_payment_that_was_given_back_is_not_told() -> None:
    back = read_reversals([refund(payment_intent="pi_b")], [])
    assert of(decided(bought("a", 0), bought("b", 1), reversals=back), "double_payment") == []
    cancelled = stored_order(session_id="b", payment_intent_id="pi_b", status="refunded")
    assert of(decided(bought("a", 0), bought("b", 1), stored=(cancelled,)), "double_payment") == []


def test_a_second_payment_after_midnight_is_told_on_the_older_day_alone() -> None:
    late, early = bought("a", 0), bought("b", 40)
    newer = decide_piece(SessionDay(sessions=(early,), asks_printful=True), Stored())
    older = decide_piece(SessionDay(sessions=(late,), asks_printful=True), Stored())
    assert of(join_pieces([newer]), "double_payment") == []
    assert len(of(join_pieces([older], Around(newer.paid)), "double_payment")) == 1
    elsewhere = Around((*newer.paid, *older.paid))
    assert of(join_pieces([decide_piece(SessionDay(), Stored())], elsewhere), "double_payment") == []


def test_a_purchase_of_the_first_hour_is_left_to_the_day_before_and_nobody_waits() -> None:
    midnight = int(NOON.timestamp())
    newer = decide_piece(SessionDay(sessions=(bought("b", 20), bought("c", 70)), asks_printful=True), Stored())
    left = Around(leaves_before=midnight)
    plan = join_pieces([newer], left)
    assert of(plan, "double_payment") == []
    assert [each.payment.unknown for each in plan.unlinked] == ["paid twice"] * 2
    (purchase,) = left.purchases([newer])
    assert left.leaves(purchase)
    empty = decide_piece(SessionDay(), Stored())
    (problem,) = of(join_pieces([empty], Around(untold=purchase)), "double_payment")
    assert problem.ids["stripe_session_ids"] == "b, c"
    older = decide_piece(SessionDay(sessions=(bought("a", -30),), asks_printful=True), Stored())
    (problem,) = of(join_pieces([older], Around(newer.paid[:1], purchase)), "double_payment")
    assert problem.ids["stripe_session_ids"] == "a, b, c"


@pytest.mark.parametrize(("minutes", "is_left"), [(60, True), (61, False)])
def test_only_a_purchase_that_begins_in_the_first_hour_is_left(minutes: int, is_left: bool) -> None:
    piece = decide_piece(SessionDay(sessions=(bought("b", minutes), bought("c", minutes + 5))), Stored())
    around = Around(leaves_before=int(NOON.timestamp()))
    assert [around.leaves(each) for each in around.purchases([piece])] == [is_left]
    assert bool(of(join_pieces([piece], around), "double_payment")) is not is_left


@pytest.mark.parametrize(
    ("rule", "session", "found"),
    [
        (None, {"client_reference_id": "17"}, [("17", False)]),
        (None, {"client_reference_id": ORDER_ID}, [(ORDER_ID, True)]),
        (None, {"metadata": {"orderId": " 17 ", "Order-ID": 17, "cart": "18"}}, [("17", True)]),
        (None, {"client_reference_id": "7", "metadata": {"order_id": "17"}}, [("17", True), ("7", False)]),
        (None, {"client_reference_id": ORDER_ID.upper()}, [(ORDER_ID.upper(), True), (ORDER_ID, True)]),
        ("metadata.cart", {"metadata": {"cart": f"{{{ORDER_ID}}}"}}, [(f"{{{ORDER_ID}}}", True), (ORDER_ID, True)]),
        (None, {"metadata": {"printful_order_id": "18"}, "client_reference_id": " "}, []),
        (None, {"client_reference_id": "1\x007"}, []),
        ("metadata.cart", {"client_reference_id": "17", "metadata": {"cart": "18"}}, [("18", True)]),
        ("client_reference_id", {"client_reference_id": "17", "metadata": {"order_id": "18"}}, [("17", True)]),
        ("none", {"client_reference_id": "17", "metadata": {"order_id": "18"}}, []),
        ("metadata.cart", {"client_reference_id": "17"}, []),
    ],
)
def test_the_references_of_a_session(rule: str | None, session: dict[str, Any], found: list[tuple[str, bool]]) -> None:
    order = order_of(checkout_session(**session), SessionRules(live=False, reference=rule))
    assert [(each.value, each.is_certain) for each in order.references] == found


def test_two_payments_of_a_reference_that_fit_no_amount_are_two_orders_and_named() -> None:
    one, two = (referring(session_id=f"cs_{n}", payment_intent_id=f"pi_{n}", total=Decimal(n)) for n in (7, 9))
    plan = decided(one, two, stored=(unpaid(),))
    assert [each.order.session_id for each in plan.inserts] == ["cs_9"]
    assert [each.ids["stripe_session_ids"] for each in of(plan, "double_payment")] == ["cs_7, cs_9"]
    again = decided(one, two, stored=(unpaid(), as_stored(plan.inserts[0].order)))
    assert (again.inserts, again.completions) == ((), ())


def test_of_two_payments_of_a_reference_the_one_that_fits_is_the_orders() -> None:
    odd = referring(session_id="cs_1", payment_intent_id="pi_1", total=Decimal(7))
    plan = decided(odd, referring(session_id="cs_2"), stored=(unpaid(),))
    assert [each.order.session_id for each in plan.inserts] == ["cs_1"]
    assert of(plan, "superseded_session")[0].ids["stripe_session_id"] == "cs_2"
    assert of(plan, "double_payment")[0].ids["stripe_session_ids"] == "cs_1, cs_2"


def test_a_payment_that_does_not_fit_is_remembered_for_older_days() -> None:
    one, two = (referring(session_id=f"cs_{n}", payment_intent_id=f"pi_{n}", total=Decimal(n)) for n in (7, 9))
    newer = decide_piece(SessionDay(sessions=(one,)), Stored((unpaid(),)))
    older = decided(two, stored=(unpaid(),), elsewhere=Elsewhere(doubtful=newer.doubtful))
    assert [each.order.session_id for each in older.inserts] == ["cs_9"]
    given_back = decide_piece(
        SessionDay(sessions=(one,), reversals=read_reversals([refund(payment_intent="pi_7", amount=700)], [])),
        Stored((unpaid(),)),
    )
    assert given_back.doubtful == {}
