"""Payments, orders and Printful orders joined: every difference has one reason, and the reasons add up exactly."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.reversals import read_reversals
from ordersync_dagster.core.seen import SeenOrder, SeenPrintfulOrder, SeenSession, ThreeSides
from ordersync_dagster.report.drift.reconciled import LACK_ORDER, Reason, Reconciliation
from ordersync_dagster.report.drift.reconciliation import reconcile

AT = 1_790_000_000  # 2026-09-21
HUGE = 9_007_199_254_740_993  # no float holds it


def session(name: str, amount: int | None = 1000, *, is_paid: bool = True, **changes: Any) -> SeenSession:
    seen = SeenSession(name, f"pi_{name}", AT, is_paid, amount, "eur", None)
    return seen._replace(**changes)


def order(name: str, of: str = "", amount: int | None = 1000, **changes: Any) -> SeenOrder:
    seen = SeenOrder(name, of, f"pi_{of}" if of else None, None, "processing", amount, "eur", AT + 5, False)
    return seen._replace(**changes)


def reasons(found: Reconciliation) -> dict[str, tuple[int, int]]:
    """Number and amount by reason; the tests below have one currency."""
    return {str(each.reason): (each.number, each.amount) for each in found.differences}


def compared(*sides: SeenSession | SeenOrder | SeenPrintfulOrder, **facts: Any) -> Reconciliation:
    sessions = tuple(each for each in sides if isinstance(each, SeenSession))
    orders = tuple(each for each in sides if isinstance(each, SeenOrder))
    printful = tuple(each for each in sides if isinstance(each, SeenPrintfulOrder))
    return reconcile(ThreeSides(sessions, orders, printful, **facts))


def test_nothing_at_all_is_nothing() -> None:
    assert compared() == Reconciliation((), (), (), (), 0, 0, 0)


def test_an_order_is_found_by_its_session_its_payment_or_a_reference() -> None:
    found = compared(
        *(session(name) for name in "abc"),
        order("1", "a"),
        order("2", payment="pi_b", session_id="elsewhere"),
        order("3"),
        references={"3": "c"},
    )
    assert found.differences == ()
    assert found.money[0][:5] == ("eur", 3, 3000, 3, 3000)


def test_a_payment_without_an_order_says_what_becomes_of_it() -> None:
    fates = {"a": "to_add", "b": "too_recent", "c": "erased", "d": "order_exists"}
    found = compared(*(session(name) for name in "abcd"), fates=fates)
    assert reasons(found) == dict.fromkeys(("to_add", "too_recent", "erased", "undecided"), (1, -1000))


def test_the_order_that_names_the_session_comes_before_its_double() -> None:
    found = compared(session("a"), order("0", payment="pi_a", created=AT - 9), order("1", "a"))
    assert reasons(found) == {"second_order": (1, 1000)}
    assert [(each.order_id, each.session_id) for each in found.disagreements] == [("0", "a")]


def test_an_order_without_a_payment_counts_unless_it_claims_no_money() -> None:
    statuses = ("processing", "shipped", "refunded", "pending", "failed", "cancelled")
    found = compared(*(order(status, status=status) for status in statuses))
    assert reasons(found) == {"no_payment": (3, 3000)}
    assert found.orders == 3


def test_an_order_of_an_unpaid_session_waits_for_its_payment() -> None:
    assert reasons(compared(session("a", is_paid=False), order("1", "a"))) == {"unpaid": (1, 1000)}


def test_another_currency_is_one_order_and_two_amounts() -> None:
    found = compared(session("a"), order("1", "a", 1250, currency="usd"))
    assert [(each.currency, each.number, each.amount) for each in found.differences] == [
        ("eur", 1, -1000),
        ("usd", 1, 1250),
    ]


def test_an_amount_that_nobody_can_read_is_counted_and_in_no_sum() -> None:
    found = compared(session("a", None), session("b"), order("1", "a"), order("2", "b", None))
    assert found.unreadable == 2
    assert found.money[0].paid == found.money[0].ordered == 1000


def test_amounts_are_exact_where_a_float_would_round() -> None:
    found = compared(session("a", HUGE), session("b", None), order("1", "a", HUGE - 1), order("2", "b", 1))
    assert found.money[0].paid == HUGE
    assert reasons(found)["other_amount"] == (2, 0)


def test_what_went_back_is_that_of_these_payments() -> None:
    rows = [{"payment_intent": f"pi_{name}", "amount": 300, "currency": "eur"} for name in "ax"]
    found = compared(session("a"), order("1", "a", status="refunded"), reversals=read_reversals(rows, []))
    assert (found.money[0].returned, found.money[0].refunded) == (300, 1000)


def test_printful_costs_are_those_of_the_orders_that_name_it() -> None:
    made = [
        SeenPrintfulOrder(name, None, word, 700, "usd", AT)
        for name, word in (("7", "inprocess"), ("8", "draft"), ("9", "fulfilled"))
    ]
    found = compared(session("a"), order("1", "a", printful_id="7"), order("2", printful_id="8"), *made)
    assert [(each.currency, each.made, each.costs) for each in found.money] == [("eur", 0, 0), ("usd", 1, 700)]


def test_four_hours_tell_lost_payments_from_recovered_and_recent_ones() -> None:
    fates = {"c": "too_recent", "d": "to_add"}
    found = compared(*(session(n) for n in "abcd"), order("1", "a"), order("2", "b", is_recovered=True), fates=fates)
    (span,) = found.spans
    assert (span.paid, span.missing, span.recovered) == (4, 1, 1)


NAMES = st.sampled_from("abcdef")
AMOUNTS = st.none() | st.integers(0, 10**13)
CURRENCIES = st.sampled_from(["eur", "usd", "jpy"])
SESSIONS = st.builds(
    SeenSession, NAMES, st.none() | NAMES.map("pi_{}".format), st.none() | st.just(AT), st.booleans(), AMOUNTS,
    CURRENCIES, st.none(),
)  # fmt: skip
PAYMENTS = st.none() | NAMES.map("pi_{}".format)
ORDERS = st.builds(
    SeenOrder, st.text("0123456789", min_size=1, max_size=3), st.just("") | NAMES, PAYMENTS, st.none(),
    st.sampled_from(["processing", "pending", "refunded", "a word of theirs"]), AMOUNTS, CURRENCIES,
    st.none() | st.just(AT), st.booleans(),
)  # fmt: skip
FATES = st.dictionaries(NAMES, st.sampled_from(["to_add", "too_recent", "erased", "undecided", "order_exists"]))


@given(
    st.lists(SESSIONS, unique_by=lambda each: each.session_id),
    st.lists(ORDERS, unique_by=lambda each: each.order_id),
    FATES,
)
def test_the_reasons_add_up_to_the_difference_of_each_currency(
    sessions: list[SeenSession], orders: list[SeenOrder], fates: dict[str, str]
) -> None:
    found = reconcile(ThreeSides(tuple(sessions), tuple(orders), fates=fates))
    explained: Counter[str] = Counter()
    for each in found.differences:
        explained[each.currency] += each.amount
    for sums in found.money:
        assert sums.ordered - sums.paid == explained.pop(sums.currency, 0)
    assert not any(explained.values())
    paid = [each for each in sessions if each.is_paid]
    assert found.payments == len(paid)
    assert sum(each.amount or 0 for each in paid) == sum(each.paid for each in found.money)
    lacking = sum(each.number for each in found.differences if each.reason in LACK_ORDER)
    doubles = sum(each.number for each in found.differences if each.reason in _EXTRA)
    assert found.payments - lacking == found.orders - doubles


_EXTRA = (Reason.SECOND_ORDER, Reason.UNPAID, Reason.NO_PAYMENT)
