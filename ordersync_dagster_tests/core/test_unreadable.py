"""A column that nobody can read is left alone, and named where something should have been written or compared."""

from ordersync_dagster.core.decide_printful import update_order
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.sandbox import shipment
from ordersync_dagster.sandbox.world.sessions import SESSION_ID
from ordersync_dagster_tests.support.builders import ORDER_ID, PRINTFUL_ID, new_order, printful_answer, stored_order

OF_ORDER = {"order_id": ORDER_ID, "stripe_session_id": SESSION_ID}
PARCELS = [
    shipment(id=n, tracking_number=f"N{n}", tracking_url=f"https://example.com/N{n}", ship_date=f"2026-01-0{n}")
    for n in (1, 2)
]


def unreadable(column: str, **changes: object) -> StoredOrder:
    return stored_order(unreadable=frozenset({column}), **changes)


def notes(stored: StoredOrder, **session: object) -> tuple[Problem, ...]:
    plan = decide_sessions(SessionDay(sessions=(new_order(**session),)), Stored((stored,)))
    assert plan.change_count == 0
    return plan.problems


def about_parcels(stored: StoredOrder, parcels: int) -> list[Problem]:
    answer = printful_answer(status="partial", shipments=PARCELS[:parcels], items=[])
    update, problems = update_order(stored, answer, (), Limits())
    assert update is None or all(getattr(change, "shipments", None) is None for change in update.changes)
    return problems


def test_an_address_that_is_no_object_is_not_filled_and_is_named() -> None:
    sentence = f"The shipping_address of order {ORDER_ID} is no JSON object; it was left alone."
    ids = OF_ORDER | {"column": "shipping_address"}
    stored = unreadable("shipping_address", shipping_address=None)
    assert notes(stored) == (Problem(ProblemClass.UNREADABLE_COLUMN, sentence, ids),)


def test_an_address_is_not_asked_after_where_the_session_has_none() -> None:
    assert notes(unreadable("shipping_address", shipping_address=None), shipping_address=None) == ()


def test_an_amount_that_is_none_disagrees_with_the_sessions() -> None:
    sentence = f"Order {ORDER_ID} says a total_amount that is no amount, its session says 26.00; it was left alone."
    ids = OF_ORDER | {"column": "total_amount"}
    stored = unreadable("total_amount", total=None)
    assert notes(stored) == (Problem(ProblemClass.ORDER_DISAGREES, sentence, ids),)


def test_metadata_that_are_no_object_get_no_list_of_parcels_and_are_named() -> None:
    sentence = f"The metadata of order {ORDER_ID} is no JSON object; it was left alone, and lists no parcels."
    ids = {"order_id": ORDER_ID, "printful_order_id": PRINTFUL_ID, "column": "metadata"}
    expected = [Problem(ProblemClass.UNREADABLE_COLUMN, sentence, ids)]
    first = {"tracking_number": "N1", "tracking_url": "https://example.com/N1"}
    for shown in ({}, {"tracking_number": "theirs"}, {"tracking_url": "theirs"}, first):
        assert about_parcels(unreadable("metadata", **shown), 2) == expected


def test_metadata_are_not_asked_after_where_the_columns_show_every_parcel() -> None:
    assert about_parcels(unreadable("metadata"), 0) == []
    for shown in ("", None):
        assert about_parcels(unreadable("metadata", tracking_number=shown, tracking_url=shown), 1) == []
    theirs = unreadable("metadata", tracking_number="N1", tracking_url="https://example.com/N1")
    assert about_parcels(theirs, 1) == []
    for other in ({"tracking_number": "theirs"}, {"tracking_url": "https://example.com/theirs"}):
        assert len(about_parcels(unreadable("metadata", **other), 1)) == 1
