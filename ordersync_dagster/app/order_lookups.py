"""The shop's orders by every name that a person may have for one."""

import re
from functools import partial

from ordersync_dagster.adapters.database.journal import order_past
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.explanation import RowPast
from ordersync_dagster.core.orders import StoredOrder

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class ShopLookups:
    """Reads one shop's database."""

    def __init__(self, store: DatabaseStore) -> None:
        self._store = store

    def of_order(self, order_id: str) -> tuple[StoredOrder, ...]:
        """The order with this id; a uuid is also known in capitals."""
        return self._store.orders({order_id, order_id.lower()} if _UUID.fullmatch(order_id) else [order_id])

    def of_session(self, session_id: str) -> tuple[StoredOrder, ...]:
        """The orders that name a session."""
        return self._store.orders_of_sessions([session_id])

    def of_payment(self, payment: str) -> tuple[StoredOrder, ...]:
        """The orders that name a payment intent."""
        return self._store.orders(self._store.order_ids_of_payments([payment]))

    def of_printful(self, printful_id: str) -> tuple[StoredOrder, ...]:
        """The orders that name a Printful order."""
        read = partial(order_past.read_ids_of_printful, tables=self._store.tables, printful_id=printful_id)
        return self._store.orders(self._store.read(read))

    def of_email(self, email: str) -> tuple[StoredOrder, ...]:
        """The orders of an e-mail address."""
        read = partial(order_past.read_ids_of_email, tables=self._store.tables, email=email)
        return self._store.orders(self._store.read(read))

    def past(self, order_id: str) -> RowPast:
        """The past of one order, by its row, the shop's timeline and our audit."""
        return self._store.read(partial(order_past.read_past, tables=self._store.tables, order_id=order_id))
