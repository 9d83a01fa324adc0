"""Sinks through apprise, on real servers of this machine: what arrives, and that no log shows a URL."""

import logging
import warnings
from pathlib import Path

import pytest

from ordersync_dagster.adapters.alerts.sinks import Sink, sinks_of
from ordersync_dagster_tests.support.certificates import NEEDS_OPENSSL, self_signed_context
from ordersync_dagster_tests.support.receivers import SECRET, mailbox, webhook


def test_a_webhook_gets_subject_and_text() -> None:
    with webhook() as server:
        assert Sink(1, server.url).send("ordersync: test", "two <b>lines</b>\nof & text").is_taken
    assert [(body["title"], body["message"]) for body in server.bodies] == [
        ("ordersync: test", "two <b>lines</b>\nof & text")
    ]


def test_a_mail_server_gets_a_mail() -> None:
    with mailbox() as server:
        assert Sink(1, server.url).send("ordersync: test", "Hello").is_taken
    (mail,) = server.mails
    assert "Subject: ordersync: test" in mail
    assert "Hello" in mail


def test_a_sink_that_does_not_take_a_message_says_why_in_our_own_words() -> None:
    with webhook() as server:
        for status in (403, 500):
            server.status = status
            assert Sink(1, server.url).send("a", "b").why == f"it answered with status {status}"
        url = server.url
    assert Sink(1, url).send("a", "b").why.startswith("it could not be reached")
    for wrong in ("nosuchservice://host", "slack://x"):
        assert Sink(1, wrong).send("a", "b").why.startswith("apprise does not understand its URL")


def test_no_log_of_any_library_shows_a_url(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with webhook() as server, caplog.at_level(logging.DEBUG):
        for status in (200, 403, 500):
            server.status = status
            Sink(1, server.url).send("a", "b")
        url = server.url
    with caplog.at_level(logging.DEBUG):
        Sink(1, url).send("a", "b")
        assert not Sink(1, f"nosuchservice://{SECRET}").is_understood
    captured = capfd.readouterr()
    assert SECRET not in caplog.text + captured.out + captured.err


def test_other_messages_of_those_libraries_are_logged_as_before(caplog: pytest.LogCaptureFixture) -> None:
    Sink(1, f"nosuchservice://{SECRET}").send("a", "b")
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("urllib3.connectionpool").warning("of somebody else")
    assert "of somebody else" in caplog.text


def test_a_sink_shows_its_number_and_kind_alone() -> None:
    first, second = sinks_of((f"slack://{SECRET}", f"json://h/{SECRET}"))
    assert (first.name, second.name) == ("sink 1 (slack)", "sink 2 (json)")
    assert SECRET not in repr(first)
    assert SECRET not in first.id


def test_a_sink_is_the_same_in_every_process_and_place() -> None:
    assert Sink(1, "json://h/a").id == Sink(2, "json://h/a").id != Sink(1, "json://h/b").id


@NEEDS_OPENSSL
def test_a_sink_with_a_certificate_of_its_own_is_trusted_by_our_setting_alone(tmp_path: Path) -> None:
    context, certificate = self_signed_context(tmp_path)
    with webhook(context) as server:
        assert not Sink(1, server.url).send("a", "b").is_taken
        assert server.bodies == []
        assert Sink(1, server.url, str(certificate)).send("a", "b").is_taken
    assert server.titles() == ["a"]


@NEEDS_OPENSSL
def test_a_sink_whose_certificate_nobody_checks_warns_of_nothing(tmp_path: Path) -> None:
    context, _ = self_signed_context(tmp_path)
    with webhook(context) as server, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        answer = Sink(1, f"{server.url}?verify=no").send("a", "b")
    assert (answer.why, server.titles()) == ("", ["a"])
    assert [str(each.message) for each in told] == [], "it names the host"
