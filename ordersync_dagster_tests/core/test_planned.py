"""The digest of a planned change: the same for the same change, another for any other; and of a whole plan."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ordersync_dagster.core.changes import FillFields, InsertOrder, OrderUpdate, SetStatus, SetTracking
from ordersync_dagster.core.errors import PlanMovedError
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.planned import PlannedChange, plan_digest, require_plan
from ordersync_dagster_tests.support.builders import new_order, stored_item, stored_order

SHIPPED = SetStatus("processing", "shipped", "partial")


def digest(change: InsertOrder | OrderUpdate) -> str:
    return PlannedChange.of(change).digest


def test_the_same_change_has_the_same_digest_however_its_metadata_are_ordered() -> None:
    one, other = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert digest(InsertOrder(new_order(metadata=one))) == digest(InsertOrder(new_order(metadata=other)))


@pytest.mark.parametrize(
    "changed",
    [
        {"total": Decimal("26.01")},
        {"customer_email": "other@example.com"},
        {"customer_name": None},
        {"shipping_address": {"line1": "2 Test Street"}},
        {"metadata": {"note": "\ud800"}},
        {"session_id": "cs_test_other"},
        {"is_numbered": True},
    ],
)
def test_an_order_that_differs_in_any_value_has_another_digest(changed: dict[str, object]) -> None:
    assert digest(InsertOrder(new_order(**changed))) != digest(InsertOrder(new_order()))


@pytest.mark.parametrize(
    "seen",
    [
        {"status": "pending"},
        {"tracking_number": "1Z"},
        {"customer_email": ""},
        {"items": (stored_item(),)},
        {"unreadable": frozenset({"metadata"})},
        {"id": "another"},
    ],
)
def test_a_change_rests_on_the_order_as_it_was_seen(seen: dict[str, object]) -> None:
    assert digest(OrderUpdate(stored_order(**seen), (SHIPPED,))) != digest(OrderUpdate(stored_order(), (SHIPPED,)))


def test_changes_of_another_kind_or_value_have_another_digest() -> None:
    others = (
        (FillFields({"customer_name": "Asta"}),),
        (FillFields({"customer_name": "Edda"}),),
        (SHIPPED,),
        (replace(SHIPPED, after="delivered"),),
        (SetTracking("1Z", None, ({"id": "1"},)),),
        (SHIPPED, SetTracking("1Z", None, None)),
    )
    assert len({digest(OrderUpdate(stored_order(), changes)) for changes in others}) == len(others)


def test_a_whole_plan_is_the_same_in_any_parts_and_refused_when_one_change_moved() -> None:
    first, second = InsertOrder(new_order()), OrderUpdate(stored_order(), (SHIPPED,))
    expected = plan_digest([PlannedChange.of(second), PlannedChange.of(first)])
    require_plan([Plan(inserts=(first,)), Plan(), Plan(updates=(second,))], expected)
    with pytest.raises(PlanMovedError, match="Nothing was written"):
        require_plan([Plan(inserts=(first,))], expected)
