"""What a person reads after a wrong value, a wrong option, or a word that is missing."""

import re
import socket
from pathlib import Path

import pytest

from docsite.commands_page import every_command
from ordersync_dagster_tests.support.cli import Cli, document

LIBRARY_WORDS = ("Input should", "unable to", "Value error", "%Y", "instance of")


@pytest.mark.examples
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("sync --days abc", "--days takes a whole number from 1 to 3,660"),
        ("sync --days 0", "--days takes a whole number from 1 to 3,660"),
        ("sync --max-changes -1", "--max-changes takes a whole number, 0 or more"),
        ("sync --from 2026-13-01 --to 2026-12-31", "--from takes a day such as 2026-01-31"),
        ("sync --printful al", "--printful takes one of all, open, none"),
        ("report --format pdf", "--format takes one of html, json, csv, md"),
        ("status --outages 31", "--outages takes a whole number from 1 to 30"),
        ("problems ack p1 --note seen --until tomorrow", "--until takes a day such as 2026-01-31"),
        ("sandbox --latency slow", "--latency takes a number, 0 or more"),
        ("sandbox --latency -1", "--latency takes a number, 0 or more"),
        ("sandbox --port 99999", "--port takes a whole number from 0 to 65,535"),
        ("sandbox --size 0 --scenario large", "--size takes a whole number, 1 or more"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(ordersync: Cli, arguments: str, sentence: str) -> None:
    ran = ordersync(*arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(f"Error: {sentence}\n")
    assert "--help" in ran.err


def test_no_help_shows_a_library_s_own_words_or_breaks_off(ordersync: Cli) -> None:
    for name in ["", *(name for name, _ in every_command()), "db", "audit"]:
        shown = ordersync(*name.split(), "--help").out
        assert not [words for words in LIBRARY_WORDS if words in shown], name
        assert not re.findall(r"^ .*\w\.\.\.$", shown, re.MULTILINE), f"`ordersync {name} --help` cuts a sentence off"
        assert max(map(len, shown.splitlines())) <= 80, name


@pytest.mark.examples
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--scenario mesy", "there is no scenario 'mesy': choose one of outage, quiet, large, messy"),
        ("sync --dry-run", "write `ordersync sandbox -- ordersync sync …`"),
        ("-- no-such-program", "there is no program 'no-such-program' on this machine"),
        ("--scenarrio messy", "no option --scenarrio"),
    ],
)
def test_a_sandbox_that_cannot_be_is_exit_2_in_one_sentence(ordersync: Cli, arguments: str, sentence: str) -> None:
    ran = ordersync("sandbox", *arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_sandbox_whose_port_is_taken_says_which(ordersync: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = ordersync("sandbox", "--port", str(port), "--", "true")
    assert (ran.code, ran.out) == (2, "")
    assert f"port {port}" in ran.err
    assert "--port" in ran.err


def test_a_sandbox_whose_folder_is_a_file_says_so(ordersync: Cli, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("")
    ran = ordersync("sandbox", "--folder", str(tmp_path / "note"), "--", "true")
    assert ran.code == 2
    assert f"--folder {tmp_path / 'note'}" in ran.err


def test_a_kept_shop_does_not_become_another_scenario_in_silence(ordersync: Cli, tmp_path: Path) -> None:
    kept = ("--folder", str(tmp_path / "kept"))
    assert ordersync("sandbox", "--scenario", "quiet", *kept, "--", "true").code == 0
    assert ordersync("sandbox", *kept, "--", "true").code == 0
    ran = ordersync("sandbox", "--scenario", "messy", *kept, "--", "true")
    assert (ran.code, "quiet" in ran.err) == (2, True)


def test_a_limit_that_stops_a_run_is_the_only_thing_told(ordersync: Cli) -> None:
    ran = ordersync("sync", "--max-changes", "3")
    assert (ran.code, ran.out) == (2, "")
    assert "figures above" not in ran.err
    assert "run again" not in ran.err
    assert document(ordersync("sync", "--max-changes", "3", "--json"))["run"]["error"]


def test_an_address_without_an_at_sign_is_nobody_and_is_not_forgotten(ordersync: Cli) -> None:
    for arguments in (["forget", "order 17"], ["explain", "--email", "order 17"]):
        ran = ordersync(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "e-mail address" in ran.err
