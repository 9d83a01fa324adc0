"""One reading of the three sides: a dry run, whose records and decisions are noted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from ordersync_dagster.adapters.database.rows.made_in import read_orders_made_in
from ordersync_dagster.app.noted_ports import Notes, noting
from ordersync_dagster.app.wiring import ReadyRun
from ordersync_dagster.core.errors import KeyRefusedError, VendorError
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.reversals import OfInvoice, Reversals, names_payment, read_invoice_payments, read_reversals
from ordersync_dagster.core.seen import TO_ADD, UNDECIDED, SeenOrder, ThreeSides, with_payments
from ordersync_dagster.core.window import Window

MONEY_BACK_UNREAD = (
    "Stripe did not show all refunds and disputes, or not the payment of each, so more may have gone back than is "
    "shown here. Make the report again; if this comes again, look at the refunds at Stripe."
)
_OF_REFERENCES = (ProblemClass.SUPERSEDED_SESSION, ProblemClass.DUPLICATE_ORDER)


@dataclass(slots=True)
class Reading:
    """The records that a run read, and its decision about each session."""

    notes: Notes = field(default_factory=Notes)
    fates: dict[str, str] = field(default_factory=dict)  # by session id
    references: dict[str, str] = field(default_factory=dict)  # order id → the session that names it

    def of(self, ready: ReadyRun) -> ReadyRun:
        """`ready`, with ports that note each record."""
        sync = ready.sync
        stripe, printful, store = noting(sync.stripe, sync.printful, sync.store, self.notes)
        return replace(ready, sync=replace(sync, stripe=stripe, printful=printful, store=store))

    def add(self, part: Part) -> None:
        """Note the decision about each session of one part."""
        plan = part.plan
        self.fates.update((each.order.session_id, TO_ADD) for each in plan.inserts)
        self.fates.update((each.session_id, str(each.reason)) for each in plan.skips)
        self.fates.update((each.session_id, UNDECIDED) for each in plan.failed_sessions)
        for note in plan.notes:
            named, session_id = note.ids.get("order_ids", ""), note.ids.get("stripe_session_id")
            if note.problem_class in _OF_REFERENCES and session_id and named and "," not in named:
                self.references.setdefault(named, session_id)

    def sides(self, ready: ReadyRun, window: Window) -> ThreeSides:
        """The three sides of `window`: with the orders of its sessions, and those that were created in it."""
        notes = self.notes
        reversals = self._reversals(ready, window)
        sessions = with_payments(notes.sessions.values(), reversals)
        payments = {each.payment for each in sessions if each.payment}
        orders = {
            key: each
            for key, each in notes.orders.items()
            if each.session_id in notes.sessions or each.payment in payments or key in self.references
        }
        store = ready.store
        for made in store.read(partial(read_orders_made_in, tables=store.tables, window=window)):
            orders[made.order_id] = self._with_recovered(made)
        printful = tuple(notes.printful_orders.values())
        return ThreeSides(sessions, tuple(orders.values()), printful, self.fates, self.references, reversals)

    def _with_recovered(self, order: SeenOrder) -> SeenOrder:
        """Only the run asked the audit whether an order with a number is ours."""
        noted = self.notes.orders.get(order.order_id)
        return order._replace(is_recovered=True) if noted and noted.is_recovered else order

    def _reversals(self, ready: ReadyRun, window: Window) -> Reversals:
        """Refunds and lost disputes. A run lists them only where it needs them, so they may have to be listed now."""
        lists, stripe, is_whole = self.notes.lists, ready.stripe, True
        wanted: dict[str, Callable[[int], Iterable[object]]] = {"refunds": stripe.refunds, "disputes": stripe.disputes}
        if any(each.is_paid for each in self.notes.sessions.values()):
            for name, read in wanted.items():
                if name not in lists:
                    try:
                        list(self.notes.listed(name, read(window.start_epoch)))
                    except KeyRefusedError:
                        continue  # the reader has warned
                    except VendorError:
                        is_whole = False
        refunds, disputes = lists.get("refunds", ()), lists.get("disputes", ())
        if not is_whole or not all(map(names_payment, (*refunds, *disputes))):
            stripe.warnings.append(MONEY_BACK_UNREAD)
        found = read_reversals(refunds, disputes)
        invoices = lists.get("invoice_payments")
        of_invoice: OfInvoice | None = None if invoices is None else read_invoice_payments(invoices)
        return replace(found, of_invoice=of_invoice)
