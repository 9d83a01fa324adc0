"""The Stripe phase of a run: the sessions of its window, compared with the shop's orders a day at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, partial
from itertools import chain, starmap

from ordersync_dagster.core.decide_sessions import SessionDay, decide_piece, each_once
from ordersync_dagster.core.errors import WrongModeError
from ordersync_dagster.core.late_payment import may_be_late
from ordersync_dagster.core.matching import Elsewhere
from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import Order, Status, StoredOrder, as_stored
from ordersync_dagster.core.payment_problems import paid_twice
from ordersync_dagster.core.payment_state import needs_reversals, payment_state
from ordersync_dagster.core.pieces import Piece, join_pieces
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import Reversals
from ordersync_dagster.core.stripe_session import SessionRules, Skip, SkipReason, Verdict, read_session
from ordersync_dagster.core.unread import reversals_not_read, sessions_not_read
from ordersync_dagster.core.window import Window, midnight
from ordersync_dagster.sync.account_guard import AccountGuard
from ordersync_dagster.sync.nearby_purchases import NearbyPurchases
from ordersync_dagster.sync.older_payments import older_sessions
from ordersync_dagster.sync.order_lookup import OrderLookup
from ordersync_dagster.sync.payments import Payments
from ordersync_dagster.sync.ports import Sessions, Store
from ordersync_dagster.sync.read_ahead import SESSIONS_PER_LOOKUP
from ordersync_dagster.sync.step import PrintfulNeeds, SessionPayment, Step

_OF_WINDOW = (ProblemClass.SUPERSEDED_SESSION, ProblemClass.DOUBLE_PAYMENT, ProblemClass.DUPLICATE_ORDER)


@dataclass(frozen=True, slots=True)
class StripePhase:
    """Plans the changes of a window's sessions, and names the orders that have to be looked up at Printful."""

    stripe: Sessions
    store: Store
    rules: SessionRules
    clock: Callable[[], datetime]
    asks_printful: bool

    def steps(self, window: Window) -> Iterator[tuple[Step, PrintfulNeeds]]:
        """One for each UTC day, newest first, then one for older orders whose payment went back or is disputed.

        Raises WrongModeError and WrongAccountError before the first.
        """
        self._require_mode()
        rules = cache(self.rules.by_clock)  # it is known when the first row is

        def read(row: object) -> Verdict:
            return read_session(row, rules(self.stripe.ahead))

        listed = self.stripe.sessions(window, read, with_line_items=self.asks_printful)
        payments = Payments(self.stripe, window.start_epoch)
        lookup = OrderLookup(self.stripe, self.store, read, payments.reversals_of)
        nearby = NearbyPurchases(self.stripe, self.store, window, read, payments.reversals_of, self.asks_printful)
        days = chain.from_iterable(map(partial(_with_orders_read, lookup), listed))
        decided = starmap(partial(self._decided, payments, lookup, nearby), _with_empty_days(window, days))
        yield from AccountGuard(self.stripe, self.store, self.rules.live).checked(window, decided)
        start = window.start_epoch
        older = older_sessions(self.stripe, self.store, read, payments, start)
        if sessions := tuple(older):
            yield self._of_older(payments, lookup, sessions)

    def _of_older(
        self, payments: Payments, lookup: OrderLookup, sessions: tuple[Order, ...]
    ) -> tuple[Step, PrintfulNeeds]:
        """They are no sessions of the window: none is counted, none gets an order, none is looked for at Printful."""
        day = replace(self._day(None), sessions=sessions)
        compared = self._compared(payments, lookup, day)
        if lacking := {each.order.session_id for each in compared.piece.plan.inserts}:
            sessions = tuple(each for each in sessions if each.session_id not in lacking)
            compared = self._compared(payments, lookup, day := replace(day, sessions=sessions))
        plan = join_pieces([compared.piece])
        made = {each.session_id: each.created.date() for each in sessions}
        told = (each for each in plan.notes if each.problem_class not in _OF_WINDOW)
        notes = tuple(replace(each, day=made.get(each.ids.get("stripe_session_id", ""))) for each in told)
        plan = replace(plan, skips=(), unlinked=(), notes=notes)
        facts = replace(day, reversals=payments.found, elsewhere=compared.elsewhere, taken_back=lookup.taken_back)
        needs = PrintfulNeeds(_newly_known(plan), (), compared.payments, compared.elsewhere.erased)
        return Step(replace(facts, sessions=compared.again), plan), needs

    def _day(self, of: date | None) -> SessionDay:
        now = int((self.clock() + self.stripe.ahead).timestamp())
        return SessionDay(of, now=now, asks_printful=self.asks_printful, sets_refunded=self.rules.sets_refunded)

    def _require_mode(self) -> None:
        """Raise WrongModeError where a test key meets the orders of a real shop."""
        if not self.rules.live and self.store.has_live_orders():
            raise WrongModeError(
                "STRIPE_SECRET_KEY is a key of test mode, and the database holds orders of live Checkout Sessions "
                "(cs_live_…): test orders do not belong among them. Use the live key, or another database. "
                "Nothing was written."
            )

    def _decided(
        self, payments: Payments, lookup: OrderLookup, nearby: NearbyPurchases, of: date, verdicts: list[Verdict]
    ) -> tuple[Step, PrintfulNeeds]:
        """Compares some thousand sessions at a time, so that no more unchanged orders than theirs are held."""
        day = replace(self._day(of), sessions=tuple(each_once(verdicts)))
        count = len(day.sessions)
        some = [day.sessions[start : start + SESSIONS_PER_LOOKUP] for start in range(0, count, SESSIONS_PER_LOOKUP)]
        compared = [self._compared(payments, lookup, replace(day, sessions=each)) for each in some or [()]]
        pieces = [each.piece for each in compared]
        beyond = nearby.of((paid for piece in pieces for paid in piece.paid), day.now)
        start = int(midnight(of).timestamp())
        around = replace(lookup.next_day, leaves_before=start if start > nearby.window.start_epoch else 0)
        around = replace(around, near=(*around.near, *beyond))
        plan = join_pieces(pieces, around)
        notes = (*self._unread(of, verdicts, payments), *plan.notes)
        plan = replace(plan, notes=notes, warnings=(*plan.warnings, *nearby.new_warnings()))
        lookup.end_day(pieces, around, start)
        known = [payment for each in compared for payment in each.payments]
        again = tuple(session for each in compared for session in each.again)
        elsewhere = _joined(each.elsewhere for each in compared)
        more = (known, elsewhere.erased, _newly_refunded(plan), paid_twice(plan.notes))
        needs = PrintfulNeeds(_newly_known(plan), plan.unlinked, *more)
        facts = replace(day, reversals=payments.found, elsewhere=elsewhere, taken_back=lookup.taken_back)
        facts = replace(facts, paid_at=payments.known_delayed, late_after=self.rules.late_after)
        made_from = replace(facts, sessions=again)
        return Step(made_from, plan), needs

    def _unread(self, of: date, verdicts: list[Verdict], payments: Payments) -> Iterator[Problem]:
        if of in self.stripe.unread_days:
            yield sessions_not_read(of)
        if payments.may_lack(each for each in verdicts if isinstance(each, Order)):
            yield reversals_not_read(of)

    def _compared(self, payments: Payments, lookup: OrderLookup, day: SessionDay) -> "_Compared":
        of_sessions = lookup.of_sessions(day)
        day = _with_payments(day, of_sessions, payments)
        orders = [each for each in day.sessions if isinstance(each, Order)]
        rows, elsewhere = lookup.load(day, of_sessions)
        of_session = {row.session_id: row for row in rows}
        asked = [each for each in orders if needs_reversals(of_session.get(each.session_id))]
        lookup.find_taken_back(orders, of_sessions)
        reversals = payments.reversals(asked)
        payments.decide(orders)
        day = replace(day, reversals=reversals, elsewhere=elsewhere, taken_back=lookup.taken_back)
        rules = self.rules
        if any(may_be_late(each, of_session.get(each.session_id), rules.late_after, day.now) for each in orders):
            day = replace(day, paid_at=payments.delayed(), late_after=rules.late_after)
        piece = decide_piece(day, stored := Stored(rows, self.store.limits))
        if lookup.find_refunds_taken_back(piece.plan):
            piece = decide_piece(replace(day, taken_back=lookup.taken_back), stored)
        lookup.keep(piece)
        by_id = {row.id: row for row in rows}
        of_session |= {
            session_id: by_id[order_id] for order_id, session_id in piece.claims.items() if order_id in by_id
        }
        claimed = {**{update.seen.id: update.seen.session_id for update in piece.plan.completions}, **piece.claims}
        sessions = {claimed[update.seen.id] for update in piece.plan.completions}
        again = tuple(each for each in day.sessions if each.session_id in sessions)
        not_kept = [(session_id, by_id[key]) for key, session_id in piece.not_kept.items() if key in by_id]
        known = _known_payments(day, of_session, not_kept) if self.asks_printful else []
        return _Compared(piece, elsewhere, again, known)


