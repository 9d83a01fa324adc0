"""`ordersync alerts`, and the alerts after a run, with a real webhook of this machine."""

import json
from collections.abc import Iterator

import pytest

from ordersync_dagster.sandbox import Fault
from ordersync_dagster_tests.support.cli import Cli
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.receivers import SECRET, Webhook, webhook

URLS = "ORDERSYNC_ALERT_URLS"


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def ordersync(ordersync: Cli, server: Webhook, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command, whose alerts go to the server."""
    monkeypatch.setenv(URLS, server.url)
    return ordersync


def news(ordersync: Cli) -> str:
    """The subject line of all problems that need a person."""
    found = json.loads(ordersync("problems", "--json").out)["problems"]
    return f"ordersync: {sum(each['needs_person'] for each in found)} new problems"


def test_a_run_tells_what_needs_a_person_and_a_dry_run_nothing(ordersync: Cli, server: Webhook) -> None:
    assert ordersync("sync", "--dry-run").code == 0
    assert server.bodies == []
    ran = ordersync("sync")
    assert ran.code == 0
    assert server.titles() == [news(ordersync)]
    assert SECRET not in ran.out + ran.err
    assert ordersync("alerts").out == "sink 1 (json): nothing new to tell.\n"


def test_a_sink_that_is_down_is_a_warning_and_the_run_ends_as_without_it(ordersync: Cli, server: Webhook) -> None:
    server.status = 500
    ran = ordersync("sync", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["run"]["error"] is None
    assert (
        "Warning: sink 1 (json) did not take the alert: it answered with status 500. The next try sends it." in ran.err
    )
    assert SECRET not in ran.out + ran.err
    ran = ordersync("alerts")
    assert ran.code == 1
    assert ran.out == f"sink 1 (json): not sent: {news(ordersync)}\n"
    server.status, server.bodies = 200, []
    assert ordersync("alerts").out == f"sink 1 (json): sent: {news(ordersync)}\n"
    assert len(server.bodies) == 1


def test_a_refused_test_message_says_why_and_not_that_it_will_be_sent(ordersync: Cli, server: Webhook) -> None:
    server.status = 403
    ran = ordersync("alerts", "test")
    assert (ran.code, ran.err) == (1, "Warning: sink 1 (json) did not take the test: it answered with status 403.\n")


def test_sinks_that_would_get_the_same_are_shown_with_one_message(ordersync: Cli, server: Webhook) -> None:
    ordersync("sync", **{URLS: None})
    ran = ordersync("alerts", "--dry-run", **{URLS: f"{server.url} {server.url}/other"})
    assert ran.out.startswith("sink 1 (json), sink 2 (json) would get:\n")
    assert ran.out.count("would get:") == 1


def test_a_failed_run_is_told_with_the_sentence_that_stopped_it(ordersync: Cli, server: Webhook) -> None:
    ordersync.sandbox.faults.add(Fault("/v1/checkout/sessions", "status", 401, times=None))
    assert ordersync("sync").code == 2
    (body,) = server.bodies
    assert body["title"] == "ordersync: a run failed"
    assert "Why: Stripe refused STRIPE_SECRET_KEY (" in body["message"]


def test_a_dry_run_of_alerts_sends_and_writes_nothing(ordersync: Cli, server: Webhook) -> None:
    ordersync("sync", **{URLS: None})
    before, title = everything(ordersync.database), news(ordersync)
    for sink in ("a new sink", "sink 1 (json)"):
        ran = ordersync("alerts", "--dry-run")
        assert ran.code == 0
        assert ran.out.startswith(f"{sink} would get:\n  {title}\n\n")
        assert ran.out.endswith("Dry run: nothing was sent.\n")
        ordersync.patch.setenv(URLS, server.url)
    found = json.loads(ordersync("alerts", "--dry-run", "--json").out)
    assert (found["schema_version"], found["dry_run"]) == (1, True)
    assert everything(ordersync.database) == before
    assert server.bodies == []


def test_each_sink_can_be_tried(ordersync: Cli, server: Webhook) -> None:
    ran = ordersync("alerts", "test", **{URLS: f"{server.url}\n  nosuchservice://{SECRET} "})
    assert ran.code == 1
    assert ran.out == "sink 1 (json): sent: ordersync: test\nsink 2 (nosuchservice): not sent: ordersync: test\n"
    assert SECRET not in ran.err
    assert server.titles() == ["ordersync: test"]
    assert ordersync("alerts", "test", **{URLS: server.url}).code == 0


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({URLS: None}, "ORDERSYNC_ALERT_URLS is not set: name where alerts go (docs/alerts.md)"),
        (
            {URLS: f"json://h hooks.example.com/{SECRET}"},
            "ORDERSYNC_ALERT_URLS: number 2 is not a URL of apprise, such as mailto://… (docs/alerts.md)",
        ),
        (
            {"ORDERSYNC_ALERT_CLASSES": "disputed,lost"},
            "ORDERSYNC_ALERT_CLASSES: there is no class 'lost'; docs/runbook.md lists them",
        ),
    ],
)
def test_wrong_settings_are_named_without_their_secrets(
    ordersync: Cli, environment: dict[str, str | None], sentence: str
) -> None:
    ran = ordersync("alerts", **environment)
    assert (ran.code, ran.err) == (2, f"ordersync: {sentence}\n")
