"""A status that is the shop's own word: nothing is known of such an order, and that is said."""

from decimal import Decimal

import pytest

from ordersync_dagster.core.completion import UNMAPPED, unmapped_word
from ordersync_dagster.core.orders import Status
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.reversals import read_reversals
from ordersync_dagster.sandbox import refund
from ordersync_dagster_tests.core.one_payment import decided, told
from ordersync_dagster_tests.support.builders import new_order, stored_order


def with_status(word: str, **columns: object) -> Plan:
    return decided(new_order(), stored=(stored_order(status=word, **{"printful_order_id": None, **columns}),))


def test_a_word_that_may_mean_unpaid_is_told_whole() -> None:
    assert list(unmapped_word(stored_order(status="Awaiting payment"), is_paid=False)) == [
        "Orders of paid sessions have the status 'Awaiting payment', which ordersync.toml does not map, so it was left "
        "alone. If it is the word for an unpaid order, say under [statuses]: pending = (that word)."
    ]


@pytest.mark.parametrize("word", ["canceled", "Failed", "paid", "failed (the shop's own word)", ""])
def test_a_warning_says_whose_status_nobody_mapped_and_that_nothing_is_told(word: str) -> None:
    plan = with_status(word)
    assert plan.problems == ()
    assert plan.warnings == (
        f"Orders of paid sessions have the status {word!r}, which ordersync.toml does not map, so it was left alone. "
        "Nobody is told whether these orders wait for their goods or were given up. If it is the word for one of our "
        "statuses, say so under [statuses].",
    )
    assert UNMAPPED in plan.warnings[0]


@pytest.mark.parametrize("status", Status)
def test_of_our_own_words_nothing_is_warned(status: Status) -> None:
    assert with_status(status).warnings == ()


def test_an_order_of_which_something_else_is_told_needs_no_warning() -> None:
    assert with_status("packed", printful_order_id="7").warnings == ()  # Printful's side tells
    row = stored_order(status="Failed", printful_order_id=None)
    assert decided(new_order(total=Decimal("0.50")), stored=(row,)).warnings
    back = decided(new_order(), stored=(row,), reversals=read_reversals([refund()], []))
    assert (told(back), back.warnings) == (["payment_refunded"], ())
    assert decided(new_order(total=Decimal(0)), stored=(row,)).warnings == ()
