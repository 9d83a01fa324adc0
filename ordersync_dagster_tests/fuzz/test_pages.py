"""Whole pages through the adapters: rows, a named error, or a problem; never another exception."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.errors import OrderSyncError, VendorError
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import Lookup, Missing, NotAsked, read_printful_order
from ordersync_dagster.core.refunds import read_refunds
from ordersync_dagster.core.stripe_session import SessionProblem, SessionRules, Verdict, read_session
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox.world.sessions import CREATED
from ordersync_dagster_tests.fuzz import canned
from ordersync_dagster_tests.fuzz.bodies import PRINTFUL_PAGES, REFUND_PAGES, SESSION_PAGES, as_body
from ordersync_dagster_tests.fuzz.canned import Canned

WINDOW = Window.last_days(3, datetime.fromtimestamp(CREATED + 3600, UTC))
RULES = SessionRules(live=False)
IDS = ["190000001", "2", "3", "4"]
SHOP = Stored(tuple(StoredOrder(f"row{each}", f"cs_test_{each}", printful_order_id=each) for each in IDS))


def _read(row: object) -> Verdict:
    return read_session(row, RULES)


@given(SESSION_PAGES)
def test_no_page_of_sessions_whatsoever_raises_anything_without_a_name(answers: list[Canned]) -> None:
    try:
        days = canned.stripe(*answers).sessions(WINDOW, _read, with_line_items=True)
        for day, verdicts in days:
            decide_sessions(SessionDay(day, tuple(verdicts)), Stored())
    except OrderSyncError:
        return  # the run stops, in a sentence


@given(REFUND_PAGES)
def test_no_page_of_refunds_or_events_whatsoever_raises_anything_without_a_name(answers: list[Canned]) -> None:
    try:
        read_refunds(canned.stripe(*answers).refunds(0))
        list(canned.stripe(*answers).events(0, 1))
    except OrderSyncError:
        return


@given(PRINTFUL_PAGES, st.none() | st.just(0))
def test_each_wanted_order_has_an_answer_whatever_printful_lists(answers: list[Canned], since: int | None) -> None:
    try:
        given_back = list(canned.printful(*answers).orders(IDS, since))
    except OrderSyncError:
        return
    assert sorted(key for key, _ in given_back if key in IDS) == IDS
    lookups: dict[str, Lookup] = {
        key: raw if isinstance(raw, Missing | NotAsked) else read_printful_order(raw) for key, raw in given_back
    }
    decide_printful(PrintfulBatch(lookups), SHOP)


@pytest.mark.parametrize("row_id", [[], {}, "\ud800"], ids=repr)
def test_a_session_or_refund_whose_id_is_no_text_stops_nothing_but_itself(row_id: object) -> None:
    body = as_body({"data": [{"id": row_id, "created": CREATED}], "has_more": True})
    with pytest.raises(VendorError, match="no progress"):  # and no other error: there is no cursor to go on from
        list(canned.stripe((200, body)).refunds(0))
    whole = as_body({"data": [{"id": row_id, "created": CREATED}], "has_more": False})
    ((_, (verdict,)),) = canned.stripe((200, whole)).sessions(WINDOW, _read, with_line_items=False)
    assert isinstance(verdict, SessionProblem)


PROPERTIES: Sequence[Any] = (  # for atheris, see __main__.py
    test_no_page_of_sessions_whatsoever_raises_anything_without_a_name,
    test_no_page_of_refunds_or_events_whatsoever_raises_anything_without_a_name,
    test_each_wanted_order_has_an_answer_whatever_printful_lists,
)
