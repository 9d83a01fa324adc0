"""Odd shops of every kind: no payment is doubled, none is lost in silence, a second run has nothing to do."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database, fresh_database
from ordersync_dagster_tests.support.numbered_shops import VALUES, numbered_shop
from ordersync_dagster_tests.support.profiles import at
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched, seeded
from ordersync_dagster_tests.sync.odd_worlds import DAYS, odd_world, shift_pages, with_far_orders

pytestmark = pytest.mark.breadth
SEEDS = range(at(1, 8))
DATABASES = ["sqlite", "postgresql"][: at(1, 2)]
REFUSED = "SELECT RAISE(ABORT, 'not this one')"


class OddShop:
    """One of these shops, in a database of one kind."""

    def __init__(self, sandbox: Sandbox, database: Database, time: FakeTime, **settings: str) -> None:
        self.sandbox, self.database, self.time = sandbox, database, time
        self.settings = settings_for(sandbox, database.url, **settings)

    def run(self, *, dry_run: bool = False) -> Outcome:
        run = launched(self.settings, days=DAYS, dry_run=dry_run, tools=self.time.tools(3))
        for _ in run.parts:
            continue
        return run.outcome

    def rows(self) -> list[dict[str, Any]]:
        return self.database.rows("SELECT * FROM orders")


@pytest.fixture
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Makes databases: SQLite files, or PostgreSQL's."""
    with ExitStack() as stack:

        def new(kind: str, seed: int) -> str:
            if kind == "sqlite":
                return f"sqlite:///{tmp_path}/odd{seed}.db"
            return stack.enter_context(fresh_database(request.getfixturevalue("_postgres")))

        yield new


def opened(sandbox: Sandbox, world: World, url: str, time: FakeTime, config: Path, *, is_numbered: bool) -> OddShop:
    sandbox.replace(world)
    if not is_numbered:
        return OddShop(sandbox, seeded(url, world), time)
    config.write_text(VALUES)
    return OddShop(sandbox, numbered_shop(url, world), time, ORDERSYNC_CONFIG=str(config))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("is_numbered", [False, True], ids=["text keys", "numbers"])
@pytest.mark.parametrize("kind", DATABASES)
def test_an_odd_shop_gets_each_payment_once_and_a_second_run_does_nothing(
    sandbox: Sandbox, urls: Any, time: FakeTime, tmp_path: Path, kind: str, is_numbered: bool, seed: int
) -> None:
    world = odd_world(seed, is_numbered=is_numbered)
    shop = opened(sandbox, world, urls(kind, seed), time, tmp_path / "ordersync.toml", is_numbered=is_numbered)
    before = {row["stripe_session_id"] for row in shop.rows()}
    dry, run = shop.run(dry_run=True), shop.run()
    assert told(dry, of_run=False) == told(run, of_run=False)
    assert dry.summary == run.summary
    assert_each_payment_once(shop, world, run, before)
    again, last = shop.run(), shop.run()
    assert again.changes == []
    assert not any(again.rows.values())
    assert told(again) == told(last)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("is_numbered", [False, True], ids=["text keys", "numbers"])
def test_what_a_trigger_refuses_or_reverts_is_named_and_claimed_by_nobody(
    sandbox: Sandbox, urls: Any, time: FakeTime, tmp_path: Path, is_numbered: bool, seed: int
) -> None:
    world = odd_world(seed, is_numbered=is_numbered)
    shop = opened(sandbox, world, urls("sqlite", seed), time, tmp_path / "ordersync.toml", is_numbered=is_numbered)
    shop.database.execute(
        "CREATE TRIGGER refuses BEFORE INSERT ON orders WHEN NEW.stripe_session_id LIKE '%0' OR "
        f"NEW.stripe_session_id LIKE '%3' BEGIN {REFUSED}; END"
    )
    shop.database.execute(
        "CREATE TRIGGER reverts AFTER UPDATE OF status ON orders WHEN OLD.status = 'pending' BEGIN "
        "UPDATE orders SET status = OLD.status WHERE id = OLD.id; END"
    )
    before = {row["stripe_session_id"] for row in shop.rows()}
    run = shop.run()
    assert_each_payment_once(shop, world, run, before)
    again, last = shop.run(), shop.run()
    assert not any(again.rows.values())
    assert told(again) == told(last)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_list_that_moves_while_it_is_read_hides_no_order_and_doubles_none(
    sandbox: Sandbox, urls: Any, time: FakeTime, tmp_path: Path, seed: int
) -> None:
    world = with_far_orders(odd_world(seed, is_numbered=False))
    still = opened(sandbox, world, urls("sqlite", seed), time, tmp_path, is_numbered=False).run()
    shop = opened(sandbox, world, urls("sqlite", 1000 + seed), time, tmp_path, is_numbered=False)
    before = {row["stripe_session_id"] for row in shop.rows()}
    shift_pages(sandbox)
    run = shop.run()
    assert_each_payment_once(shop, world, run, before)
    assert told(run) == told(still)
    assert run.summary == still.summary
    shift_pages(sandbox)
    assert not any(shop.run().rows.values())


def told(outcome: Outcome, *, of_run: bool = True) -> Counter[tuple[str, str]]:
    """Each problem; the numbers of new orders are known only after the run."""
    names = [{**each.ids} for each in outcome.problems]
    for ids in () if of_run else names:
        ids.pop("order_id", None)
        ids.pop("order_ids", None)
    return Counter(
        (str(each.problem_class), str(sorted(ids.items()))) for each, ids in zip(outcome.problems, names, strict=True)
    )


def assert_each_payment_once(shop: OddShop, world: World, run: Outcome, before: set[str]) -> None:
    rows = shop.rows()
    named = Counter(row["stripe_session_id"] for row in rows)
    assert max(named.values(), default=1) == 1
    ours = [row for row in rows if row["stripe_session_id"] not in before]
    payments = Counter(row["stripe_payment_intent_id"] for row in ours)
    assert all(count == 1 for payment, count in payments.items() if payment)
    sentences = [f"{each.sentence} {dict(each.ids)}" for each in run.problems]
    for session in world.sessions:
        if session["payment_status"] == "paid" and session["status"] == "complete" and session["id"] not in named:
            assert any(session["id"] in each for each in sentences), session["id"]
    sizes = {str(order["id"]): len(order["items"]) for order in world.printful_orders}
    items = Counter(str(row["order_id"]) for row in shop.database.rows("SELECT order_id FROM order_items"))
    for row in rows:
        assert items[str(row["id"])] <= sizes.get(row["printful_order_id"] or "", 0)
