"""Several shops in one code location: the same set for each, by its name, and no shop stops another."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._utils.schedules import is_valid_cron_string

from ordersync_dagster.app.shops import Shops
from ordersync_dagster.core.cron import why_no_time
from ordersync_dagster.definitions import defs
from ordersync_dagster.orchestration.names import names_of_shops
from ordersync_dagster.orchestration.partitions import first_day
from ordersync_dagster.orchestration.resources import ShopResource
from ordersync_dagster.orchestration.schedules import RANGE_END, RANGE_START
from ordersync_dagster.orchestration.shop_definitions import shop_definitions
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.orchestration.runs import ASSETS, THIS_AFTERNOON, Run, shop_with
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import UNHURRIED
from ordersync_dagster_tests.support.shop_files import ShopFile, secrets_of
from ordersync_dagster_tests.support.shops import seeded
from ordersync_dagster_tests.support.world import served

STOPPED, RUNNING = dg.DefaultScheduleStatus.STOPPED, dg.DefaultScheduleStatus.RUNNING


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShopFile:
    monkeypatch.setenv("ORDERSYNC_CONFIG", str(tmp_path / "ordersync.toml"))
    return ShopFile(tmp_path, monkeypatch)


def located(shops: Shops) -> dg.RepositoryDefinition:
    """The code location of these shops."""
    whole = dg.Definitions.merge(shop_definitions(shops.each), dg.Definitions(resources={"shop": ShopResource()}))
    return whole.get_repository_def()


def jobs(place: dg.RepositoryDefinition) -> set[str]:
    return {job.name for job in place.get_all_jobs() if not job.name.startswith("__")}


def test_each_shop_has_everything_by_its_name(file: ShopFile) -> None:
    place = located(file.of("mugs", "wall-art"))
    alone = defs.get_repository_def()
    assert jobs(place) == {f"{name}_{shop}" for name in jobs(alone) for shop in ("mugs", "wall_art")}
    both = [f"{each.name}_{shop}" for each in alone.schedule_defs for shop in ("mugs", "wall_art")]
    assert {each.name for each in place.schedule_defs} == set(both)
    watching = {each.name for each in alone.sensor_defs} - {"abandoned_runs"}  # one for all shops
    assert {each.name for each in place.sensor_defs} == {
        f"{n}_{shop}" for n in watching for shop in ("mugs", "wall_art")
    }
    keys = {node.key.to_user_string(): node.group_name for node in place.asset_graph.asset_nodes}
    assert keys == {f"{shop}/{name}": shop for name in (*ASSETS, "drift_report") for shop in ("mugs", "wall_art")}
    checks = {(key.asset_key.to_user_string(), key.name) for key in place.asset_graph.asset_check_keys}
    assert ("wall_art/orders", "amounts_agree") in checks
    assert len(checks) == 2 * len(alone.asset_graph.asset_check_keys)


def test_the_names_of_an_only_shop_are_plain(file: ShopFile) -> None:
    place, alone = located(file.read("")), defs.get_repository_def()
    assert jobs(place) == jobs(alone) == {"order_sync", "daily_order_sync", "report_drift"}
    assert place.asset_graph.get_all_asset_keys() == alone.asset_graph.get_all_asset_keys()


def test_a_backfill_of_several_shops_is_a_run_for_each(file: ShopFile) -> None:
    place = located(file.of("mugs", "prints", "wall-art"))
    policies = {
        node.key.path[0]: node.backfill_policy for node in place.asset_graph.asset_nodes if node.backfill_policy
    }
    assert len(set(policies.values())) == 3  # Dagster puts assets of one policy into one run
    sizes = [policy.max_partitions_per_run or 0 for policy in policies.values() if policy]
    assert min(sizes) > len(place.asset_graph.get(dg.AssetKey(["mugs", "orders"])).partitions_def.get_partition_keys())  # type: ignore[union-attr]


@pytest.mark.parametrize("vendor", ["stripe", "printful"])
def test_shops_of_one_account_take_turns_and_the_others_do_not(vendor: str, file: ShopFile) -> None:
    shops = file.of("mugs", "prints", "cups")
    settings = shops.named("mugs").settings
    one_key = {"stripe": settings.stripe_key, "printful": settings.printful_key}[vendor]
    file.set(secrets_of("cups", **{f"{vendor}_key": one_key}))
    place = located(file.read((file.folder / "ordersync.toml").read_text()))
    pools = {
        name: node.definition.pools
        for name in ("mugs", "prints", "cups")
        for node in place.get_job(f"order_sync_{name}").nodes_in_topological_order
    }
    assert pools == {"mugs": {"order_sync_mugs"}, "prints": {"order_sync_prints"}, "cups": {"order_sync_mugs"}}


def test_accounts_of_both_vendors_can_join_shops_to_one_pool(file: ShopFile) -> None:
    shops = file.of("mugs", "prints", "cups", "bags")
    file.set(secrets_of("prints", printful_key=shops.named("cups").settings.printful_key))
    file.set(secrets_of("bags", stripe_key=shops.named("prints").settings.stripe_key))
    named = names_of_shops(file.read((file.folder / "ordersync.toml").read_text()).each)
    assert [each.pool for each in named] == ["order_sync_mugs", *["order_sync_prints"] * 3]


def test_a_schedule_of_the_file_is_on_and_one_that_is_no_time_stops_no_other_shop(file: ShopFile) -> None:
    place = located(file.of("mugs", "prints", "cups", mugs='schedule = "5 4 * * *"', prints='schedule = "99 99 * * *"'))
    nightly = {name: place.get_schedule_def(f"daily_resync_{name}") for name in ("mugs", "prints", "cups")}
    assert [each.cron_schedule for each in nightly.values()] == ["5 4 * * *", "20 3 * * *", "20 3 * * *"]
    assert [each.default_status for each in nightly.values()] == [RUNNING, STOPPED, STOPPED]
    assert "schedule (99 99 * * *) is no time: its minute is 99" in str(nightly["prints"].description)


def test_what_is_a_time_of_cron_is_one_to_dagster() -> None:
    """Else one shop's line would keep the whole code location from loading."""
    draw = random.Random(15)
    words = "* 0 1 5 23 24 31 59 60 7 mon jan */5 */61 1-5 5-1 1-5/2 L ? 1,2 30 29 2 1#2 7#1 l5"
    lines = {" ".join(draw.choices(words.split(), k=5)) for _ in range(5_000)}
    assert [line for line in lines if not why_no_time(line) and not is_valid_cron_string(line)] == []


