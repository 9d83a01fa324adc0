"""Orders that wait and name no Printful order: by which names Printful may know them."""

import pytest

from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import DAY, Unlinked, is_unlinked, is_uuid, not_looked_at, own_names
from ordersync_dagster_tests.support.builders import ORDER_ID, new_order, stored_order

PLAIN = ORDER_ID.replace("-", "")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [(ORDER_ID, True), (PLAIN, True), (ORDER_ID.upper(), True), (ORDER_ID[:-1], False), (f"{ORDER_ID}0", False),
     (ORDER_ID.replace("-", "", 1), False), ("42", False), ("", False), (None, False)],
)  # fmt: skip
def test_a_uuid_has_all_of_its_dashes_or_none(name: str | None, is_one: bool) -> None:
    assert is_uuid(name) is is_one


def test_printful_may_hold_an_id_in_lower_case_and_without_dashes() -> None:
    assert own_names("AB-12") == {"AB-12", "ab-12", "AB12", "ab12"}


@pytest.mark.parametrize(
    ("link_by", "names"),
    [(None, {"pi_1", ORDER_ID, PLAIN}), ("order_id", {ORDER_ID, PLAIN}), ("payment_intent", {"pi_1"}), ("none", set())],
)
def test_the_setting_says_which_names_count(link_by: str | None, names: set[str]) -> None:
    order = stored_order(payment_intent_id="pi_1", printful_order_id=None)
    assert Unlinked(order, new_order()).names(link_by) == names
    assert Unlinked(stored_order(payment_intent_id=None), new_order()).names("payment_intent") == frozenset()


@pytest.mark.parametrize(
    ("printful_id", "status", "is_waiting"),
    [
        (None, "processing", True),
        ("", "pending", True),
        (None, "shipped", False),
        (None, "odd", False),
        ("7", "pending", False),
    ],
)
def test_an_order_waits_for_goods_while_it_is_open(printful_id: str | None, status: str, is_waiting: bool) -> None:
    assert is_unlinked(stored_order(printful_order_id=printful_id, status=status)) is is_waiting


def test_an_order_that_nobody_looked_for_is_told_whole() -> None:
    row = stored_order(id="o1", session_id="cs_1", printful_order_id=None)
    session = new_order(session_id="cs_1")
    (problem,) = not_looked_at([Unlinked(row, session)], int(session.created.timestamp()) + DAY + 1)
    assert problem == Problem(
        ProblemClass.NOT_LOOKED_AT,
        "Order o1 was paid more than a day ago and names no Printful order. This run did not look at Printful.",
        {"order_id": "o1", "stripe_session_id": "cs_1"},
    )
    assert (problem.day, problem.amount) == (session.created.date(), Price(session.total, "usd"))
