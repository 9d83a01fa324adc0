"""Whole pages through the adapters: rows, a named error, or a problem; never another exception."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from ordersync_dagster.core.errors import VendorError
from ordersync_dagster.core.stripe_session import SessionProblem
from ordersync_dagster.sandbox.world.sessions import CREATED
from ordersync_dagster_tests.fuzz import canned, properties
from ordersync_dagster_tests.fuzz.bodies import as_body
from ordersync_dagster_tests.fuzz.properties import READ, REFUSED, WINDOW, Note

pytestmark = pytest.mark.breadth


def ends_of(holds: Callable[[Note], Any]) -> Counter[str]:
    """How the answers ended, each counted."""
    ends: Counter[str] = Counter()
    holds(lambda end: ends.update([end]))()
    return ends


def test_no_page_of_sessions_raises_anything_without_a_name() -> None:
    assert ends_of(properties.sessions).keys() == {READ, REFUSED}


def test_no_page_of_refunds_or_events_raises_anything_without_a_name() -> None:
    assert ends_of(properties.refunds).keys() == {READ, REFUSED}


@pytest.mark.full
def test_each_wanted_order_has_an_answer_whatever_printful_lists() -> None:
    assert ends_of(properties.printful_orders).keys() == {READ, REFUSED}


@pytest.mark.parametrize("row_id", [[], {}, "\ud800"], ids=repr)
def test_a_session_or_refund_whose_id_is_no_text_stops_nothing_but_itself(row_id: object) -> None:
    body = as_body({"data": [{"id": row_id, "created": CREATED}], "has_more": True})
    with pytest.raises(VendorError, match="no progress"):  # and no other error: there is no cursor to go on from
        list(canned.stripe((200, body)).refunds(0))
    whole = as_body({"data": [{"id": row_id, "created": CREATED}], "has_more": False})
    (((_, (verdict,)),),) = canned.stripe((200, whole)).sessions(WINDOW, properties.read, with_line_items=False)
    assert isinstance(verdict, SessionProblem)


@pytest.mark.timeout(20)
def test_a_page_that_names_one_row_twice_and_never_ends_stops_the_list() -> None:
    body = as_body({"data": [{"id": "re_1", "created": CREATED}] * 2, "has_more": True})
    with pytest.raises(VendorError, match="no progress"):
        list(canned.stripe((200, body)).refunds(0))
    with pytest.raises(VendorError, match="no progress"):
        list(canned.stripe((200, body)).sessions(WINDOW, properties.read, with_line_items=False))
