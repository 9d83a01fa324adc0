"""Sessions from before the window whose payment went back, or is disputed, since the window began.

Most refunds and disputes come weeks after the payment, and Stripe lists sessions by the time when they were made.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from ordersync_dagster.core.orders import OUR_WORDS, REFUNDABLE, Order, StoredOrder
from ordersync_dagster.core.payment_state import GIVEN_BACK
from ordersync_dagster.core.reversals import Reversals
from ordersync_dagster.core.stripe_session import Verdict
from ordersync_dagster.sync.payments import Payments
from ordersync_dagster.sync.ports import Sessions, Store


def older_sessions(
    stripe: Sessions, store: Store, read: Callable[[object], Verdict], payments: Payments, before: int
) -> Iterator[Order]:
    """The paid sessions of such payments, made before the Unix time `before`; an order names the payment.

    One request for each payment: only the session tells how much was paid. A payment of which too little went back,
    and whose order says already that it went back, is not asked for.
    """
    if not payments.undecided:
        return
    rows = store.orders(store.order_ids_of_payments(payments.undecided))
    for payment in sorted({str(row.payment_intent_id) for row in rows if _is_asked(row, payments.found)}):
        for session in stripe.sessions_of_payment(payment):
            verdict = read(session)
            if isinstance(verdict, Order) and verdict.created.timestamp() < before:
                yield verdict


def _is_asked(row: StoredOrder, reversals: Reversals) -> bool:
    payment = row.payment_intent_id or ""
    if payment in reversals.disputes:
        return row.status not in GIVEN_BACK
    is_open = row.status in REFUNDABLE or row.status not in OUR_WORDS
    return is_open and _may_be_whole(row, reversals.returned.get(payment, {}))


def _may_be_whole(row: StoredOrder, returned: Mapping[str, Decimal]) -> bool:
    """Whether the shop's amount, which may lack shipping and tax, went back; in other money nobody knows."""
    currency = (row.currency or "").lower()
    return bool(returned) and (row.total is None or currency not in returned or returned[currency] >= row.total)
