"""Sums of money by currency."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from ordersync_dagster.core.known_problems import FoundBy, KnownProblem
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.sums import sums_by_currency, sums_of_problems, sums_text


def test_each_currency_is_summed_alone_and_exactly() -> None:
    prices = [Price(Decimal("0.1"), "usd"), None, Price(Decimal("0.2"), "usd"), Price(Decimal("1204"), "eur")]
    assert sums_by_currency(prices) == {"eur": Decimal(1204), "usd": Decimal("0.3")}
    assert sums_text(sums_by_currency(prices)) == "EUR 1,204.00 and USD 0.30"


def test_decimals_are_those_of_the_currency_and_nothing_is_rounded() -> None:
    sums = {"jpy": Decimal(800), "kwd": Decimal("1.5"), "usd": Decimal("1.005"), "zzz": Decimal("7.1")}
    assert sums_text(sums) == "JPY 800 and KWD 1.500 and USD 1.005 and ZZZ 7.1"
    assert sums_text({}) == ""


def known(problem_id: str, amount: str, **ids: str) -> KnownProblem:
    at, price = datetime(2026, 11, 1, tzinfo=UTC), Price(Decimal(amount), "usd")
    kind = ProblemClass.REGRESS_BLOCKED
    return KnownProblem(problem_id, kind, "A sentence.", ids, price, FoundBy.PRINTFUL, None, at, at, "r", 1)


def test_an_order_with_several_problems_counts_once_with_its_largest_amount() -> None:
    of_order = [
        known("p1", "155", order_id="o1", stripe_session_id="s1"),
        known("p2", "20", order_id="o1"),
        known("p3", "155", stripe_session_id="s1"),
    ]
    others = [
        known("p4", "31", order_id="o2"),
        known("p5", "9"),
        known("p6", "9"),
        replace(known("p7", "1"), amount=None),
    ]
    assert sums_of_problems([*of_order, *others]) == {"usd": Decimal(155 + 31 + 9 + 9)}


def test_of_two_amounts_of_an_order_the_larger_counts_whichever_comes_first() -> None:
    large, small = known("p1", "155", order_id="o1"), known("p2", "20", order_id="o1")
    for problems in ([large, small], [small, large]):
        assert sums_of_problems(problems) == {"usd": Decimal(155)}


def test_problems_of_one_session_without_an_order_count_once() -> None:
    assert sums_of_problems([known("p1", "9", stripe_session_id="s1"), known("p2", "9", stripe_session_id="s1")]) == {
        "usd": Decimal(9)
    }
