"""Every column of orders is described in core, and one that may not be shown is in clear nowhere."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, Text

from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.journal.redaction import AuditColumns
from ordersync_dagster.adapters.database.rows import build, read
from ordersync_dagster.adapters.database.schema.column_types import Money
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.adapters.database.schema.tables import shop_tables
from ordersync_dagster.core.completion import completed
from ordersync_dagster.core.order_fields import BY_COLUMN, FIELDS, Kind
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import inserting, opened, order

ORDERS = shop_tables().tables["orders"]
KINDS = {"Text": Kind.TEXT, "Money": Kind.AMOUNT, "JSON": Kind.DOCUMENT, "UtcTime": Kind.TIME}
PHONE = "+371 2000 0000"
STAMP = build.Stamp("run1", NOW)


def test_every_column_of_the_table_is_described_in_its_order_with_its_kind() -> None:
    columns = {column.name: KINDS[type(column.type).__name__] for column in ORDERS.columns}
    described = {field.column: field.kind for field in FIELDS}
    assert list(described.items()) == list(columns.items()), "Describe the new column in core/order_fields.py."
    assert Money in {type(column.type) for column in ORDERS.columns}


def test_a_column_that_nobody_allowed_is_in_clear_nowhere() -> None:
    row = {**build.order_row(order(), STAMP), "nickname": PHONE}
    for before, after in ((None, row), ({"nickname": PHONE}, {"nickname": f"{PHONE}1"})):
        audited = build.audit_row(STAMP, "order_update", "order", "id", before, after, "why")
        assert audited["changes_after"]["nickname"] == "(set)"
        assert PHONE not in str(audited)
    table = ORDERS.to_metadata(MetaData())
    table.append_column(Column("nickname", Text))
    columns = AuditColumns(table, "orders", KeyedHash(("key",)))
    was, now = {"nickname": PHONE}, {"nickname": f"{PHONE}1"}
    assert PHONE not in str((columns.whole_row(now), columns.change(was, now)))


@pytest.mark.parametrize("column", [field.column for field in FIELDS if not field.is_clear])
def test_of_a_column_that_is_not_clear_neither_audit_keeps_the_value(column: str) -> None:
    secret: Any = {"metadata": {"note": PHONE}, "shipping_address": {"line1": PHONE}}.get(column, PHONE)
    audited = build.audit_row(STAMP, "order_update", "order", "id", {column: secret}, {column: secret}, "why")
    columns = AuditColumns(ORDERS, "orders", KeyedHash(("key",)))
    text = json.dumps(secret) if isinstance(secret, dict) else secret
    assert PHONE not in str(
        (audited, columns.whole_row({column: text}), columns.change({column: None}, {column: text}))
    )


def lacking(tables: FittedTables, name: str) -> FittedTables:
    """The same shop without an optional column of orders."""
    orders = tables.table("orders")
    kept = [Column(each.name, each.type, key=each.key, nullable=each.nullable) for each in orders.c if each.key != name]
    return replace(
        tables, by_name={**tables.by_name, "orders": Table(orders.name, MetaData(), *kept, schema=orders.schema)}
    )


@pytest.mark.parametrize("name", [field.column for field in FIELDS if field.is_fillable])
def test_an_order_is_read_and_left_alone_without_an_optional_column(database: Database, name: str) -> None:
    def stored(connection: Connection) -> list[StoredOrder]:
        return read.read_orders(connection, lacking(store.tables, name), "stripe_session_id", ["cs_test_1"])

    new = order(printful_order_id="7")
    with opened(database.url) as (store, _):
        with store.run("run1", None):
            store.apply(inserting(new), "run1")
        (seen,) = store.read(stored)
    assert getattr(seen, BY_COLUMN[name].attribute) is None
    assert seen.unreadable == {name}
    update, _ = completed(seen, new, store.limits, is_paid=True)
    assert update is None
