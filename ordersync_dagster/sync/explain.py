"""One order explained: its facts from all three systems, and the plan of a run over them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.explanation import Case, Explanation, Facts, Found
from ordersync_dagster.core.one_case import about, beginning_of, names_of, states, why_not_more
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.timeline import timeline
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.asking import Asking
from ordersync_dagster.sync.case_facts import FactFinder
from ordersync_dagster.sync.cases import CaseFinder
from ordersync_dagster.sync.deliveries import Deliveries
from ordersync_dagster.sync.lookups import OrderLookups, PrintfulLookups, SessionLookups
from ordersync_dagster.sync.narrow import NOT_LISTED, NarrowParcels, NarrowPrintful, NarrowSessions
from ordersync_dagster.sync.order_sync import OrderSync, PrintfulScope, Request
from ordersync_dagster.sync.whole_plan import STRIPE_STOPS

EXPLAINED_AT_ONCE = 3  # more are listed, so that no question costs more than a handful of requests
_NO_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Explainer:
    """Answers questions about single orders; writes nothing. `sync` is a dry run's, with the vendors for all orders."""

    sync: OrderSync
    shop: OrderLookups
    stripe: SessionLookups
    printful: PrintfulLookups | None
    asking_stripe: Asking = field(default_factory=Asking)
    asking_printful: Asking = field(default_factory=Asking)

    @property
    def errors(self) -> list[OrderSyncError]:
        """Why a vendor gave no answer."""
        return [each.error for each in (self.asking_stripe, self.asking_printful) if each.error]

    def of_email(self, email: str) -> Found:
        """Every order of an e-mail address."""
        return self._found(self._finder().of_email(email))

    def of_name(self, name: str) -> Found:
        """Every order with this id, or of the session, payment or Printful order with this id."""
        return self._found(self._finder().of_name(name))

    def _finder(self) -> CaseFinder:
        return CaseFinder(self.shop, self.stripe, self.printful, self.asking_stripe, self.asking_printful)

    def _found(self, cases: list[Case]) -> Found:
        if len(cases) > EXPLAINED_AT_ONCE:
            dated = [(case, self.shop.past(case.order.id).created_at if case.order else None) for case in cases]
            dated.sort(key=lambda each: each[1] or self.sync.clock(), reverse=True)
            return Found(choices=[_choice(case, at) for case, at in dated])
        facts = sorted(map(self._facts().of, cases), key=beginning_of, reverse=True)
        return Found([self._explained(each) for each in facts])

    def _facts(self) -> FactFinder:
        return FactFinder(
            self.shop, self.stripe, self.printful, self.sync.rules, self.sync.link_by, self.asking_stripe,
            self.asking_printful, self.sync.deliveries.printful if self.sync.deliveries else None,
        )  # fmt: skip

    def _explained(self, facts: Facts) -> Explanation:
        plans, stopped = self._plans(facts)
        names = names_of(facts)
        plan, is_narrow = about(plans, names, NOT_LISTED)
        reasons = why_not_more(facts, plan, self.sync.clock() + self.stripe.ahead, is_narrow=is_narrow)
        down = [f"Stripe gave no answer: {self.asking_stripe.reason}."] if self.asking_stripe.error else []
        down += [f"Printful gave no answer: {self.asking_printful.reason}."] if self.asking_printful.error else []
        down += ["Printful was not asked: there is no PRINTFUL_API_KEY."] if self.printful is None else []
        down += [str(stopped)] if stopped else []
        reasons = [*down, *reasons, *facts.past.unread]
        return Explanation(states(facts), timeline(facts), plan, reasons, is_whole=not self.errors, names=names)

    def _plans(self, facts: Facts) -> tuple[list[Plan], OrderSyncError | None]:
        """The plans of a dry run over this case alone, and the error that stopped its Stripe side."""
        stripe = NarrowSessions(facts, self.stripe, self.sync.clock())
        printful = None if self.printful is None else NarrowPrintful(facts, self.asking_printful.reason)
        parcels = NarrowParcels(facts, self.asking_printful.reason)
        deliveries = Deliveries(parcels, parcels, self.sync.clock) if self.sync.deliveries else None
        sync = replace(self.sync, stripe=stripe, printful=printful, deliveries=deliveries)
        reads_stripe = facts.session is not None and self.asking_stripe.error is None
        window = stripe.window if reads_stripe else Window(self.sync.clock() - _NO_DAY, self.sync.clock())
        scope = PrintfulScope.none if printful is None else PrintfulScope.all
        request = Request(window, scope, reads_stripe, frozenset(facts.printful))
        plans = list[Plan]()
        try:
            plans.extend(part.plan for part in sync.preview(request))
        except STRIPE_STOPS as error:
            return plans, error
        return plans, None


def _choice(case: Case, at: datetime | None) -> dict[str, str]:
    made = {"created_at": at.isoformat()} if at else {}
    return {**case.ids, **made, **({"status": case.order.status} if case.order else {})}