@dataclass(frozen=True, slots=True)
class _Compared:
    """A decided piece of a day, and what the run does with it later."""

    piece: Piece
    elsewhere: Elsewhere
    again: tuple[Verdict, ...]  # sessions that may have to be decided again
    payments: list[SessionPayment]


def _joined(facts: Iterable[Elsewhere]) -> Elsewhere:
    each, *others = facts
    last = others[-1] if others else each  # each piece knows all that the pieces before it asked for
    erased = each.erased.union(*(other.erased for other in others))
    return replace(last, claims=each.claims, erased=erased)


def _newly_known(plan: Plan) -> tuple[StoredOrder, ...]:
    """The rows that `plan` leaves, of the orders whose Printful id or status it sets."""
    inserted = (as_stored(each.order) for each in plan.inserts if each.order.printful_order_id)
    completed = ((each.seen, each.completed) for each in plan.completions)
    changed = (
        now for was, now in completed if (was.printful_order_id, was.status) != (now.printful_order_id, now.status)
    )
    return (*inserted, *(order for order in changed if order.printful_order_id))


def _newly_refunded(plan: Plan) -> tuple[StoredOrder, ...]:
    rows = (*(as_stored(each.order) for each in plan.inserts), *(each.completed for each in plan.completions))
    return tuple(row for row in rows if row.status == Status.REFUNDED and not row.printful_order_id)


