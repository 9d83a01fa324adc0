"""Where the database numbers orders, a new one is named by its session until it has its number."""

from dataclasses import replace

from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import Order, StoredOrder, as_stored, order_id
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.unlinked import Unlinked
from ordersync_dagster_tests.support.builders import new_order, stored_order

NUMBERED = Limits(numbers_orders=True)


def decided(*sessions: Order, stored: tuple[StoredOrder, ...] = (), limits: Limits = NUMBERED) -> Plan:
    return decide_sessions(SessionDay(sessions=sessions, asks_printful=True), Stored(stored, limits))


def test_a_new_order_is_named_by_its_session() -> None:
    session = new_order(printful_order_id=None)
    (insert,) = decided(session).inserts
    assert insert.order.id == f"new:{session.session_id}"
    (computed,) = decided(session, limits=Limits()).inserts
    assert computed.order.id == order_id(session.session_id)


def test_its_planned_row_has_no_number_and_waits_as_a_recovered_one() -> None:
    (waiting,) = decided(new_order(printful_order_id=None)).unlinked
    assert waiting.order.is_unnumbered
    assert waiting.is_recovered
    assert not stored_order(id="42").is_unnumbered
    assert not as_stored(new_order()).is_unnumbered


def test_a_numbered_order_is_recovered_where_the_audit_says_so() -> None:
    session = new_order(printful_order_id=None)
    numbered = stored_order(id="42", printful_order_id=None)
    assert not Unlinked(numbered, session).is_recovered
    assert Unlinked(replace(numbered, is_recovered=True), session).is_recovered


def test_a_number_links_only_where_the_shop_says_that_it_is_the_orders_name() -> None:
    numbered = Unlinked(stored_order(id="42", printful_order_id=None, payment_intent_id="pi_1"), new_order())
    assert numbered.names(None) == {"pi_1"}
    assert numbered.names("order_id") == {"42"}
    assert numbered.names("payment_intent") == {"pi_1"}
