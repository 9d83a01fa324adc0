"""What the command says and how it exits when something outside is wrong."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import Fault, World, build
from ordersync_dagster_tests.support.cli import Cli, document
from ordersync_dagster_tests.support.world import lost

NO_RETRY = {"Stripe-Should-Retry": "false"}


def test_fault_04_a_vendor_that_is_down_is_exit_1_and_names_the_days_not_done(ordersync: Cli) -> None:
    ordersync.sandbox.faults.add(Fault("/v1/", "status", 500, times=None, headers=NO_RETRY))
    ran = ordersync("sync")
    first = (utc_now() - timedelta(days=30)).date()
    assert ran.code == 1
    assert f"Not done: the sessions of {first} to {utc_now().date()} (31 days). What was done" in ran.err


def test_fault_04_a_run_that_leaves_printful_out_does_not_miss_its_orders(ordersync: Cli) -> None:
    ordersync.sandbox.faults.add(Fault("/v1/", "status", 500, times=None, headers=NO_RETRY))
    assert "(31 days). What was done before stays" in ordersync("sync", "--printful", "none").err


def test_fault_04_the_document_says_what_was_not_done_too(ordersync: Cli) -> None:
    ordersync.sandbox.faults.add(Fault("/v1/", "status", 500, times=None, headers=NO_RETRY))
    ran = ordersync("sync", "--json")
    assert any(warning.startswith("Not done: ") for warning in document(ran)["warnings"])
    assert "HTTP 500" in document(ran)["run"]["error"]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", ["/v1/checkout/sessions", "/orders"])
def test_faults_57_and_58_a_refused_key_is_exit_2_asked_once_and_nothing_is_written(
    ordersync: Cli, path: str, status: int
) -> None:
    before = ordersync.database.count("orders")
    ordersync.sandbox.faults.add(Fault(path, "status", status, times=None))
    ran = ordersync("sync")
    assert ran.code == 2
    assert ("STRIPE_SECRET_KEY" if path.startswith("/v1") else "PRINTFUL_API_KEY") in ran.err
    assert [each.path for each in ordersync.sandbox.requests].count(path) <= 1 + (path == "/orders")
    assert ordersync.database.count("orders") == before


@pytest.mark.examples
@pytest.mark.parametrize(
    "keys",
    [
        {"STRIPE_SECRET_KEY": "pk_test_abc"},
        {"STRIPE_SECRET_KEY": "sk_test_with blank"},
        {"STRIPE_SECRET_KEY": "sk_test_"},
        {"STRIPE_SECRET_KEY": "rk_prod_abc"},
        {"STRIPE_SECRET_KEY": "   "},
        {"PRINTFUL_API_KEY": "with blank"},
        {"PRINTFUL_API_KEY": "sk_test_abc"},
        {"STRIPE_SECRET_KEY": "PrintfulToken", "PRINTFUL_API_KEY": "sk_test_abc"},
    ],
)
def test_fault_59_a_key_that_cannot_be_right_is_exit_2_before_any_request(ordersync: Cli, keys: dict[str, Any]) -> None:
    ran = ordersync("sync", **keys)
    assert (ran.code, ran.out, ordersync.sandbox.requests) == (2, "", [])
    for value in keys.values():
        assert len(value.strip()) < 9 or value not in ran.err


@pytest.mark.examples
@pytest.mark.parametrize(
    "base",
    [
        "http://169.254.169.254",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "http://evil.example",
        "ftp://127.0.0.1",
        "https://user:word@evil.example",
        "http://127.0.0.1.evil.example",
        "http://[::ffff:169.254.169.254]",
        "//evil.example",
        "https://evil.example",
    ],
)
@pytest.mark.parametrize("name", ["STRIPE_API_BASE", "PRINTFUL_API_BASE"])
def test_fault_55_a_base_that_no_key_must_reach_is_exit_2_before_any_request(
    ordersync: Cli, name: str, base: str
) -> None:
    ran = ordersync("sync", **{name: base})
    assert (ran.code, ordersync.sandbox.requests) == (2, [])
    assert name in ran.err


def test_fault_61_the_key_of_another_shop_is_exit_2(ordersync: Cli) -> None:
    ordersync.sandbox.replace(build("outage", seed=99, now=utc_now()))
    before = ordersync.database.count("orders")
    ran = ordersync("sync")
    assert (ran.code, ordersync.database.count("orders")) == (2, before)
    assert "is STRIPE_SECRET_KEY another shop's, or DATABASE_URL?" in ran.err


@pytest.mark.slow
def test_fault_66_a_dagster_that_cannot_be_told_changes_no_result_and_no_exit_code(
    ordersync: Cli, tmp_path: Path
) -> None:
    broken = tmp_path / "dagster-home"
    broken.mkdir()
    (broken / "dagster.yaml").write_text("storage: {nonsense: 1}\n")
    ran = ordersync("sync", DAGSTER_HOME=str(broken))
    assert ran.code == 0
    assert "Warning: Dagster's instance was not told" in ran.err
    assert "Errors: 0" in ran.out


@pytest.mark.slow
def test_fault_64_a_dagster_home_lost_between_two_runs_changes_nothing(
    ordersync: Cli, tmp_path: Path, world: World
) -> None:
    for place in ("first", "second"):
        home = tmp_path / place
        home.mkdir()
        ran = ordersync("sync", "--json", DAGSTER_HOME=str(home))
        assert ran.code == 0, ran.err
        assert "Reported 30 days" in ran.err
    assert document(ran)["run"]["rows_written"]["orders_inserted"] == 0
    sessions = ordersync.database.column("SELECT stripe_session_id FROM orders")
    assert len(sessions) == len(set(sessions)) == len(world.shop.orders) + len(lost(world))
