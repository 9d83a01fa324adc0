"""The doctor: one thing that is wrong does not hide the next, and nothing is changed."""

import json
import re
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from ordersync_dagster.adapters.http.client import RetryPolicy
from ordersync_dagster.app import doctor
from ordersync_dagster.app.database_findings import MB, MIN_FREE_DISK, disk_finding
from ordersync_dagster.app.doctor import examine, worst
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, utc_now
from ordersync_dagster.report.findings import Level, findings_json, findings_text
from ordersync_dagster.sandbox import RESTRICTED_KEY, Fault, Sandbox, World
from ordersync_dagster_tests.app.findings import levels, said
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import seeded


@pytest.fixture
def database(sqlite_url: str, outage: World) -> Database:
    return seeded(sqlite_url, outage)


BUDGETS = {"STRIPE_REQUESTS_PER_SECOND": "20", "PRINTFUL_REQUESTS_PER_MINUTE": "110"}


def test_a_shop_in_order_needs_nothing(
    sandbox: Sandbox, database: Database, outage: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    findings = examine(settings_for(sandbox, database.url, ORDERSYNC_STATE_DIR=str(tmp_path), **BUDGETS))
    assert worst(findings) == 0
    assert {finding.subject for finding in findings} == {
        "Stripe",
        "Clock",
        "Printful",
        "Database",
        "Rates",
        "Alerts",
        "Dagster",
    }
    assert {finding.level for finding in findings if finding.subject != "Stripe"} == {Level.GREEN}
    assert f"{len(outage.printful_orders)} there" in said(findings, "Printful")
    assert f"{len(outage.shop.orders)} orders" in said(findings, "Database")


def test_sinks_of_alerts_are_named_without_their_urls(sandbox: Sandbox, database: Database) -> None:
    urls = "json://127.0.0.1/secretpath nosuchservice://secretpath"
    findings = examine(settings_for(sandbox, database.url, ORDERSYNC_ALERT_URLS=urls))
    assert levels(findings, "Alerts") == [Level.GREEN, Level.RED]
    assert "sink 2 (nosuchservice): apprise does not understand this URL" in said(findings, "Alerts")
    assert "secretpath" not in findings_text(findings)


def test_a_secret_key_works_but_a_restricted_one_is_advised(sandbox: Sandbox, database: Database) -> None:
    findings = examine(settings_for(sandbox, database.url))
    assert levels(findings, "Stripe") == [Level.YELLOW, *[Level.GREEN] * 5]
    assert "a secret key, test mode" in said(findings, "Stripe")


def test_a_restricted_key_without_refunds_is_a_thought_and_not_an_error(sandbox: Sandbox, database: Database) -> None:
    findings = examine(settings_for(sandbox, database.url, STRIPE_SECRET_KEY=RESTRICTED_KEY))
    assert levels(findings, "Stripe") == [Level.GREEN, Level.GREEN, *[Level.YELLOW] * 4]
    assert "Only `ordersync outages` and Dagster's sensor missed_webhooks need it." in said(findings, "Stripe")
    assert re.search(r"may not read /v1/refunds: it lacks the permission", said(findings, "Stripe"))
    assert re.search(r"“Disputes: Read / rak_dispute_read”", said(findings, "Stripe"))
    assert re.search(r"“Invoices: Read / .* Only orders of subscriptions need it\.", said(findings, "Stripe"))
    assert worst(findings) == 0


def test_every_subject_is_looked_at_whatever_the_others_say(sandbox: Sandbox, tmp_path: Path) -> None:
    wrong = {"STRIPE_SECRET_KEY": "sk_test_" + "nobody", "PRINTFUL_API_KEY": "nobody"}
    findings = examine(settings_for(sandbox, f"sqlite:///{tmp_path}/none.db", **wrong))
    for subject in ("Stripe", "Printful", "Database"):
        assert Level.RED in levels(findings, subject)
    assert worst(findings) == 2
    assert not (tmp_path / "none.db").exists()


def test_each_setting_that_is_missing_is_a_finding_and_no_request(sandbox: Sandbox) -> None:
    findings = examine(Settings())
    assert [(finding.subject, finding.level) for finding in findings[:3]] == [
        ("Stripe", Level.RED), ("Printful", Level.RED), ("Database", Level.RED),
    ]  # fmt: skip
    assert sandbox.requests == []


def test_a_vendor_that_is_away_is_no_fault_of_the_settings(
    sandbox: Sandbox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "RETRY_POLICY", RetryPolicy(attempts=1))
    sandbox.faults.add(Fault("/orders", "status", status=503, times=None))
    findings = examine(settings_for(sandbox, database.url))
    assert levels(findings, "Printful") == [Level.AWAY]
    assert worst(findings) == 1


def test_a_key_that_stripe_refuses_is_one_finding_and_does_not_work(sandbox: Sandbox, database: Database) -> None:
    findings = examine(settings_for(sandbox, database.url, STRIPE_SECRET_KEY="sk_test_" + "nobody"))
    assert levels(findings, "Stripe") == [Level.RED]
    assert "it is wrong, expired or revoked" in said(findings, "Stripe")
    assert "it works" not in said(findings, "Stripe")


def test_a_shop_that_never_says_delivered_is_warned(sandbox: Sandbox, database: Database) -> None:
    database.execute("UPDATE orders SET status = 'completed' WHERE status = 'delivered'")
    findings = examine(settings_for(sandbox, database.url))
    assert Level.YELLOW in levels(findings, "Database")
    assert "`delivered`" in said(findings, "Database")


def test_no_key_is_printed(sandbox: Sandbox, database: Database) -> None:
    settings = settings_for(sandbox, database.url)
    text = findings_text(examine(settings)) + findings_text(
        examine(settings.model_copy(update={"stripe_secret_key": SecretStr("sk_test_" + "nobodyKnowsThis")}))
    )
    for secret in ("nobodyKnowsThis", settings.stripe_key, settings.printful_key):
        assert secret not in text


def test_the_doctor_changes_nothing(sandbox: Sandbox, database: Database) -> None:
    folder = database.path.parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    examine(settings_for(sandbox, database.url))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("minutes", "level", "code"), [(0, "green", 0), (2, "yellow", 0), (10, "red", 2), (-10, "red", 2)]
)
def test_a_clock_that_is_off_is_noticed_by_the_vendors_date(
    sandbox: Sandbox, database: Database, minutes: int, level: str, code: int
) -> None:
    tools = Tools(clock=lambda: utc_now() + timedelta(minutes=minutes))
    findings = examine(settings_for(sandbox, database.url), tools)
    assert levels(findings, "Clock") == [level]
    assert worst(findings) == code
    if minutes:
        assert ("ahead of" if minutes > 0 else "behind") in said(findings, "Clock")


