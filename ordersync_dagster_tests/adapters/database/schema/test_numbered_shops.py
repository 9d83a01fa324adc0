"""A shop whose rows the database numbers is repaired as any other: whatever tables have such keys."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.app.history import History
from ordersync_dagster.app.run import Run
from ordersync_dagster.core.problems import with_numbers
from ordersync_dagster.sandbox import Sandbox, World, printful_order
from ordersync_dagster.sandbox.world.shop import order_row
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.numbered_shops import ALL, VALUES, add_order, numbered_shop
from ordersync_dagster_tests.support.outcomes import counters
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched
from ordersync_dagster_tests.support.world import expected_counters, lost

MIXTURES = (
    ALL,
    ("orders",),
    pytest.param(("order_items",), marks=pytest.mark.full),
    pytest.param(("order_events", "audit_logs"), marks=pytest.mark.full),
)


@dataclass(frozen=True)
class Numbered:
    """A numbered shop, and how to run ordersync on it."""

    sandbox: Sandbox
    database: Database
    time: FakeTime
    settings: dict[str, str]

    def run(self, *, dry_run: bool = False, meanwhile: Callable[[], object] | None = None) -> Run:
        """`meanwhile` happens after the plan was made and before it is written."""
        settings = settings_for(self.sandbox, self.database.url, **self.settings)
        confirm = (lambda _plans: meanwhile()) if meanwhile else None
        started = launched(settings, dry_run=dry_run, tools=self.time.tools(), confirm=confirm)
        for _ in started.parts:
            continue
        return started

    @property
    def history(self) -> History:
        return History(settings_for(self.sandbox, self.database.url, **self.settings), self.time.tools())

    def rows(self, *tables: str) -> dict[str, Any]:
        return {name: rows for name, rows in everything(self.database).items() if name in tables}


@pytest.fixture(params=MIXTURES, ids="+".join)
def numbered(request: pytest.FixtureRequest) -> tuple[str, ...]:
    names: tuple[str, ...] = request.param
    return names


@pytest.fixture
def shop(
    numbered: tuple[str, ...], sandbox: Sandbox, database_url: str, time: FakeTime, outage: World, tmp_path: Path
) -> Numbered:
    path = tmp_path / "ordersync.toml"
    path.write_text(VALUES)
    return Numbered(sandbox, numbered_shop(database_url, outage, numbered), time, {"ORDERSYNC_CONFIG": str(path)})


@pytest.mark.full
def test_it_is_previewed_repaired_left_alone_and_taken_back(shop: Numbered, outage: World) -> None:
    before = shop.rows("orders", "order_items", "order_events")
    previewed, repaired = shop.run(dry_run=True), shop.run()
    assert counters(repaired) == expected_counters(outage)
    assert previewed.outcome.summary == repaired.outcome.summary
    assert previewed.outcome.changes == repaired.outcome.changes
    orders = shop.database.rows("SELECT id, stripe_session_id FROM orders")
    numbers = {f"new:{row['stripe_session_id']}": str(row["id"]) for row in orders}
    previewed_problems = [with_numbers(each, numbers) for each in previewed.outcome.problems]
    assert previewed_problems == repaired.outcome.problems, "a run knows the numbers, a dry run the sessions alone"
    assert repaired.outcome.rows["orders_inserted"] == len(lost(outage))
    written = shop.rows(*ALL)
    again = shop.run()
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)
    assert shop.rows(*ALL) == written
    assert shop.history.verify().broken is None
    undone = shop.history.undo(repaired.outcome.run_id, dry_run=False)
    assert (undone.kept, len(undone.removals)) == ([], len(lost(outage)))
    after = shop.rows("orders", "order_items", "order_events")
    assert (after["orders"], after["order_items"]) == (before["orders"], before["order_items"])
    assert shop.history.verify().broken is None


@pytest.mark.full
@pytest.mark.parametrize("numbered", [ALL], indirect=True, ids="+".join)
def test_the_children_and_the_records_of_a_new_order_carry_its_number(shop: Numbered, outage: World) -> None:
    repaired, database = shop.run(), shop.database
    new = {session["id"] for session in lost(outage)}
    orders = database.rows("SELECT id, stripe_session_id, source FROM orders")
    ids = {row["stripe_session_id"]: row["id"] for row in orders if row["stripe_session_id"] in new}
    assert set(ids) == new
    assert all(type(each) is int for each in ids.values())
    assert {row["source"] for row in orders if row["stripe_session_id"] in new} == {"checkout"}
    recovered = "SELECT order_id FROM order_events WHERE event_type = 'order_recovered'"
    assert set(database.column(recovered)) == set(ids.values())
    logged = "SELECT resource_id FROM audit_logs WHERE action = 'order_create' AND resource = 'order'"
    assert set(database.column(logged)) == set(ids.values())
    records = shop.history.show(repaired.outcome.run_id).records
    items = {(str(row["id"]), str(row["order_id"])) for row in database.rows("SELECT id, order_id FROM order_items")}
    added = {(each.resource_id, each.order_id) for each in records if each.has("order_item", "order_create")}
    assert len(added) == repaired.outcome.rows["items_inserted"]
    assert added <= items
    for session_id, order_id in ids.items():
        told = shop.history.order(str(order_id))
        assert told == shop.history.order(session_id) == shop.history.order(f"new:{session_id}")


@pytest.mark.parametrize("numbered", [ALL], indirect=True, ids="+".join)
def test_an_order_that_a_webhook_inserts_meanwhile_stays_and_gets_its_items(shop: Numbered, outage: World) -> None:
    (session, *_) = [each for each in lost(outage) if "printfulOrderId" in each["metadata"]]
    row = order_row(session, status="processing", printful_order_id=str(session["metadata"]["printfulOrderId"]))
    ids: list[int] = []
    run = shop.run(meanwhile=lambda: ids.append(add_order(shop.database, row)))
    assert run.outcome.rows["written_first_by_others"] == 1
    query = "SELECT id, source FROM orders WHERE stripe_session_id = :id"
    assert shop.database.rows(query, id=session["id"]) == [{"id": ids[0], "source": "webhook"}]
    assert shop.database.column("SELECT count(*) FROM order_items WHERE order_id = :id", id=ids[0]) != [0]
    again = shop.run()
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)


@pytest.mark.parametrize("numbered", [ALL], indirect=True, ids="+".join)
def test_an_order_is_linked_by_its_number_where_the_shop_says_so(shop: Numbered, outage: World) -> None:
    (session, *_) = [each for each in lost(outage) if "printfulOrderId" not in each["metadata"]]
    number = add_order(shop.database, order_row(session, status="processing"))
    theirs = printful_order(id=987654, external_id=str(number), status="inprocess", created=session["created"] + 60)
    theirs["recipient"] = {**theirs["recipient"], "email": session["customer_details"]["email"]}
    shop.sandbox.replace(replace(outage, printful_orders=[*outage.printful_orders, theirs]))
    query = "SELECT printful_order_id FROM orders WHERE id = :id"
    shop.run()
    assert shop.database.column(query, id=number) == [None]
    with Path(shop.settings["ORDERSYNC_CONFIG"]).open("a") as file:
        file.write('[link]\nexternal_id = "order_id"\n')
    shop.run()
    assert shop.database.column(query, id=number) == ["987654"]
