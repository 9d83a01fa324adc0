"""Problems that the payment of an order and its Printful order show together."""

from collections.abc import Sequence
from dataclasses import replace

from ordersync_dagster.core.back_and_shipping import back_and_shipping
from ordersync_dagster.core.margin import negative_margin
from ordersync_dagster.core.not_made import MakingRules, Payment, not_made
from ordersync_dagster.core.orders import Status, StoredOrder
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem

_REFUNDED, _DISPUTED = ProblemClass.REFUNDED_BUT_SHIPPING, ProblemClass.DISPUTED_BUT_SHIPPING
# Notices about a payment, which are told only if Printful's answer about the order says nothing more urgent.
OF_PAYMENTS = (ProblemClass.PAYMENT_REFUNDED, ProblemClass.DISPUTED, ProblemClass.PAID_BUT_NOT_LIVE)
_LESS_URGENT = {  # a class → the classes that say less of the same cause
    _REFUNDED: (ProblemClass.PAYMENT_REFUNDED, ProblemClass.REGRESS_BLOCKED, ProblemClass.UNKNOWN_STATUS),
    _DISPUTED: (ProblemClass.DISPUTED,),
    ProblemClass.CANCELLED_AT_PRINTFUL: (ProblemClass.PAID_BUT_NOT_LIVE,),
    ProblemClass.STUCK_AT_PRINTFUL: (ProblemClass.PAID_BUT_NOT_LIVE,),
}


def paid_and_made(
    stored: StoredOrder, theirs: PrintfulOrder, payment: Payment, rules: MakingRules, now: int
) -> list[Problem]:
    """Goods that nobody makes, that must be stopped, or that cost too much; `stored` as it is before this run."""
    by_payment = (back_and_shipping(stored, theirs, payment, now), negative_margin(stored, theirs, payment))
    is_by_status = stored.status == Status.REFUNDED  # then a run needs no session to find it again
    day = None if is_by_status else payment.day
    return [*(replace(each, day=day) for each in by_payment if each), *not_made(stored, theirs, payment, rules, now)]


def most_urgent(problems: Sequence[Problem], left: Sequence[Problem]) -> list[Problem]:
    """The problems of one order, and those that its session has `left`, each cause once."""
    found = {each.problem_class for each in problems}
    told = {less for each in found for less in _LESS_URGENT.get(each, ())}
    return [each for each in (*problems, *left) if each.problem_class not in told]