@pytest.mark.parametrize(
    ("name", "key", "sentence"),
    [
        ("STRIPE_SECRET_KEY", "pk_test_" + "madeUp", "publishable"),
        ("PRINTFUL_API_KEY", "sk_test_" + "madeUp", "swapped"),
    ],
)
def test_a_key_of_the_wrong_kind_is_red_and_goes_nowhere(
    sandbox: Sandbox, database: Database, name: str, key: str, sentence: str
) -> None:
    findings = examine(settings_for(sandbox, database.url, **{name: key}))
    subject = "Stripe" if "STRIPE" in name else "Printful"
    assert levels(findings, subject) == [Level.RED]
    assert sentence in said(findings, subject)
    assert worst(findings) == 2
    assert not [each for each in sandbox.requests if each.path.startswith("/v1/") == (subject == "Stripe")]


def test_a_database_that_is_down_is_away_and_hides_nothing(sandbox: Sandbox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        findings = examine(settings_for(sandbox, f"postgresql://nobody@127.0.0.1:{free.getsockname()[1]}/shop"))
    assert levels(findings, "Database") == [Level.AWAY]
    assert "nothing listens at 127.0.0.1" in said(findings, "Database")
    assert worst(findings) == 75
    assert levels(findings, "Printful") == [Level.GREEN]


def test_a_full_disk_is_red_and_a_filling_one_a_thought() -> None:
    assert disk_finding(MIN_FREE_DISK - 1, MB).level is Level.RED
    assert disk_finding(300 * MB, 200 * MB).level is Level.YELLOW
    assert disk_finding(500 * MB, 200 * MB).level is Level.GREEN


def test_a_file_that_is_not_in_wal_mode_is_a_thought(sandbox: Sandbox, database: Database) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    assert "not in WAL mode" in said(examine(settings_for(sandbox, database.url)), "Database")


def test_a_budget_beyond_what_vendors_take_is_a_thought(sandbox: Sandbox, database: Database) -> None:
    assert levels(examine(settings_for(sandbox, database.url, **BUDGETS)), "Rates") == [Level.GREEN]
    findings = examine(settings_for(sandbox, database.url, **BUDGETS | {"STRIPE_REQUESTS_PER_SECOND": "80"}))
    assert levels(findings, "Rates") == [Level.YELLOW]
    assert "Stripe allows 25" in said(findings, "Rates")


def test_a_dagster_home_must_be_a_folder(
    sandbox: Sandbox, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home, level in ((str(tmp_path), Level.GREEN), (str(tmp_path / "none"), Level.RED), ("relative", Level.RED)):
        monkeypatch.setenv("DAGSTER_HOME", home)
        assert levels(examine(settings_for(sandbox, database.url)), "Dagster") == [level]


def test_the_json_holds_every_line(sandbox: Sandbox, database: Database) -> None:
    findings = examine(settings_for(sandbox, database.url))
    document = json.loads(findings_json(findings))
    assert [each["sentence"] for each in document["findings"]] == [each.sentence for each in findings]
