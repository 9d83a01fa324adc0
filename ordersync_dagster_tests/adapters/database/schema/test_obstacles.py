"""What a shop's tables may have and no run can go with: it is named with the fix, before any request."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.adapters.database.schema.fitted import read_fitted_tables
from ordersync_dagster_tests.adapters.database.schema.changed_shops import problems, shop
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shop_schemas import USUAL
from ordersync_dagster_tests.support.stores import inserting, opened, order
from ordersync_dagster_tests.support.undo_stages import run, undo

OBSTACLES = """
CREATE RULE keep AS ON UPDATE TO orders DO INSTEAD NOTHING;
ALTER TABLE order_items ADD CONSTRAINT one_line UNIQUE (order_id, name) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE orders DROP COLUMN tracking_url;
ALTER TABLE orders ADD COLUMN tracking_url text GENERATED ALWAYS AS ('https://t/' || tracking_number) STORED;
CREATE DOMAIN order_word AS text CHECK (VALUE IN ('pending', 'processing', 'it''s sent'));
ALTER TABLE orders ALTER COLUMN status DROP DEFAULT;
ALTER TABLE orders ALTER COLUMN status TYPE order_word;
CREATE TYPE kind AS ENUM ('order_recovered');
CREATE DOMAIN event_kind AS kind NOT NULL;
ALTER TABLE order_events ALTER COLUMN event_type TYPE event_kind USING event_type::kind;
"""


def test_fault_80_each_obstacle_is_named_with_its_fix(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.script(USUAL + OBSTACLES)
    found = problems(database)
    assert "orders has the rule keep (CREATE RULE), with which PostgreSQL takes no INSERT" in found
    assert "order_items has the deferrable key one_line" in found
    assert "orders.tracking_url is computed by the database, so nothing can be written there" in found
    assert "orders.status takes pending, processing, it's sent, but not shipped, delivered" in found
    assert "order_events.event_type takes order_recovered, but not order_synced" in found


def test_a_computed_column_that_a_shop_may_lack_is_not_written(database_url: str) -> None:
    image = "image_url text"
    database = shop(database_url, image, f"{image} GENERATED ALWAYS AS ('https://x/' || name) STORED")
    assert problems(database) == ""
    with database.engine.connect() as reading:
        assert "image_url" not in read_fitted_tables(reading).table("order_items").c


def test_fault_80_a_view_of_orders_is_told_from_a_table_without_a_key(database: Database) -> None:
    database.script("ALTER TABLE orders RENAME TO shop_orders;\nCREATE VIEW orders AS SELECT * FROM shop_orders;\n")
    assert "orders is a view, so name its table under [tables]" in problems(database)


LOG_THAT_STAYS = """
CREATE RULE no_update AS ON UPDATE TO audit_logs DO INSTEAD NOTHING;
CREATE RULE no_delete AS ON DELETE TO audit_logs DO INSTEAD NOTHING;
CREATE RULE no_update AS ON UPDATE TO order_events DO INSTEAD NOTHING;
ALTER TABLE audit_logs ADD CONSTRAINT one_entry UNIQUE (id, action) DEFERRABLE;
"""


def test_a_log_whose_entries_a_rule_keeps_as_they_are_takes_ours(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.script(USUAL + LOG_THAT_STAYS)
    open_shop.initialise(parse_url(postgres_url))
    with opened(postgres_url) as (store, _):
        run(store, "run1", inserting(order(1)), inserting(order(2)))
        assert not undo(store, "run1").kept
    assert database.count("orders") == 0
    assert database.column("SELECT DISTINCT action FROM audit_logs ORDER BY 1") == ["order_create", "order_delete"]
    database.execute("CREATE RULE tell AS ON INSERT TO audit_logs DO ALSO NOTIFY told")
    assert "audit_logs has the rule tell (CREATE RULE), with which PostgreSQL takes no INSERT of ours" in problems(
        database
    )


@contextmanager
def role_of(database: Database) -> Iterator[str]:
    """A role that may do everything with the tables and owns none of them."""
    role = f"limited_{database.engine.url.database}"
    database.execute(f"CREATE ROLE {role} LOGIN")
    database.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
    yield role
    database.execute(f"DROP OWNED BY {role}")
    database.execute(f"DROP ROLE {role}")


def warned(database: Database, role: str) -> str:
    """What a run of this role says first."""
    engine = create_engine(parse_url(database.url).set(username=role))
    with engine.connect() as reading:
        notes = read_fitted_tables(reading).notes
    engine.dispose()
    return " ".join(notes)


@pytest.mark.parametrize(
    ("policies", "may_hide"),
    [
        (["FOR SELECT USING (customer_email <> 'b@example.com')"], True),
        ([], True),
        (["FOR INSERT WITH CHECK (true)"], True),
        (["USING (true)"], False),
        (["USING (current_user <> 'nobody')"], False),
        (["USING (true)", "AS RESTRICTIVE FOR SELECT USING (currency = 'usd')"], True),
    ],
)
def test_fault_81_rows_that_a_policy_may_hide_from_our_role_are_told(
    postgres_url: str, policies: list[str], may_hide: bool
) -> None:
    database = Database(postgres_url)
    database.script(USUAL)
    database.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    for number, policy in enumerate(policies):
        mode, _, rest = policy.rpartition("RESTRICTIVE ")
        database.execute(f"CREATE POLICY p{number} ON orders {mode}{'RESTRICTIVE ' if mode else ''}{rest}")
    with role_of(database) as role:
        assert ("Row level security may hide rows of orders" in warned(database, role)) == may_hide
    assert warned(database, str(database.engine.url.username)) == ""
