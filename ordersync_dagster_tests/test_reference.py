"""The pages that are written from the code fall behind nowhere: settings, commands, JSON documents, runbook."""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from docsite import commands_page, json_page, runbook_page, settings_page
from docsite.reference import PAGES, written
from docsite.texts import NotDescribedError, require_same, sentences
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.cli import main
from ordersync_dagster.sandbox import build
from ordersync_dagster_tests.support.cli import Cli, command_on, document
from ordersync_dagster_tests.support.places import ROOT
from ordersync_dagster_tests.support.shops import seeded
from ordersync_dagster_tests.support.world import served


@pytest.mark.parametrize("name", PAGES)
def test_a_written_page_is_what_the_code_says_today(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == written(name), "run `make reference`"


def test_a_setting_without_a_meaning_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {**Settings.model_fields, "ordersync_new": Settings.model_fields["ordersync_schema"]}
    monkeypatch.setattr(Settings, "__pydantic_fields__", fields)
    with pytest.raises(NotDescribedError, match=r"does not describe ORDERSYNC_NEW: add a sentence"):
        settings_page.settings_page()


def test_an_option_without_help_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer()
    app.command()(_shout)
    app.command()(_whisper)
    monkeypatch.setattr(main, "app", app)
    monkeypatch.setattr(commands_page, "sentences", lambda _name: {"-shout": {}, "-whisper": {}})
    with pytest.raises(NotDescribedError, match=r"`--loud` of `ordersync -shout` has no help"):
        commands_page.commands_page()


def _shout(loud: Annotated[int, typer.Option()] = 1) -> None:
    """Shout."""


def _whisper() -> None:
    """Whisper."""


def test_a_document_without_its_fields_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = sentences("json")
    del texts["documents"]["doctor"]
    monkeypatch.setattr(json_page, "sentences", lambda _name: texts)
    with pytest.raises(NotDescribedError, match="does not describe doctor"):
        json_page.json_page()


def test_a_class_of_problem_without_a_meaning_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"runbook": sentences("runbook"), "problems": sentences("problems")}
    del texts["problems"]["unfulfilled"]
    monkeypatch.setattr(runbook_page, "sentences", texts.__getitem__)
    with pytest.raises(NotDescribedError, match="does not describe unfulfilled"):
        runbook_page.runbook_page()


def test_a_sentence_about_nothing_is_named() -> None:
    with pytest.raises(NotDescribedError, match="describes gone, which the code does not have: take it out"):
        require_same({"here", "gone"}, {"here"}, "x.toml")


def test_a_table_of_texts_names_a_setting_once() -> None:
    names = [name for group in tomllib.loads(_text("settings")).values() for name in group]
    assert len(names) == len(set(names))


def _text(name: str) -> str:
    return (ROOT / "docsite" / f"{name}.toml").read_text()


@pytest.mark.slow
def test_each_field_of_each_document_is_described_and_the_other_way_round(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found: dict[str, set[str]] = {}
    for scenario in ("messy", "outage"):
        world = build(scenario, now=datetime.now(UTC))
        url = f"{sqlite_url}.{scenario}"
        with served(world) as sandbox, command_on(sandbox, seeded(url, world), monkeypatch, capsys) as cli:
            for name, content in _documents(cli):
                found.setdefault(name, set()).update(_paths(content, ""))
    unknown, seen, homes = set(), set(), set()
    for name, paths in found.items():
        described = {**json_page.described_fields(name), "schema_version": "every document"}
        homes |= set(described.values())
        unknown |= {f"{name}: {path}" for path in paths if not _is_described(path, described)}
        seen |= {home for each, home in described.items() if any(_covers(each, path) for path in paths)}
    assert found.keys() == json_page.VERSIONS.keys()
    assert sorted(unknown) == []
    assert not homes - seen - NOT_HERE, sorted(homes - seen)


NOT_HERE = {  # nothing comes to Stripe or the shop between a proof and its check, and the undo leaves no order
    "prove: changes[].after.amount",
    "prove: changes[].after.currency",
    "undo: problems[].order_id",
    "undo: problems[].sentence",
}


def _documents(cli: Cli) -> Iterator[tuple[str, Any]]:
    """Every command that prints JSON, some in two ways."""

    def of(name: str, *options: str, **environment: str) -> tuple[str, Any]:
        how = () if name == "report" else ("--json",)
        return name, document(cli(*name.split(), *options, *how, **environment))

    shadow = {"ORDERSYNC_SHADOW": "true"}
    yield of("sync", **shadow)
    yield of("shadow", **shadow)
    yield of("outages", ORDERSYNC_SHADOW="false")
    yield of("sync")
    yield of("sync", "--days", "2", "--dry-run")
    for name in ("doctor", "status", "explain"):
        yield of(name, *{"status": ("--outages", "7"), "explain": ("--email", "graham@example.org")}.get(name, ()))
    yield of("report", "--format", "json")
    problems = of("problems", "--all")
    yield problems
    (problem, *_) = problems[1]["problems"]
    yield of("problems show", problem["id"])
    yield of("problems ack", problem["id"], "--note", "seen", "--until", "2030-01-31")
    yield of("status")
    runs = of("runs")
    yield runs
    run = next(each["run_id"] for each in runs[1]["runs"] if each["kind"] == "sync")
    shown = of("runs show", run)
    yield shown
    order = shown[1]["changes"][0]["order_id"]
    yield of("audit show", order)
    yield of("audit verify")
    yield of("explain", order)
    urls = {"ORDERSYNC_ALERT_URLS": "json://127.0.0.1:9/x"}
    yield of("alerts", "--dry-run", **urls)
    yield of("alerts test", **urls)
    today = datetime.now(UTC).date()
    days = ("--from", str(today - timedelta(days=20)), "--to", str(today - timedelta(days=1)))
    yield of("prove", *days, "-o", "kept.json", ORDERSYNC_ALERT_URLS="")
    yield of("undo", run)
    yield of("prove", "--check", "kept.json")
    yield of("forget", "nobody@example.org", "--dry-run")
    yield of("purge", "--older-than", "1", "--dry-run")


def _paths(value: Any, before: str) -> Iterator[str]:
    """The path of every field, lists left out."""
    if isinstance(value, list):
        for each in value:
            yield from _paths(each, before)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield f"{before}{name}"
            yield from _paths(each, f"{before}{name}.")


def _is_described(path: str, described: Iterable[str]) -> bool:
    """Itself, or as a part: `a.b` also describes that there is an `a`."""
    return any(_covers(each, path) or each.startswith(f"{path}.") for each in described)


def _covers(described: str, path: str) -> bool:
    if described.endswith("*"):
        return path.startswith(described.removesuffix("*"))
    return path == described
