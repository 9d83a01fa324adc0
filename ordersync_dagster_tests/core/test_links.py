"""Which Printful orders may be linked, before any order of the shop is compared with them."""

from typing import Any

import pytest

from ordersync_dagster.core.links import Links, may_be_linked
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.sandbox import printful_order
from ordersync_dagster_tests.support.builders import printful_answer

SINCE = 1_790_000_000


@pytest.mark.parametrize(
    ("raw", "is_candidate"),
    [
        (printful_order(created=SINCE), True),
        (printful_order(created=SINCE + 1), True),
        (printful_order(created=SINCE - 1), False),
        (printful_order(created=SINCE - 1, external_id="pi_1"), True),
        (printful_order(created=SINCE - 1, external_id="pi_2"), False),
        (printful_order(created=None), True),
        (Missing("7"), False),
        (NotAsked("7", "no answer"), False),
    ],
)
def test_a_candidate_was_made_in_the_period_or_carries_a_name(raw: Any, is_candidate: bool) -> None:
    assert may_be_linked(raw, SINCE, {"pi_1"}) is is_candidate


def test_without_a_period_each_printful_order_is_a_candidate() -> None:
    assert may_be_linked(printful_order(created=1), None, ())


def test_a_printful_order_that_an_order_names_is_not_free() -> None:
    mine, theirs = printful_answer(id=7), printful_answer(id=8)
    assert Links(candidates=(mine, theirs), taken={"7"}).free == [theirs]
