"""Sessions against orders: each session is inserted, skipped or failed; its existing order is completed."""

from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ordersync_dagster.core.changes import InsertOrder, OrderUpdate
from ordersync_dagster.core.completion import completed, unmapped_word, without_taken_back
from ordersync_dagster.core.insertable import reason_not_to_insert
from ordersync_dagster.core.late_payment import late_payment
from ordersync_dagster.core.ledger import ledger_of
from ordersync_dagster.core.matching import Elsewhere, Match, Matcher
from ordersync_dagster.core.order_without_payment import order_without_payment
from ordersync_dagster.core.orders import Order, Price, Status, StoredOrder, as_stored
from ordersync_dagster.core.payment_notices import payment_notices
from ordersync_dagster.core.payment_problems import (
    MONEY_BACK,
    Paid,
    paid_but_not_live,
    resembles,
    second_payment,
    undecided,
)
from ordersync_dagster.core.payment_state import PaymentState, payment_state
from ordersync_dagster.core.pieces import Piece, join_pieces, named_payments
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.reversals import Reversals
from ordersync_dagster.core.stripe_session import NO_ID, SessionProblem, Skip, SkipReason, Verdict
from ordersync_dagster.core.superseding import supersede
from ordersync_dagster.core.unlinked import Unlinked, is_unlinked, not_looked_at


@dataclass(frozen=True, slots=True)
class SessionDay:
    """The sessions of one UTC day, or some of them, and the refunds and disputes that Stripe lists."""

    day: date | None = None
    sessions: tuple[Verdict, ...] = ()
    reversals: Reversals = Reversals()
    elsewhere: Elsewhere = Elsewhere()
    # Order id → what it had by us: Printful ids, and `refunded` where that status is no longer there.
    taken_back: Mapping[str, Collection[str]] = field(default_factory=dict)
    now: int = 0  # Unix seconds
    asks_printful: bool = False  # orders without a Printful id are left to `decide_links`
    paid_at: Mapping[str, int] = field(default_factory=dict)  # session id → Unix seconds, of delayed payments
    late_after: int = 7 * 86_400  # seconds after the checkout in which such a payment is no surprise
    sets_refunded: bool = True  # an order whose whole payment went back becomes refunded; else this is only told


def decide_sessions(day: SessionDay, stored: Stored) -> Plan:
    """The plan of a day, whatever the order of its sessions; once it is applied, the same day changes nothing more."""
    return join_pieces([decide_piece(day, stored)])


def decide_piece(day: SessionDay, stored: Stored) -> Piece:
    """The plan of some sessions of a day, for `join_pieces` to finish; `stored` needs only the orders of these."""
    decider = _Decider(stored, day)
    for verdict in each_once(day.sessions):
        decider.decide(verdict)
    decider.tell_second_payments()
    unlinked = tuple(decider.unlinked)
    unknown = [] if day.asks_printful else not_looked_at(sorted(unlinked, key=lambda each: each.order.id), day.now)
    plan = Plan(
        day=day.day,
        inserts=tuple(decider.inserts),
        completions=tuple(decider.completions),
        skips=tuple(decider.skips),
        failed_sessions=tuple(decider.failed),
        notes=(*decider.notes, *unknown),
        unlinked=unlinked if day.asks_printful else (),
        warnings=tuple(decider.warnings),
        ledger=ledger_of(day.sessions, stored.orders, decider.claims) if day.day else (),
        unsettled=tuple(each.session_id for each in day.sessions if _is_unsettled(each)),
    )
    facts = (decider.claims, decider.doubtful, decider.inserted, decider.not_kept)
    return Piece(plan, named_payments(plan, stored.orders), tuple(decider.paid), *facts)


def _is_unsettled(verdict: Verdict) -> bool:
    return isinstance(verdict, Skip) and verdict.reason is SkipReason.TOO_RECENT


