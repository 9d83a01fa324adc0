"""What holds for every day, every shop and every answer."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core import money
from ordersync_dagster.core.changes import SetStatus
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import decide_piece, decide_sessions, each_once
from ordersync_dagster.core.errors import WrongModeError
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.orders import MOVES, Order, Status, StoredOrder
from ordersync_dagster.core.pieces import Piece, join_pieces
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.printful_order import PrintfulOrder, read_printful_order
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import read_invoice_payments, read_reversals
from ordersync_dagster.core.stripe_session import SessionProblem, SessionRules, Skip, Verdict, read_session
from ordersync_dagster.core.text import is_storable
from ordersync_dagster.core.window import Window, day_of
from ordersync_dagster.sandbox import dispute, invoice_payment, refund
from ordersync_dagster.sync.read_ahead import payments_of
from ordersync_dagster_tests.core.shop_model import applied
from ordersync_dagster_tests.support import strategies
from ordersync_dagster_tests.support.strategies import JSON, Scene, scenes

CURRENCIES = sorted(money.ZERO_DECIMAL | money.THREE_DECIMAL | money.TWO_DECIMAL)


def plan_of(scene: Scene) -> Plan:
    """The plan of the sessions and, on the orders that it leaves, of Printful's answers, as one."""
    sessions = decide_sessions(scene.day, scene.stored)
    rows = applied(sessions, scene.stored.orders)
    printful = decide_printful(scene.batch, replace(scene.stored, orders=rows))
    notes = (*sessions.notes, *printful.notes)
    return replace(sessions, updates=printful.updates, printful_orders=printful.printful_orders, notes=notes)


def rows_after(scene: Scene) -> dict[str, StoredOrder]:
    """The shop after its plan was applied, by session id."""
    return {row.session_id: row for row in applied(plan_of(scene), scene.stored.orders)}


@given(scenes())
def test_after_a_run_the_same_run_has_nothing_to_do(scene: Scene) -> None:
    after = replace(scene.stored, orders=tuple(rows_after(scene).values()))
    again = plan_of(replace(scene, stored=after))
    assert again.change_count == 0, again


@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_what_comes_in_does_not_matter(scene: Scene, random: Any) -> None:
    def shuffled(values: Any) -> Any:
        return random.sample(list(values), len(values))

    day = replace(scene.day, sessions=tuple(shuffled(scene.day.sessions)))
    batch = replace(scene.batch, answers=dict(shuffled(scene.batch.answers.items())))
    stored = replace(scene.stored, orders=tuple(shuffled(scene.stored.orders)))
    assert plan_of(Scene(day, batch, stored)) == plan_of(scene)


@given(scenes(), st.integers(1, 3), st.sets(st.sampled_from(strategies.SESSION_IDS)))
def test_a_day_that_is_compared_in_pieces_comes_to_the_same(scene: Scene, size: int, made_by_hand: set[str]) -> None:
    orders = [replace(each, session_id="") if each.session_id in made_by_hand else each for each in scene.stored.orders]
    day = replace(scene.day, sessions=tuple(each_once(scene.day.sessions)))
    pieces = [day.sessions[start : start + size] for start in range(0, len(day.sessions), size)] or [()]
    looked_up = [[order for order in orders if belongs(order, piece)] for piece in pieces]
    orders_of_day = sorted((each for each in day.sessions if isinstance(each, Order)), key=lambda each: each.session_id)
    paid = {each.session_id: each.payment_intent_id or "" for each in orders_of_day}
    payers = {each.payment_intent_id: each.session_id for each in reversed(orders_of_day) if each.payment_intent_id}
    decided: list[Piece] = []
    for piece, found in zip(pieces, looked_up, strict=True):
        claims = {order_id: claim for each in decided for order_id, claim in each.claims.items()}
        doubtful = {order_id: name for each in decided for order_id, name in each.doubtful.items()}
        inserted = {payment: name for each in decided for payment, name in each.inserted.items()}
        known = Elsewhere(paid, payers, claims=claims, doubtful=doubtful, inserted=inserted)
        some = replace(day, sessions=piece, elsewhere=known)
        decided.append(decide_piece(some, replace(scene.stored, orders=tuple(found))))
    of_the_day = [order for order in orders if any(order in found for found in looked_up)]
    assert join_pieces(decided) == decide_sessions(day, replace(scene.stored, orders=tuple(of_the_day)))