def test_the_first_day_is_the_earliest_of_any_shop(file: ShopFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERSYNC_START_DATE", "2025-06-01")
    assert str(first_day(file.of("mugs", "prints", mugs="start_date = 2025-08-01"))) == "2025-06-01"
    assert str(first_day(file.of("mugs", "prints", mugs="start_date = 2024-08-01"))) == "2024-08-01"


class Several:
    """Two shops with a database and a Stripe account each; the third lacks its keys."""

    def __init__(self, file: ShopFile, vendors: dict[str, Sandbox], world: World, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        file.set({**UNHURRIED, "ORDERSYNC_STATE_DIR": str(file.folder)})
        self.databases = {}
        text = _plain("broken")
        for name, sandbox in vendors.items():
            url, known = f"sqlite:///{file.folder}/{name}.db", sandbox.environment()
            keys = {"stripe_key": known["STRIPE_SECRET_KEY"], "printful_key": known["PRINTFUL_API_KEY"]}
            file.set(secrets_of(name, database_url=url, **keys))
            self.databases[name] = seeded(url, world)
            text += f'{_plain(name)}stripe_api_base = "{sandbox.url}"\nprintful_api_base = "{sandbox.url}"\n'
        self.defs = dg.Definitions.merge(
            shop_definitions(file.read(text).each), dg.Definitions(executor=dg.in_process_executor)
        )

    def run(self, job: str, config: dict[str, object], tags: dict[str, str]) -> Run:
        resource = shop_with(FakeTime(THIS_AFTERNOON).tools())
        whole = dg.Definitions.merge(self.defs, dg.Definitions(resources={"shop": resource}))
        result = whole.resolve_job_def(job).execute_in_process(
            run_config=config, instance=self.instance, tags=tags, raise_on_error=False
        )
        return Run(result, self.instance)

    def green(self, shop: str) -> set[str]:
        return set(self.instance.get_materialized_partitions(dg.AssetKey([shop, "orders"])))


def _plain(name: str) -> str:
    word = name.upper()
    return (
        f'[[shop]]\nname = "{name}"\ndatabase_url_variable = "{word}_DATABASE_URL"\n'
        f'stripe_key_variable = "{word}_STRIPE_KEY"\nprintful_key_variable = "{word}_PRINTFUL_KEY"\n'
    )


@pytest.fixture
def several(file: ShopFile, sandbox: Sandbox, outage: World, instance: dg.DagsterInstance) -> Iterator[Several]:
    with served(outage, owner="OfPrints") as other:
        yield Several(file, {"mugs": sandbox, "prints": other}, outage, instance)


def test_a_run_of_one_shop_touches_no_other(several: Several) -> None:
    before: Database = several.databases["prints"]
    held = before.count("orders")
    run = several.run("order_sync_mugs", {"days": 30}, {})
    assert run.succeeded, run.failure
    assert several.databases["mugs"].count("orders") > held == before.count("orders")
    assert several.green("mugs")
    assert not several.green("prints")
    kept = several.instance.get_run_by_id(run.result.run_id)
    assert kept
    assert kept.tags["ordersync/shop"] == "mugs"


def test_days_of_one_shop_turn_green_by_its_own_job(several: Several) -> None:
    yesterday = str(THIS_AFTERNOON.date() - timedelta(days=1))
    run = several.run("daily_order_sync_prints", {}, {RANGE_START: yesterday, RANGE_END: yesterday})
    assert run.succeeded, run.failure
    assert several.green("prints") == {yesterday}
    assert not several.green("mugs")


def test_a_shop_without_its_variables_fails_alone_and_names_them(several: Several) -> None:
    run = several.run("order_sync_broken", {"days": 1}, {})
    assert not run.succeeded
    assert "BROKEN_STRIPE_KEY" in run.failure
    assert several.run("order_sync_mugs", {"days": 1}, {}).succeeded


def test_a_refused_key_is_called_by_the_variable_of_its_shop(
    several: Several, file: ShopFile, sandbox: Sandbox
) -> None:
    file.set({"PRINTS_STRIPE_KEY": "rk_test_" + "wrong"})
    by_job: dict[str, dict[str, object]] = {
        "order_sync_prints": {"days": 1},
        "report_drift_prints": {"ops": {"prints__drift_report": {"config": {"days": 1}}}},
    }
    for job, config in by_job.items():
        run = several.run(job, config, {})
        assert "Stripe refused PRINTS_STRIPE_KEY" in run.failure
        assert "STRIPE_SECRET_KEY" not in repr(run.events)
