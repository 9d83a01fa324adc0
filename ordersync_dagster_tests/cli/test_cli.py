"""The `ordersync` command as scripts and people meet it: exit codes, streams, documents."""

from dataclasses import asdict
from pathlib import Path

import pytest

from ordersync_dagster import __version__
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.core.summary import COUNTERS
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.cli import Cli, Ran, counter_lines, document
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import opened
from ordersync_dagster_tests.support.world import expected_counters, lost


def test_the_version_is_printed_without_any_setting(ordersync: Cli) -> None:
    assert ordersync("--version", DATABASE_URL=None, STRIPE_SECRET_KEY=None) == Ran(0, f"ordersync {__version__}\n", "")


def test_a_repair_prints_the_summary_that_people_know_and_exits_0(ordersync: Cli, world: World) -> None:
    ran = ordersync("sync")
    assert ran.out.splitlines()[:9] == ["📊 Synchronization Summary:", "━" * 50, *counter_lines(world)]
    assert ran.code == 0


def test_recovered_orders_that_wait_are_named_below(ordersync: Cli, world: World) -> None:
    waiting = len([session for session in lost(world) if not session["metadata"]])
    assert f"{waiting} recovered orders have nothing at Printful" in ordersync("sync").out


def test_the_first_line_on_stderr_names_the_target_and_never_a_password(ordersync: Cli, world: World) -> None:
    first = ordersync("sync", "--dry-run").err.splitlines()[0]
    assert str(ordersync.database.path) in first
    assert f"({len(world.shop.orders)} orders)" in first
    assert "test mode" in first


def test_the_password_of_a_database_that_is_away_is_not_repeated(ordersync: Cli) -> None:
    ran = ordersync("sync", DATABASE_URL="postgresql://shop:hunter2@127.0.0.1:9/shop")
    assert ran.code == 75
    assert "hunter2" not in ran.out + ran.err
    assert ran.err.startswith("ordersync: the database does not answer")
    assert ordersync.sandbox.requests == []


def test_the_json_document_has_the_shape_that_scripts_rely_on(ordersync: Cli, world: World) -> None:
    ran = ordersync("sync", "--json")
    found = document(ran)
    assert list(found) == [
        "schema_version", "run_id", "dry_run", "window", "summary", "changes", "problems", "warnings", "run",
    ]  # fmt: skip
    assert (found["schema_version"], found["dry_run"], ran.code) == (1, False, 0)
    assert set(found["window"]) == {"start", "end"}
    assert {name: found["summary"][name] for name in COUNTERS} == asdict(expected_counters(world))
    assert all(type(number) is int for number in found["summary"].values())
    assert found["run"]["rows_written"]["orders_inserted"] == expected_counters(world).stripe_sessions_added
    assert found["run"]["traffic"]["stripe"]["requests"] > 0
    assert found["run"]["error"] is None
    assert {"id", "class", "severity", "sentence", "ids"} == set(found["problems"][0])


def test_a_dry_run_gives_the_summary_of_the_run_and_leaves_the_file_alone(ordersync: Cli) -> None:
    before = ordersync.database.path.read_bytes()
    preview = document(ordersync("sync", "--dry-run", "--json"))
    assert ordersync.database.path.read_bytes() == before
    repair = document(ordersync("sync", "--json"))
    assert preview["summary"] == repair["summary"]
    assert preview["changes"] == repair["changes"]
    assert (preview["dry_run"], repair["dry_run"]) == (True, False)


def test_a_run_id_is_new_each_time(ordersync: Cli) -> None:
    ids = {document(ordersync("sync", "--json"))["run_id"] for _ in range(2)}
    assert len(ids) == 2


def test_a_record_that_cannot_be_decided_is_exit_1(ordersync: Cli, world: World) -> None:
    session = lost(world)[0]
    ordersync.sandbox.put_session({**session, "customer_details": None, "customer_email": None})
    ran = ordersync("sync", "--json")
    assert (ran.code, document(ran)["summary"]["errors"]) == (1, 1)
    assert document(ran)["summary"]["stripe_sessions_added"] == len(lost(world)) - 1


def test_another_run_is_exit_75(ordersync: Cli) -> None:
    with opened(ordersync.database.url) as (store, _), store.run("the-first", Window.last_days(1, utc_now())):
        ran = ordersync("sync")
    assert ran.code == 75
    assert "another run (the-first) is at work" in ran.err


def test_all_missing_settings_are_named_in_one_message(ordersync: Cli) -> None:
    ran = ordersync("sync", STRIPE_SECRET_KEY=None, PRINTFUL_API_KEY="", DATABASE_URL=None)
    assert (ran.code, ran.out) == (2, "")
    first, *lines = ran.err.splitlines()
    assert first == "ordersync: 3 settings are wrong or missing:"
    assert [line.split()[0] for line in lines] == ["STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL"]
    for advice in ("https://dashboard.stripe.com", "https://developers.printful.com", "sqlite:///"):
        assert advice in ran.err
    assert ordersync.sandbox.requests == []


def test_without_a_database_url_nothing_is_made_up(ordersync: Cli, tmp_path: Path) -> None:
    ran = ordersync("sync", DATABASE_URL=None)
    assert (ran.code, "DATABASE_URL" in ran.err) == (2, True)
    assert ordersync.sandbox.requests == []


def test_without_printful_its_token_is_not_needed(ordersync: Cli) -> None:
    assert ordersync("sync", "--printful", "none", PRINTFUL_API_KEY=None).code == 0