def _with_payments(day: SessionDay, rows: Iterable[StoredOrder], payments: Payments) -> SessionDay:
    """The same sessions; one that names no payment gets that of its order or, where that has none, of its invoice.

    Another order may name the payment of the invoice: then the session needs no second order.
    """
    of_rows = {row.session_id: row.payment_intent_id for row in rows}
    unnamed = [each for each in day.sessions if isinstance(each, Order) and not each.payment_intent_id]
    found = {each.session_id: of_rows[each.session_id] for each in unnamed if each.session_id in of_rows}
    over = {row.session_id for row in rows if row.payment_intent_id or not needs_reversals(row)}
    found |= payments.of_invoices(each for each in unnamed if each.session_id not in over)
    named = {each.session_id: replace(each, payment_intent_id=found.get(each.session_id)) for each in unnamed}
    return replace(day, sessions=tuple(named.get(each.session_id, each) for each in day.sessions)) if named else day


def _known_payments(
    day: SessionDay, rows: Mapping[str, StoredOrder], lost: Iterable[tuple[str, StoredOrder]]
) -> list[SessionPayment]:
    """The payments of the sessions for their `rows`, and the payments that were `lost` for rows of other sessions."""
    orders = [each for each in day.sessions if isinstance(each, Order)]
    unpaid = [each for each in day.sessions if isinstance(each, Skip) and each.reason is SkipReason.UNPAID]
    named = [(each.session_id, rows[each.session_id]) for each in unpaid if each.session_id in rows]
    not_kept = [SessionPayment(key, {row.printful_order_id}, Payment(is_kept=False)) for key, row in named]
    by_session = {each.session_id: each for each in orders}
    of_others = (_payment(by_session[key], row, day.reversals) for key, row in lost if key in by_session)
    return [*(_payment(each, rows.get(each.session_id), day.reversals) for each in orders), *not_kept, *of_others]


def _payment(order: Order, row: StoredOrder | None, reversals: Reversals) -> SessionPayment:
    named = {order.printful_order_id, row.printful_order_id if row else None}
    is_judged = needs_reversals(row)  # else nobody read the reversals
    payment = Payment.of(order, payment_state(order, reversals)) if is_judged else Payment(order.line_items)
    return SessionPayment(row.session_id or order.session_id if row else order.session_id, named, payment)


def _with_orders_read(
    lookup: OrderLookup, days: Sequence[tuple[date, list[Verdict]]]
) -> Iterator[tuple[date, list[Verdict]]]:
    """`days`; their orders are read together when the first is taken."""
    lookup.read_ahead([verdicts for _, verdicts in days])
    yield from days


def _with_empty_days(
    window: Window, listed: Iterator[tuple[date, list[Verdict]]]
) -> Iterator[tuple[date, list[Verdict]]]:
    """The listed days and, between them, the days without a session."""
    empty = list(window.days)  # oldest first
    for day, rows in listed:
        while empty and empty[-1] > day:
            yield empty.pop(), []
        if empty and empty[-1] == day:
            empty.pop()
        yield day, rows
        del rows  # as in AccountGuard
    yield from ((day, []) for day in reversed(empty))