def belongs(order: StoredOrder, verdicts: Collection[Verdict]) -> bool:
    """Whether a look-up for these sessions finds the order: by its session, its payment or its id."""
    references = {found.value for each in verdicts if isinstance(each, Order) for found in each.references}
    if order.session_id in {each.session_id for each in verdicts} or order.id in references:
        return True
    return order.payment_intent_id in payments_of(verdicts)


@given(scenes())
def test_each_session_ends_in_exactly_one_of_inserted_skipped_and_failed(scene: Scene) -> None:
    plan = plan_of(scene)
    ended = [
        *(insert.order.session_id for insert in plan.inserts),
        *(skip.session_id for skip in plan.skips),
        *(failed.session_id for failed in plan.failed_sessions),
    ]
    assert Counter(ended) == Counter(verdict.session_id for verdict in scene.day.sessions)


@given(scenes())
def test_no_session_ever_gets_a_second_order(scene: Scene) -> None:
    existing = {order.session_id for order in scene.stored.orders}
    assert not existing & {insert.order.session_id for insert in plan_of(scene).inserts}


@given(scenes())
def test_a_status_only_makes_allowed_moves(scene: Scene) -> None:
    """Printful moves on what the sessions left: a paid session has made a pending order one that is processed."""
    left = applied(decide_sessions(scene.day, scene.stored), scene.stored.orders)
    statuses = {order.session_id: order.status for order in left}
    for update in plan_of(scene).updates:
        moves = [change for change in update.changes if isinstance(change, SetStatus)]
        assert len(moves) <= 1
        for move in moves:
            assert move.before == statuses[update.seen.session_id]
            assert move.after in MOVES[Status(move.before)]


@given(scenes())
def test_nothing_that_a_shop_knew_is_lost(scene: Scene) -> None:
    after = rows_after(scene)
    for before in scene.stored.orders:
        row = after[before.session_id]
        assert (row.id, row.total, row.currency) == (before.id, before.total, before.currency)
        assert set(before.items) <= set(row.items)
        assert before.metadata.keys() <= row.metadata.keys()
        assert {parcel["id"] for parcel in before.shipments} <= {parcel["id"] for parcel in row.shipments}
        for name in ("tracking_number", "tracking_url", "payment_intent_id", "printful_order_id", "customer_name"):
            known = getattr(before, name)
            assert not known or getattr(row, name) == known


@given(scenes())
def test_an_order_never_has_more_items_than_printful_makes(scene: Scene) -> None:
    before = {order.session_id: order for order in scene.stored.orders}
    for session_id, row in rows_after(scene).items():
        lookup = scene.batch.answers.get(row.printful_order_id or "")
        known = before[session_id].items if session_id in before else ()
        if len(row.items) > len(known):
            assert isinstance(lookup, PrintfulOrder)
            made = {item.id: item.quantity for item in lookup.items}
            assert sorted(item.quantity for item in row.items) == sorted(made.values())


@given(scenes())
def test_each_order_that_was_looked_up_is_counted_once(scene: Scene) -> None:
    plan = plan_of(scene)
    owners = [row for row in rows_after(scene).values() if row.printful_order_id in scene.batch.answers]
    assert sorted(plan.printful_orders) == sorted(row.id for row in owners)
    assert len({update.seen.id for update in plan.updates}) == len(plan.updates)