def test_a_refused_key_is_exit_2_in_one_sentence(ordersync: Cli) -> None:
    ran = ordersync("sync", STRIPE_SECRET_KEY="sk_test_" + "nobodyKnowsThis")
    assert (ran.code, "Traceback" in ran.err) == (2, False)
    assert "ordersync: Stripe refused STRIPE_SECRET_KEY (…This)" in ran.err


def test_a_key_that_could_move_live_money_is_warned_of_by_the_run(ordersync: Cli) -> None:
    ran = ordersync("sync", STRIPE_SECRET_KEY="sk_live_" + "notTheSandboxes")
    assert "\nSTRIPE_SECRET_KEY could move live money" in ran.err


def test_too_many_changes_are_exit_2_and_nothing_is_written(ordersync: Cli) -> None:
    before = ordersync.database.count("orders")
    ran = ordersync("sync", "--max-changes", "5")
    assert (ran.code, ordersync.database.count("orders")) == (2, before)
    assert "nothing was written" in ran.err


def test_a_session_of_the_other_mode_is_exit_2(ordersync: Cli, world: World) -> None:
    ordersync.sandbox.put_session({**lost(world)[0], "livemode": True})
    assert ordersync("sync").code == 2


def test_an_empty_database_gets_its_tables_and_that_is_said(ordersync: Cli, tmp_path: Path) -> None:
    ran = ordersync("sync", "--json", DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    assert ran.code == 0
    assert f"Created in {tmp_path}/new.db: audit_logs" in ran.err
    assert any(warning.startswith("Created in") for warning in document(ran)["warnings"])
    assert Database(f"sqlite:///{tmp_path}/new.db").count("orders") > 0


def test_a_database_of_somebody_else_is_exit_2(ordersync: Cli, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/other.db"
    Database(url).execute("CREATE TABLE recipes (id integer PRIMARY KEY)")
    ran = ordersync("sync", DATABASE_URL=url)
    assert (ran.code, "is this the shop's database?" in ran.err) == (2, True)
    assert Database(url).tables() == {"recipes"}


@pytest.mark.examples
@pytest.mark.parametrize(
    "arguments",
    [
        ["--days", "0"],
        ["--days", "x"],
        ["--days", "9999"],
        ["--from", "2026-01-01"],
        ["--to", "2026-01-01"],
        ["--from", "2026-01-02", "--to", "2026-01-01"],
        ["--from", "2999-01-01", "--to", "2999-01-02"],
        ["--from", "2009-01-01", "--to", "2026-01-02"],
        ["--from", "0001-01-01", "--to", "0001-01-02"],
        ["--from", "2026-01-01", "--to", "2026-01-02", "--days", "3"],
        ["--from", "yesterday", "--to", "today"],
        ["--printful", "some"],
        ["--max-changes", "-1"],
        ["--nonsense"],
    ],
)
def test_options_that_cannot_be_are_exit_2_before_any_request(ordersync: Cli, arguments: list[str]) -> None:
    ran = ordersync("sync", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert len(ran.err) > 20
    assert ordersync.sandbox.requests == []


def test_from_and_to_are_whole_days_both_inclusive(ordersync: Cli) -> None:
    window = document(ordersync("sync", "--dry-run", "--json", "--from", "2026-01-01", "--to", "2026-01-02"))["window"]
    assert window == {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-03T00:00:00+00:00"}


def test_thirty_days_are_the_default_and_begin_at_midnight(ordersync: Cli) -> None:
    default, thirty, one = (
        document(ordersync("sync", "--dry-run", "--json", *days))["window"]["start"]
        for days in ([], ["--days", "30"], ["--days", "1"])
    )
    assert default == thirty < one
    assert one.endswith("T00:00:00+00:00")


def test_db_init_makes_the_tables_once_and_db_check_agrees(ordersync: Cli, tmp_path: Path) -> None:
    ordersync("db", "check", DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    assert not (tmp_path / "new.db").exists()
    first, second, check = ordersync("db", "init"), ordersync("db", "init"), ordersync("db", "check")
    assert (first.code, second.code, check.code) == (0, 0, 0)
    assert ("created audit_logs" in first.out, "nothing to create" in second.out) == (True, True)
    assert "fits; 0 orders" in check.out


def test_db_check_names_what_is_wrong(ordersync: Cli) -> None:
    ordersync.database.execute("ALTER TABLE orders RENAME COLUMN customer_email TO email")
    ran = ordersync("db", "check")
    assert (ran.code, "orders.customer_email is missing" in ran.err) == (2, True)


def test_the_env_file_of_the_folder_is_read_and_the_environment_wins(ordersync: Cli, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DATABASE_URL={ordersync.database.url}\nSTRIPE_SECRET_KEY=sk_test_wrong\n")
    assert ordersync("sync", "--dry-run", DATABASE_URL=None).code == 0


def test_the_doctor_is_green_on_the_sandbox_and_changes_nothing(ordersync: Cli) -> None:
    before = ordersync.database.path.read_bytes()
    ran = ordersync("doctor")
    assert (ran.code, "✗" in ran.out) == (0, False)
    assert ordersync.database.path.read_bytes() == before


def test_the_doctor_says_all_that_is_missing_and_exits_2(ordersync: Cli) -> None:
    ran = ordersync("doctor", "--json", STRIPE_SECRET_KEY=None, PRINTFUL_API_KEY=None, DATABASE_URL=None)
    levels = {finding["subject"]: finding["level"] for finding in document(ran)["findings"]}
    assert levels.items() >= {"Stripe": "red", "Printful": "red", "Database": "red"}.items()
    assert ran.code == 2
