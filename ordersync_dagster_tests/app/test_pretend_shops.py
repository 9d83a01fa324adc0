"""Several pretend shops: each has its own vendors, keys, sales and database."""

from pathlib import Path

import pytest

from ordersync_dagster.app.pretend_shops import pretend_shops
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.shops import read_shops
from ordersync_dagster.core.errors import KeyRefusedError
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.shops import launched


def test_each_pretend_shop_has_its_own_keys_sales_and_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pretend_shops(2, folder=tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        first, second = read_shops()
        assert (first.name, second.name) == ("shop1", "shop2")
        added = [_added(each.settings) for each in (first, second)]
        assert all(added)
        assert added[0].isdisjoint(added[1])
        with pytest.raises(KeyRefusedError):
            _added(first.settings.with_values({"stripe_secret_key": second.settings.stripe_key}))


def _added(settings: Settings) -> set[str]:
    run = launched(settings, PrintfulScope.none, dry_run=True)
    return {insert.order.session_id for part in run.parts for insert in part.plan.inserts}
