"""Orders that cost more at Printful than their payment brought."""

from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import Price, StoredOrder
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem

_NOT_CHARGED = ("canceled", "failed")  # Printful's words


def negative_margin(stored: StoredOrder, theirs: PrintfulOrder, payment: Payment) -> Problem | None:
    """A loss in one currency; None where an amount is not known, or both are not the same money.

    Of a payment that went back whole nothing is kept: `refunded_but_shipping` says that.
    """
    cost, kept = theirs.cost, payment.kept
    if cost is None or kept is None or cost.currency != kept.currency or theirs.word in _NOT_CHARGED:
        return None
    loss = Price(cost.amount - kept.amount, cost.currency)
    if loss.amount <= 0:
        return None
    what = "the payment" if payment.is_whole else "what is left of the payment"
    sentence = (
        f"Printful order {theirs.printful_order_id} costs {cost}, and {what} of order {stored.id} is {kept}: the shop "
        f"loses {loss}. Look at your prices, at the shipping that the customer paid, and at Printful's costs."
    )
    session = {"stripe_session_id": stored.session_id} if stored.session_id else {}
    ids = {"order_id": stored.id, **session, "printful_order_id": theirs.printful_order_id}
    return Problem(ProblemClass.NEGATIVE_MARGIN, sentence, ids, amount=loss)