@given(scenes())
def test_a_plan_counts_the_rows_that_it_writes(scene: Scene) -> None:
    plan, before, after = plan_of(scene), {row.session_id: row for row in scene.stored.orders}, rows_after(scene)
    items = sum(len(row.items) for row in after.values()) - sum(len(row.items) for row in before.values())
    inserted = len(after) - len(before)
    assert plan.change_count >= items + inserted
    assert (plan.change_count == 0) == (after == before)


@given(JSON | strategies.SESSIONS, st.booleans(), st.booleans())
def test_fault_14_no_session_stops_the_others(record: Any, live: bool, include_free: bool) -> None:
    try:
        verdict = read_session(record, SessionRules(live=live, include_free=include_free))
    except WrongModeError:
        assert record["livemode"] is not live
        return
    assert isinstance(verdict, Order | Skip | SessionProblem)
    if isinstance(verdict, Order):
        assert is_storable([verdict.session_id, verdict.customer_email, verdict.customer_name, verdict.metadata])
    if isinstance(verdict, SessionProblem):
        assert is_storable([verdict.problem.sentence, verdict.problem.ids])


@given(JSON | strategies.PRINTFUL_ORDERS)
def test_no_printful_order_stops_the_others(record: Any) -> None:
    read = read_printful_order(record)
    assert isinstance(read, PrintfulOrder | Problem)
    if isinstance(read, Problem):
        assert is_storable([read.sentence, read.ids])
        return
    plan = decide_printful(
        PrintfulBatch({read.printful_order_id: read}),
        Stored((StoredOrder("row", "cs_test_1", printful_order_id=read.printful_order_id),)),
    )
    assert is_storable([problem.sentence for problem in plan.problems])


@given(st.lists(JSON | strategies.damaged(refund()) | strategies.damaged(dispute(status="lost")), max_size=3))
def test_no_refund_or_dispute_whatsoever_stops_the_run(records: list[Any]) -> None:
    reversals = read_reversals(records, records)
    amounts = [amount for sums in reversals.returned.values() for amount in sums.values()]
    assert all(isinstance(amount, Decimal) for amount in amounts)


@given(st.lists(JSON | strategies.damaged(invoice_payment()), max_size=3))
def test_no_payment_of_an_invoice_whatsoever_stops_the_run(records: list[Any]) -> None:
    assert all(isinstance(each, frozenset) for each in read_invoice_payments(records).values())


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from(CURRENCIES))
def test_minor_units_are_exact_and_can_be_had_back(amount: int, currency: str) -> None:
    exponent = money.exponent(currency)
    written = money.from_minor(amount, currency)
    assert int(written.scaleb(exponent)) == amount
    assert written.as_tuple().exponent == -exponent
    assert Decimal(str(written)) == written


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(money.WHOLE_UNITS_TIMES_100)))
def test_currencies_of_whole_units_are_sent_a_hundredfold(units: int, currency: str) -> None:
    assert money.from_minor(units * 100, currency) == units


@given(
    st.integers(1, 18).flatmap(lambda digits: st.integers(-(10**digits), 10**digits)),
    st.integers(0, 6),
    st.integers(1, 18),
    st.integers(0, 6),
)
def test_a_column_holds_exactly_what_quantize_leaves_alone(units: int, decimals: int, digits: int, scale: int) -> None:
    amount = Decimal(units).scaleb(-decimals)
    rounded = amount.quantize(Decimal(1).scaleb(-scale))
    fits = rounded == amount and abs(rounded) < Decimal(10) ** digits
    assert money.Capacity(digits + scale, scale).holds(amount) is fits


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)), st.integers(1, 40))
def test_fault_25_each_second_of_a_window_belongs_to_exactly_one_of_its_days(moment: datetime, days: int) -> None:
    window = Window.last_days(days, moment.replace(tzinfo=UTC))
    probes = [*range(window.start_epoch, window.end_epoch, 3571), window.end_epoch - 1]
    assert [day for day, _ in groupby(map(day_of, probes))] == list(window.days)
    assert day_of(window.start_epoch - 1) not in window.days
