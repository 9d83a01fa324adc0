"""Which items an order lacks: never one too many."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.changes import AddItems, NewItem
from ordersync_dagster.core.items import is_guessed, missing_items
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.money import Capacity
from ordersync_dagster.core.orders import LineItem, StoredItem, item_id
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.sandbox import printful_item
from ordersync_dagster.sandbox.world.printful_orders import costs, retail_costs
from ordersync_dagster_tests.support.builders import (
    EXISTING_SHOP,
    ORDER_ID,
    PRINTFUL_ID,
    printful_answer,
    stored_item,
    stored_order,
)

TEE = printful_item(id=1, variant_id=4011, sync_variant_id=9001, quantity=1)
TEE_AGAIN = printful_item(id=2, variant_id=4011, sync_variant_id=9001, quantity=1)
TWO_TEES = printful_item(id=3, variant_id=4011, sync_variant_id=9001, quantity=2)
MUG = printful_item(id=4, variant_id=5011, sync_variant_id=9002, quantity=1)
OUR_TEE = stored_item(id=item_id(ORDER_ID, "1"))


def found(
    *rows: dict[str, Any], stored: tuple[StoredItem, ...] = (), limits: Limits = Limits(), **overrides: Any
) -> AddItems | Problem | None:
    """What `missing_items` says when Printful makes `rows` and the shop has `stored`."""
    return missing_items(stored_order(items=stored), printful_answer(items=list(rows), **overrides), (), limits)


def added(answer: AddItems | Problem | None) -> list[str]:
    """The Printful ids of what is added."""
    assert isinstance(answer, AddItems), answer
    return sorted(row.metadata["printful_item_id"] for row in answer.items)


def added_item(
    lines: tuple[LineItem, ...] = (), limits: Limits = Limits(), currency: str | None = "usd", **overrides: Any
) -> NewItem:
    """The one row that is added to an order without items."""
    answer = missing_items(stored_order(currency=currency), printful_answer(**overrides), lines, limits)
    assert isinstance(answer, AddItems), answer
    (row,) = answer.items
    return row


def test_an_order_without_items_gets_all_of_them() -> None:
    assert added(found(TEE, MUG, TWO_TEES)) == ["1", "3", "4"]


def test_an_item_is_written_with_what_the_shop_shows() -> None:
    row = added_item(items=[TEE])
    assert row.id == item_id(ORDER_ID, "1")
    assert (row.product_id, row.variant_id, row.quantity, row.name) == ("71", "4011", 1, "Field Notes tee - S")
    assert row.image_url is not None
    assert "mockups" in row.image_url
    assert row.metadata == {"printful_item_id": "1", "sync_variant_id": "9001", "price_source": "retail_price"}


def test_an_item_of_ours_is_known_by_its_id_and_not_added_again() -> None:
    assert found(TEE, stored=(OUR_TEE,)) is None
    assert added(found(TEE, MUG, stored=(OUR_TEE,))) == ["4"]


def test_equal_items_are_counted_and_not_merged() -> None:
    assert added(found(TEE, TEE_AGAIN)) == ["1", "2"]
    assert added(found(TEE, TEE_AGAIN, stored=(OUR_TEE,))) == ["2"]


@pytest.mark.parametrize("variant", ["4011", "9001"])
def test_an_item_of_the_shop_is_matched_by_catalog_or_sync_variant(variant: str) -> None:
    theirs = stored_item(variant_id=variant)
    assert found(TEE, stored=(theirs,)) is None
    assert added(found(TEE, MUG, stored=(theirs,))) == ["4"]


def test_each_item_of_the_shop_stands_for_one_of_printfuls() -> None:
    one, other = stored_item(id="a"), stored_item(id="b", variant_id="9001")
    assert len(added(found(TEE, TEE_AGAIN, stored=(one,)))) == 1
    assert found(TEE, TEE_AGAIN, stored=(one, other)) is None


def test_catalog_ids_are_matched_before_sync_ids() -> None:
    colliding = printful_item(id=5, variant_id=7, sync_variant_id=4011)
    assert added(found(colliding, TEE, stored=(stored_item(variant_id="4011"),))) == ["5"]


@pytest.mark.parametrize(
    "stored",
    [
        (stored_item(variant_id="1234"),),
        (stored_item(quantity=2),),
        (stored_item(id="a"), stored_item(id="b")),
        (OUR_TEE, stored_item(id="b")),
        (stored_item(id=item_id(ORDER_ID, "removed-at-printful"), variant_id="5011"),),
    ],
)
def test_an_ambiguous_rest_adds_nothing_and_is_reported(stored: tuple[StoredItem, ...]) -> None:
    problem = found(TEE, stored=stored)
    assert isinstance(problem, Problem)
    assert problem.problem_class == "items_mismatch"
    assert problem.ids == {"order_id": ORDER_ID, "printful_order_id": PRINTFUL_ID}
    assert not problem.is_error


@pytest.mark.parametrize("now", [{"quantity": 2}, {"variant_id": 4012, "sync_variant_id": 9009}])
def test_an_item_of_ours_that_printful_changed_is_reported_and_nothing_is_added(now: dict[str, int]) -> None:
    problem = found({**TEE, **now}, MUG, stored=(OUR_TEE,))
    assert isinstance(problem, Problem)
    assert problem.problem_class == "items_mismatch"
    assert "2 of Printful's 2 and 1 of the shop's 1 have no counterpart" in problem.sentence


def test_a_changed_item_of_ours_does_not_stand_for_another_one() -> None:
    two = {**TEE, "quantity": 2}
    assert isinstance(found(two, TEE_AGAIN, stored=(OUR_TEE,)), Problem)


@pytest.mark.parametrize("variant", ["4011", "9001"])
def test_an_item_of_ours_agrees_by_catalog_or_sync_variant(variant: str) -> None:
    assert found(TEE, stored=(replace(OUR_TEE, variant_id=variant),)) is None


def test_items_that_are_not_synced_at_printful_make_the_rest_ambiguous() -> None:
    problem = found(TEE, incomplete_items=[MUG])
    assert isinstance(problem, Problem)
    assert "1 more are not synced at Printful" in problem.sentence


def test_an_item_that_is_listed_twice_is_one_item() -> None:
    assert added(found(TEE, TEE)) == ["1"]


def test_an_order_of_nothing_lacks_nothing() -> None:
    assert found() is None


@pytest.mark.parametrize("currency", ["usd", "USD"])
def test_the_price_is_what_printful_was_told_that_the_customer_paid(currency: str) -> None:
    row = added_item(currency=currency, lines=(LineItem(1, Decimal(1)),))
    assert (row.price, row.metadata["price_source"]) == (Decimal("26.00"), "retail_price")


OTHER_CURRENCY: dict[str, Any] = {"retail_costs": retail_costs(currency="EUR")}
NO_RETAIL_PRICE: dict[str, Any] = {"items": [printful_item(retail_price=None)]}


@pytest.mark.parametrize("overrides", [OTHER_CURRENCY, NO_RETAIL_PRICE, {"retail_costs": None}])
def test_else_one_line_of_the_session_prices_one_item(overrides: dict[str, Any]) -> None:
    row = added_item(lines=(LineItem(1, Decimal("24.00")),), **overrides)
    assert (row.price, row.metadata["price_source"]) == (Decimal("24.00"), "stripe_line_item")


@pytest.mark.parametrize("lines", [(), (LineItem(2, Decimal(1)),), (LineItem(1, Decimal(1)), LineItem(1, Decimal(2)))])
def test_else_nobody_knows_the_price(lines: tuple[LineItem, ...]) -> None:
    row = added_item(lines=lines, **NO_RETAIL_PRICE)
    assert (row.price, row.metadata["price_source"]) == (None, "unknown")


def test_one_line_prices_no_item_where_printful_makes_two() -> None:
    rows = [printful_item(id=1, retail_price=None), printful_item(id=2, retail_price=None)]
    answer = missing_items(stored_order(), printful_answer(items=rows), (LineItem(1, Decimal(1)),), Limits())
    assert isinstance(answer, AddItems)
    assert {row.price for row in answer.items} == {None}


def test_a_column_that_needs_a_price_gets_printfuls_cost_in_the_same_currency() -> None:
    row = added_item(limits=EXISTING_SHOP, **NO_RETAIL_PRICE)
    assert (row.price, row.metadata["price_source"]) == (Decimal("12.95"), "printful_cost")


@pytest.mark.parametrize("overrides", [{"costs": costs(currency="EUR")}, {"costs": None}])
def test_a_column_that_needs_a_price_nobody_knows_gets_zero(overrides: dict[str, Any]) -> None:
    row = added_item(limits=EXISTING_SHOP, **NO_RETAIL_PRICE, **overrides)
    assert (str(row.price), row.metadata["price_source"]) == ("0.00", "unknown")


def test_an_order_without_a_currency_takes_over_no_price() -> None:
    bare: dict[str, Any] = {"retail_costs": None, "costs": None}
    assert added_item(currency=None, **bare).price is None
    assert added_item(currency=None, limits=EXISTING_SHOP, **bare).metadata["price_source"] == "unknown"


def test_a_price_counts_as_guessed_where_the_column_made_us_give_one() -> None:
    assert is_guessed(added_item(limits=EXISTING_SHOP, **NO_RETAIL_PRICE))
    assert is_guessed(added_item(limits=EXISTING_SHOP, **NO_RETAIL_PRICE, costs=None))
    assert not is_guessed(added_item(**NO_RETAIL_PRICE))
    assert not is_guessed(added_item(limits=EXISTING_SHOP))


@pytest.mark.parametrize("column", ["printful_product_id", "printful_variant_id", "name", "image_url"])
def test_an_item_that_a_column_would_cut_off_is_a_problem(column: str) -> None:
    problem = found(printful_item(), limits=Limits(widths={f"order_items.{column}": 1}))
    assert isinstance(problem, Problem)
    assert problem.problem_class == "text_does_not_fit"
    assert column in problem.sentence


def test_a_price_that_the_column_would_round_is_a_problem() -> None:
    problem = found(printful_item(retail_price="26.001"), limits=EXISTING_SHOP)
    assert isinstance(problem, Problem)
    assert problem.problem_class == "amount_does_not_fit"
    assert added(found(printful_item(id=1, retail_price="26.001"), limits=Limits(price=Capacity(15, 3)))) == ["1"]


@pytest.mark.parametrize("column", ["order_items.name", "order_items.image_url"])
def test_a_text_that_the_column_would_cut_off_is_a_problem(column: str) -> None:
    problem = found(TEE, limits=Limits(widths={column: 10}))
    assert isinstance(problem, Problem)
    assert problem.problem_class == "text_does_not_fit"
    assert column in problem.sentence
    assert added(found(TEE, limits=Limits(widths={column: 1000}))) == ["1"]


def test_an_item_without_a_value_that_its_column_must_have_is_a_problem() -> None:
    limits = Limits(required=frozenset(["order_items.image_url"]))
    bare = printful_item(files=[], product={"variant_id": 4011, "product_id": 71})
    problem = found(bare, limits=limits)
    assert isinstance(problem, Problem)
    assert problem.problem_class == "database_refused"
    assert "order_items.image_url must have a value" in problem.sentence
    advice = "Allow NULL, or say under [values.order_items] in ordersync.toml what stands there instead."
    assert problem.sentence.endswith(f" has none. {advice}")
    assert problem.ids.keys() == {"order_id", "printful_order_id"}
    assert added(found(TEE, limits=limits)) == ["1"]
