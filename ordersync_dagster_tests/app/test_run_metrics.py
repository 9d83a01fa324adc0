"""Metrics after a run, however it ended; and a sink that is down fails nothing."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import open_run
from ordersync_dagster.core.errors import LockHeldError, OrderSyncError, SettingsError
from ordersync_dagster.core.summary import COUNTERS
from ordersync_dagster.sandbox import Fault
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.metrics import push_gateway, samples_of, value
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ordersync.prom"


def settings_of(shop: Shop, path: Path, **others: str) -> Settings:
    return settings_for(shop.sandbox, shop.database.url, ORDERSYNC_METRICS_FILE=str(path), **others)


def run(shop: Shop, settings: Settings, *, dry_run: bool = False) -> list[str]:
    """The warnings of a run to its end."""
    started = launched(settings, dry_run=dry_run, tools=shop.time.tools(1))
    for _ in started.parts:
        continue
    return started.outcome.warnings


def state_in(path: Path) -> str:
    (state,) = (name for name, one in by_label(path, "ordersync_last_run_state", "state").items() if one)
    return state


def by_label(path: Path, metric: str, label: str) -> Mapping[str, float]:
    found = samples_of(path.read_text()).items()
    return {dict(labels)[label]: one for (name, labels), one in found if name == metric}


def test_the_figures_are_those_of_the_run(each_shop: Shop, path: Path) -> None:
    started = launched(settings_of(each_shop, path, ORDERSYNC_METRICS_SHOP="prints"), tools=each_shop.time.tools(1))
    for _ in started.parts:
        continue
    text = path.read_text()
    for name in COUNTERS:
        assert value(text, f"ordersync_last_run_{name}", shop="prints") == started.outcome.summary[name]
    for vendor, counts in started.traffic.items():
        assert value(text, "ordersync_last_run_requests", vendor=vendor, shop="prints") == counts["requests"]
    assert state_in(path) == ("with_errors" if started.outcome.summary.errors else "succeeded")
    assert value(text, "ordersync_last_success_timestamp_seconds", shop="prints") == NOW.timestamp()


def test_open_problems_are_those_that_the_run_recorded(each_shop: Shop, path: Path) -> None:
    started = launched(settings_of(each_shop, path), tools=each_shop.time.tools(1))
    for _ in started.parts:
        continue
    found = by_label(path, "ordersync_open_problems", "class")
    told = [str(each.problem_class) for each in started.outcome.problems]
    assert {name: count for name, count in found.items() if count} == {name: told.count(name) for name in told}


def test_a_dry_run_tells_nothing(shop: Shop, path: Path) -> None:
    run(shop, settings_of(shop, path), dry_run=True)
    assert not path.exists()


def test_without_a_setting_nothing_is_told(shop: Shop, tmp_path: Path) -> None:
    run(shop, settings_for(shop.sandbox, shop.database.url))
    assert list(tmp_path.glob("*.prom")) == []


def test_a_run_that_a_vendor_stops_has_failed_and_the_last_success_stays(shop: Shop, path: Path) -> None:
    run(shop, settings_of(shop, path))
    shop.time.now = NOW + timedelta(days=1)
    shop.sandbox.faults.add(Fault("/v1/", "status", status=500, times=None))
    with pytest.raises(OrderSyncError):
        run(shop, settings_of(shop, path))
    text = path.read_text()
    assert state_in(path) == "failed"
    assert value(text, "ordersync_last_success_timestamp_seconds") == NOW.timestamp()
    assert value(text, "ordersync_last_run_timestamp_seconds") > NOW.timestamp() + 86_000


def test_a_run_that_stops_before_it_begins_has_failed_too(shop: Shop, path: Path) -> None:
    run(shop, settings_of(shop, path))
    problems = {key: one for key, one in samples_of(path.read_text()).items() if key[0] == "ordersync_open_problems"}
    with pytest.raises(SettingsError):
        open_run(
            settings_of(shop, path, PRINTFUL_API_KEY=""), PrintfulScope.all, dry_run=False, tools=shop.time.tools(1)
        )
    text = path.read_text()
    assert state_in(path) == "failed"
    assert value(text, "ordersync_last_success_timestamp_seconds") == NOW.timestamp()
    assert problems.items() <= samples_of(text).items()


def test_a_run_that_was_given_up_has_failed(shop: Shop, path: Path) -> None:
    started = launched(settings_of(shop, path), tools=shop.time.tools(1))
    next(started.parts)
    started.parts.close()  # type: ignore[attr-defined]  # as Ctrl-C ends a generator
    assert state_in(path) == "failed"


def test_a_run_that_meets_the_lock_leaves_the_word_to_the_other(shop: Shop, path: Path) -> None:
    started = launched(settings_of(shop, path), tools=shop.time.tools(1))
    next(started.parts)
    with pytest.raises(LockHeldError):
        run(shop, settings_of(shop, path))
    assert not path.exists()
    for _ in started.parts:
        continue
    assert state_in(path) in ("succeeded", "with_errors")


def test_a_folder_that_is_not_there_is_a_warning_of_a_run_that_is_done(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "none" / "ordersync.prom"
    (warning,) = [each for each in run(shop, settings_of(shop, path)) if "metrics" in each]
    assert warning == (f"The metrics were not written to {path} (No such file or directory). The run is not affected.")
    assert shop.database.column("SELECT state FROM ordersync_runs") == ["succeeded"]


def test_both_sinks_get_the_same_and_one_that_is_down_stops_no_other(shop: Shop, path: Path) -> None:
    with push_gateway() as got:
        settings = settings_of(shop, path, ORDERSYNC_METRICS_PUSHGATEWAY=got.url.replace("//", "//ada:s3cret@"))
        assert run(shop, settings) == []
        assert samples_of(got.requests[0][3]) == samples_of(path.read_text())
        path.unlink()
        got.status = 503
        (warning,) = run(shop, settings)
    assert path.exists()
    assert "s3cret" not in warning
    assert "(Service Unavailable)" in warning
    (warning,) = run(shop, settings)
    assert "(Connection refused)" in warning


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("ORDERSYNC_METRICS_FILE", "ordersync.prom"),
        ("ORDERSYNC_METRICS_FILE", "/tmp/ordersync.txt"),
        ("ORDERSYNC_METRICS_PUSHGATEWAY", "pushgateway:9091"),
        ("ORDERSYNC_METRICS_PUSHGATEWAY", "http://"),
        ("ORDERSYNC_METRICS_PUSHGATEWAY", "http://ada:s3cret@host:99999"),
        ("ORDERSYNC_METRICS_SHOP", 'a"b'),
    ],
)
def test_a_wrong_setting_is_named_before_any_request(shop: Shop, name: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=name) as raised:
        run(shop, settings_for(shop.sandbox, shop.database.url, **{name: wrong}))
    assert "s3cret" not in str(raised.value)
    assert shop.sandbox.requests == []


def test_a_setting_without_the_extra_says_what_to_install(
    shop: Shop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ordersync_dagster.app.metrics_settings.find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"pip install 'ordersync-dagster\[metrics\]'"):
        run(shop, settings_of(shop, path))
