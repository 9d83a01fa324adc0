"""Forgets one customer: blanks the audit payloads, and leaves keyed hashes so that no run brings the data back."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Text, cast, delete, or_, select

from ordersync_dagster.adapters.database.journal.audit import AUDIT, BLANKED_ENTRIES
from ordersync_dagster.adapters.database.journal.erase import blank, count_rows, record_erasure
from ordersync_dagster.adapters.database.journal.erased import remember_erased
from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.journal.problem_records import forget_notes
from ordersync_dagster.adapters.database.journal.run_history import read_records
from ordersync_dagster.adapters.database.journal.shadow_records import SHADOW, is_of_keys
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.adapters.database.rows.read import address_of, chunks, is_one_of, read_orders
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.core.history import ErasureCounts
from ordersync_dagster.core.privacy import normalised_email


@dataclass(frozen=True, slots=True)
class Customer:
    """The traces of the customer with this address: ids of orders, sessions and payments in the shop's tables and ours.

    An order may name another session than the one that paid it.
    """

    email: str
    order_ids: frozenset[str]
    session_ids: frozenset[str]
    payments: frozenset[str] = frozenset()

    def hashes(self, keyed: KeyedHash) -> set[str]:
        """A number is left out, because a later order may get it."""
        order_ids = {each for each in self.order_ids if not each.isdigit()}
        return {keyed.of_email(self.email), *map(keyed.of, order_ids | self.session_ids | self.payments)}


def find_customer(connection: Connection, tables: FittedTables, email: str, keyed: KeyedHash) -> Customer:
    """Look for the customer in the shop's orders and in the audit."""
    orders = tables.table("orders")
    is_theirs = or_(address_of(orders) == normalised_email(email), cast(orders.c.customer_email, Text) == email)
    order_ids = {str(each) for each in connection.execute(select(orders.c.id).where(is_theirs)).scalars()}
    session_ids, payments = set[str](), set[str]()
    traces = {"stripe_session_id": session_ids, "stripe_payment_intent_id": payments}
    for record in read_records(connection, _of_address(email, keyed)):
        order_ids |= {record.order_id} if record.order_id else set()
        written = [payload.get("columns", {}) for payload in (record.before, record.after)]
        for name, found in traces.items():
            column = orders.c[name].name if name in orders.c else name
            found |= {str(each[column]) for each in written if each.get(column)}
    rows = read_orders(connection, tables, "id", order_ids)
    session_ids |= {each.session_id for each in rows if each.session_id}
    payments |= {each.payment_intent_id for each in rows if each.payment_intent_id}
    return Customer(email, frozenset(order_ids), frozenset(session_ids), frozenset(payments))


def count_customer(connection: Connection, customer: Customer, keyed: KeyedHash) -> ErasureCounts:
    """Count the audit payloads about this customer, and the orders and sessions that will be remembered as erased."""
    payloads = sum(count_rows(connection, each) for each in _payloads(connection, customer, keyed))
    shadows = count_rows(connection, is_of_keys(customer.order_ids, customer.session_ids))
    return ErasureCounts(payloads, erased=len(customer.hashes(keyed)), shadows=shadows)


def erase_customer(connection: Connection, customer: Customer, stamp: Stamp, keyed: KeyedHash) -> ErasureCounts:
    """Blank the payloads, remember that the customer is erased, and record it in the audit without the customer."""
    counts = count_customer(connection, customer, keyed)
    blanked = blank(connection, _payloads(connection, customer, keyed))
    connection.execute(delete(SHADOW).where(is_of_keys(customer.order_ids, customer.session_ids)))
    forget_notes(connection, customer.order_ids | customer.session_ids)
    remember_erased(connection, customer.hashes(keyed), keyed, stamp.now)
    after = {"payloads_blanked": counts.payloads, "hashes_left": counts.erased, BLANKED_ENTRIES: blanked}
    record_erasure(connection, stamp, keyed, "audit_forget", after, "a customer asked to be forgotten")
    return counts


def _payloads(connection: Connection, customer: Customer, keyed: KeyedHash) -> Iterator[ColumnElement[bool]]:
    """Conditions that no entry fulfils twice: by the address, and by the orders, whose address may be another now."""
    is_of_address = _of_address(customer.email, keyed)
    yield is_of_address
    for chunk in chunks(customer.order_ids):
        is_other = AUDIT.c.email_hash.is_(None) | ~is_of_address
        yield is_one_of(AUDIT.c.order_id, chunk, connection) & AUDIT.c.salt.is_not(None) & is_other


def _of_address(email: str, keyed: KeyedHash) -> ColumnElement[bool]:
    return AUDIT.c.email_hash.in_(keyed.every_of_email(email))
