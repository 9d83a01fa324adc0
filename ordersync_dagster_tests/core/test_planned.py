"""The digest of a planned change: the same for the same change, another for any other; and of a whole plan."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType

import pytest

from ordersync_dagster.core.changes import FillFields, InsertOrder, OrderUpdate, SetStatus, SetTracking
from ordersync_dagster.core.errors import PlanMovedError
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.planned import PlannedChange, PlanReference, plan_digest, require_plan
from ordersync_dagster_tests.support.builders import new_order, stored_item, stored_order

SHIPPED = SetStatus("processing", "shipped", "partial")


def digest(change: InsertOrder | OrderUpdate) -> str:
    return PlannedChange.of(change).digest


def test_the_same_change_has_the_same_digest_however_its_metadata_are_ordered() -> None:
    one, other = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert digest(InsertOrder(new_order(metadata=one))) == digest(InsertOrder(new_order(metadata=other)))
    assert digest(InsertOrder(new_order(metadata=MappingProxyType(other)))) == digest(
        InsertOrder(new_order(metadata=one))
    )


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
    with pytest.raises(PlanMovedError) as moved:
        require_plan([Plan(inserts=(first,))], expected)
    assert str(moved.value) == (
        "the plan of the dry run is not what a run would do now (1 order to add or change): something moved since. "
        "Nothing was written. Make a new dry run and look at it."
    )


def test_a_planned_change_names_its_order_and_its_session() -> None:
    insert, update = (
        PlannedChange.of(InsertOrder(new_order())),
        PlannedChange.of(OrderUpdate(stored_order(), (SHIPPED,))),
    )
    assert (insert.order_id, insert.session_id, insert.is_insert) == (new_order().id, new_order().session_id, True)
    seen = stored_order()
    assert (update.order_id, update.session_id, update.is_insert) == (seen.id, seen.session_id, False)


def test_a_plan_is_named_by_its_moment_and_its_digest() -> None:
    digest = plan_digest([PlannedChange.of(InsertOrder(new_order()))])
    reference = PlanReference(datetime(2026, 11, 23, 14, 30, 5, 120, tzinfo=UTC), digest)
    assert str(reference) == f"20261123T143005.000120Z-{digest}"
    assert PlanReference.parse(f" {reference}\n") == reference


NONE = "^no digest of a plan$"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", NONE),
        ("plan", NONE),
        (f"20261123T143005.000120Z{'0' * 32}", NONE),
        (f"20261123T143005.000120Z-{'0' * 31}", NONE),
        (f"20261123T143005.000120Z-{'0' * 33}", NONE),
        (f"20261123T143005.000120Z-{'g' * 32}", NONE),
        (f"now-{'0' * 32}", "does not match format"),
    ],
)
def test_a_text_that_names_no_plan_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PlanReference.parse(text)


def test_a_digest_is_the_same_in_every_version() -> None:
    """Files of plans hold digests: where one becomes another, every plan of an earlier version is refused."""
    parcel = SetTracking("1Z", None, ({"id": "1"},))
    update = OrderUpdate(stored_order(items=(stored_item(),)), (SHIPPED, parcel))
    insert = "96fb03e899a2f3987e9f922a9464a7db79dc2f570573f363e5286ef546a11178"
    assert digest(InsertOrder(new_order())) == insert
    assert digest(update) == "b7e13b6f8efcdbea7326168358868650e5a4b8edee7eba7c0e4ee7bd9df8202f"
    assert (
        plan_digest([PlannedChange.of(InsertOrder(new_order()))]) == sha256(f'["{insert}"]'.encode()).hexdigest()[:32]
    )
