"""The database itself tells that two shops have it by different names."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.app.doctor import examine
from ordersync_dagster.app.shops import Shops
from ordersync_dagster.app.wiring import open_run
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.report.findings import Level
from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import UNHURRIED
from ordersync_dagster_tests.support.shop_files import ShopFile, secrets_of
from ordersync_dagster_tests.support.shops import seeded

SAME = "prints and posters have the same database and schema"


@pytest.fixture
def shop_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShopFile:
    file = ShopFile(tmp_path, monkeypatch)
    file.set({**UNHURRIED, "PGSERVICEFILE": f"{tmp_path}/services", "ORDERSYNC_STATE_DIR": str(tmp_path)})
    return file


@pytest.fixture
def database(database_url: str) -> Database:
    return seeded(database_url)


def alias(database: Database, folder: Path) -> str:
    """Another URL of the same database that does not look like it."""
    if not database.is_postgres:
        os.link(database.path, folder / "alias.db")
        return f"sqlite:///{folder}/alias.db"
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        facts = driver.info.get_parameters()
    lines = "\n".join(f"{name}={facts[name]}" for name in ("host", "port", "dbname", "user") if name in facts)
    (folder / "services").write_text(f"[posters]\n{lines}\n")
    return "postgresql:///?service=posters"


def two_shops(file: ShopFile, sandbox: Sandbox, prints: str, posters: str) -> Shops:
    file.set({"STRIPE_API_BASE": sandbox.url, "PRINTFUL_API_BASE": sandbox.url})
    shops = file.of("prints", "posters")
    file.set(secrets_of("prints", database_url=prints) | secrets_of("posters", database_url=posters))
    assert shops.names == ("prints", "posters")
    return file.read((file.folder / "ordersync.toml").read_text())


def run(shops: Shops, name: str, *, dry_run: bool = False) -> None:
    """A run that begins and ends without a request."""
    ready = open_run(shops.named(name).settings, PrintfulScope.none, dry_run=dry_run)
    if not dry_run:
        with ready.store.run(ready.sync.run_id, None):
            pass


@pytest.mark.databases
def test_a_run_of_the_other_shop_is_refused_where_the_database_is_the_same(
    shop_file: ShopFile, sandbox: Sandbox, database: Database, tmp_path: Path
) -> None:
    shops = two_shops(shop_file, sandbox, database.url, alias(database, tmp_path))
    assert not shops.faults, "their URLs do not tell it"
    run(shops, "prints")
    for is_dry in (True, False):
        with pytest.raises(SettingsError, match=re.escape(SAME)):
            run(shops, "posters", dry_run=is_dry)
    findings = examine(shops.named("posters").settings)
    assert any(each.level == Level.RED and SAME in each.sentence for each in findings)
    run(shops, "prints")
    assert database.column("SELECT name FROM ordersync_shops") == ["prints"]


@pytest.mark.databases
def test_a_database_that_went_from_one_shop_to_another_is_the_others(
    shop_file: ShopFile, sandbox: Sandbox, database: Database, tmp_path: Path
) -> None:
    elsewhere = f"sqlite:///{tmp_path}/elsewhere.db"
    run(two_shops(shop_file, sandbox, database.url, elsewhere), "prints")
    run(two_shops(shop_file, sandbox, elsewhere, database.url), "posters")
    assert database.column("SELECT name FROM ordersync_shops ORDER BY at") == ["prints", "posters"]


def test_a_renamed_shop_keeps_its_database(
    shop_file: ShopFile, sandbox: Sandbox, database: Database, tmp_path: Path
) -> None:
    shops = two_shops(shop_file, sandbox, database.url, f"sqlite:///{tmp_path}/elsewhere.db")
    run(shops, "prints")
    text = (shop_file.folder / "ordersync.toml").read_text()
    run(shop_file.read(text.replace('name = "prints"', 'name = "art"')), "art")


@pytest.mark.databases
def test_the_other_shops_database_may_be_away(
    shop_file: ShopFile, sandbox: Sandbox, database: Database, tmp_path: Path
) -> None:
    run(two_shops(shop_file, sandbox, database.url, f"sqlite:///{tmp_path}/elsewhere.db"), "prints")
    away = "postgresql://shop@127.0.0.1:9/shop"
    run(two_shops(shop_file, sandbox, away, database.url), "posters")
