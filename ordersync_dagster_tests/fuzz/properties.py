"""What holds of whole pages through the adapters: rows, a named error, or a problem; never another exception."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import Lookup, Missing, NotAsked, read_printful_order
from ordersync_dagster.core.reversals import read_invoice_payments, read_reversals
from ordersync_dagster.core.stripe_session import SessionRules, Verdict, read_session
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import checkout_session, printful_order, refund
from ordersync_dagster.sandbox.world.sessions import CREATED
from ordersync_dagster_tests.fuzz import canned
from ordersync_dagster_tests.fuzz.bodies import PRINTFUL_PAGES, REFUND_PAGES, SESSION_PAGES, as_body
from ordersync_dagster_tests.fuzz.canned import Canned

WINDOW = Window.last_days(3, datetime.fromtimestamp(CREATED + 3600, UTC))
RULES = SessionRules(live=False)
IDS = ["190000001", "2", "3", "4"]
SHOP = Stored(tuple(StoredOrder(f"row{each}", f"cs_test_{each}", printful_order_id=each) for each in IDS))
AWAY: list[Canned] = [(500, b"")]
READ, REFUSED = "read to the end", "stopped in a sentence"

Note = Callable[[str], object]  # is told of each list of answers how it ended


def read(row: object) -> Verdict:
    return read_session(row, RULES)


def page(**content: Any) -> Canned:
    """An answer without fault."""
    return 200, as_body(content)


def sessions(note: Note) -> Any:
    """Pages of sessions are read and decided."""

    @given(SESSION_PAGES)
    @example([page(data=[checkout_session()], has_more=False)])
    @example(AWAY)
    def holds(answers: list[Canned]) -> None:
        try:
            listed = canned.stripe(*answers).sessions(WINDOW, read, with_line_items=True)
            for day, verdicts in chain.from_iterable(listed):
                decide_sessions(SessionDay(day, tuple(verdicts)), Stored())
            note(READ)
        except OrderSyncError:
            note(REFUSED)

    return holds


def refunds(note: Note) -> Any:
    """Pages of refunds, disputes, invoice payments and events are read."""

    @given(REFUND_PAGES)
    @example([page(data=[refund()], has_more=False)])
    @example(AWAY)
    def holds(answers: list[Canned]) -> None:
        try:
            read_reversals(canned.stripe(*answers).refunds(0), canned.stripe(*answers).disputes(0))
            read_invoice_payments(canned.stripe(*answers).invoice_payments(0))
            list(canned.stripe(*answers).events(0, 1))
            note(READ)
        except OrderSyncError:
            note(REFUSED)

    return holds


def printful_orders(note: Note) -> Any:
    """Each order that is asked for has exactly one answer, and all answers can be decided."""

    @given(PRINTFUL_PAGES, st.none() | st.just(0))
    @example([page(result=[printful_order()], paging={"total": 1}), (404, b"{}")], None)
    @example([(401, b"{}")], None)
    def holds(answers: list[Canned], since: int | None) -> None:
        try:
            given_back = list(canned.printful(*answers).orders(IDS, since))
        except OrderSyncError:
            note(REFUSED)
            return
        assert sorted(key for key, _ in given_back if key in IDS) == IDS
        lookups: dict[str, Lookup] = {
            key: raw if isinstance(raw, Missing | NotAsked) else read_printful_order(raw) for key, raw in given_back
        }
        decide_printful(PrintfulBatch(lookups), SHOP)
        note(READ)

    return holds


PROPERTIES: Sequence[Callable[[Note], Any]] = (sessions, refunds, printful_orders)