def each_once(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """By session id; a session that was listed twice counts once, but every row without an id counts."""
    with_id = {each.session_id: each for each in verdicts if each.session_id != NO_ID}
    without_id = sorted((each for each in verdicts if each.session_id == NO_ID), key=str)
    return [*(with_id[key] for key in sorted(with_id)), *without_id]


class _Decider:
    """One verdict at a time: each session ends in exactly one of inserts, skips and failed."""

    def __init__(self, stored: Stored, day: SessionDay) -> None:
        self._day = day
        self._limits, self._reversals, self._erased = stored.limits, day.reversals, day.elsewhere.erased
        self._taken_back, self._sets_refunded = day.taken_back, day.sets_refunded
        self.claims, self.doubtful = dict(day.elsewhere.claims), dict(day.elsewhere.doubtful)
        self.inserted: dict[str, str] = {}  # as in `Elsewhere`
        self.not_kept: dict[str, str] = {}  # order id → session id, as in `Superseding`
        self._referring: list[tuple[StoredOrder, Order]] = []  # with sessions that refer to another order
        paid_here = [each for each in day.sessions if isinstance(each, Order)]
        inserted = ChainMap(self.inserted, day.elsewhere.inserted)  # type: ignore[arg-type]  # the second is only read
        known = replace(day.elsewhere, claims=self.claims, doubtful=self.doubtful, inserted=inserted)
        self._matcher = Matcher(stored.orders, known, paid_here)
        self.inserts: list[InsertOrder] = []
        self.completions: list[OrderUpdate] = []
        self.skips: list[Skip] = []
        self.failed: list[SessionProblem] = []
        self.notes: list[Problem] = []
        self.unlinked: list[Unlinked] = []
        self.paid: list[Paid] = []
        self.warnings: list[str] = []

    def decide(self, verdict: Verdict) -> None:
        first = len(self.notes)
        self._decide(verdict)
        if isinstance(verdict, Order):
            paid = Price(verdict.total, verdict.currency)
            self.notes[first:] = [replace(note, amount=note.amount or paid) for note in self.notes[first:]]

    def _decide(self, verdict: Verdict) -> None:
        existing = self._matcher.of_session(verdict.session_id)
        if existing is not None and existing.status == Status.PENDING and isinstance(verdict, SessionProblem):
            self._fail(verdict)  # nobody knows whether the order is paid
        elif existing is not None:
            self.skips.append(Skip(verdict.session_id, SkipReason.ORDER_EXISTS))
            if isinstance(verdict, Order):
                self._complete(existing, verdict)
            elif isinstance(verdict, Skip):
                self._miss_payment(verdict, [existing])
        elif isinstance(verdict, Skip):
            self.skips.append(verdict)
            self._miss_payment(verdict, self._matcher.without_session(verdict))
        elif isinstance(verdict, SessionProblem):
            self._fail(verdict)
        else:
            self._decide_without_order(verdict)

    def _miss_payment(self, skip: Skip, rows: Iterable[StoredOrder]) -> None:
        if skip.overdue:
            for row in rows:
                self.notes.extend(order_without_payment(row, skip.session_id, skip.overdue))

    def _decide_without_order(self, order: Order) -> None:
        """No order names the session: its payment may be another order's, or the shop erased the order."""
        if self._limits.numbers_orders:
            order = replace(order, is_numbered=True)
        match = self._matcher.of_payment_or_reference(order)
        if match is None:
            row = self._matcher.resembling(order) if self._insert(order) else None
            self.notes.extend([resembles(order, row)] if row else [])
        elif match.unknown:
            self.failed.append(SessionProblem(order.session_id, undecided(order, match)))
        elif match.other_session:
            if own := self._insert(order):
                self._tell_second(order, own, match.orders[0], match.other_session)
        else:
            self._supersede(order, match)

    def _supersede(self, order: Order, match: Match) -> None:
        """The order of `match` is the session's."""
        self.skips.append(Skip(order.session_id, SkipReason.ORDER_EXISTS))
        row, found = match.orders[0], supersede(order, match, payment_state(order, self._reversals))
        self.notes.extend(found.notes)
        self.not_kept |= dict.fromkeys(found.not_kept, order.session_id)
        if found.is_its_payment:
            self.claims[row.id] = order.session_id
            self._complete(row, order)
        elif found.is_doubtful:
            self.doubtful.setdefault(row.id, order.session_id)

    def tell_second_payments(self) -> None:
        """Two payments for one order, where both sessions have their orders by now: every run tells it again."""
        for own, order in self._referring:
            for row, session_id in self._matcher.referred(order, own):
                self._tell_second(order, own, row, session_id)

    def _tell_second(self, order: Order, own: StoredOrder, row: StoredOrder, session_id: str) -> None:
        if not payment_state(order, self._reversals).is_refunded:
            self.notes.extend(second_payment(order, own, row, session_id))

    def _fail(self, verdict: SessionProblem) -> None:
        """A session that cannot be read; Stripe itself erases the data of a customer who was erased there."""
        if verdict.session_id in self._erased:
            self.skips.append(Skip(verdict.session_id, SkipReason.ERASED))
        elif self._matcher.has_paid_order(verdict.payment_intent_id):
            self.skips.append(Skip(verdict.session_id, SkipReason.ORDER_EXISTS))
        else:
            self.failed.append(verdict)

    def _insert(self, order: Order) -> StoredOrder | None:
        """The row that it leaves; None where there will be none."""
        if order.session_id in self._erased:
            self.skips.append(Skip(order.session_id, SkipReason.ERASED))
            return None
        problem = reason_not_to_insert(order, self._limits)
        if problem:
            self.failed.append(SessionProblem(order.session_id, problem))
            return None
        state = payment_state(order, self._reversals)
        if state.is_refunded:
            order = replace(order, status=Status.REFUNDED)
        self.inserts.append(InsertOrder(order))
        self.inserted |= {order.payment_intent_id: order.session_id} if order.payment_intent_id else {}
        stored = as_stored(order)
        self._pay(order, stored, state)
        self._wait(stored, order, state)
        return stored

    def _complete(self, existing: StoredOrder, order: Order) -> None:
        state, is_erased = payment_state(order, self._reversals), order.session_id in self._erased
        order, taken_back = without_taken_back(existing, order, self._taken_back)
        self.notes.extend(taken_back)
        is_refunded = state.is_refunded and state.is_settled and self._sets_refunded
        is_refunded = is_refunded and not self._is_refund_taken_back(existing)
        update, problems = completed(
            existing, order, self._limits, is_paid=state.is_kept, is_refunded=is_refunded, is_erased=is_erased
        )
        self.notes.extend(problems)
        if state.is_kept:
            self.notes.extend(paid_but_not_live(existing, order))
        if update:
            self.completions.append(update)
        self.warnings.extend(unmapped_word(existing, is_paid=state.is_kept and order.total > 0))
        if existing.session_id == order.session_id and self._matcher.named_besides(order, existing):
            self._referring.append((existing, order))
        self._pay(order, existing, state)
        self._wait(update.completed if update else existing, order, state, is_told=bool(taken_back))

    def _pay(self, order: Order, row: StoredOrder, state: PaymentState) -> None:
        if order.total > 0 and row.status not in MONEY_BACK and not state.is_refunded:
            self.paid.append(Paid.of(order, row.id, self._matcher.nobodys_references(order)))

    def _wait(self, stored: StoredOrder, order: Order, state: PaymentState, *, is_told: bool = False) -> None:
        is_taken_back = self._is_refund_taken_back(stored)
        self.notes.extend(payment_notices(stored, order, state, is_taken_back=is_taken_back))
        if order.session_id in self._day.paid_at and not state.is_refunded:
            paid_at = self._day.paid_at[order.session_id]
            self.notes.extend(late_payment(stored, order, paid_at, self._day.late_after))
        if is_unlinked(stored) and not is_told:
            self.unlinked.append(Unlinked(stored, order, state))

    def _is_refund_taken_back(self, row: StoredOrder) -> bool:
        return Status.REFUNDED in self._taken_back.get(row.id, ())
