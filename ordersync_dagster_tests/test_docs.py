"""What README and docs/ promise is what the code does: commands, options, settings, tables, and the demo's output."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.adapters.database.schema.tables import shop_tables
from ordersync_dagster.adapters.stripe.refusals import PERMISSIONS
from ordersync_dagster.app import pretend_shops
from ordersync_dagster.app.demo import demonstrate
from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.cli import main
from ordersync_dagster.core.exit_codes import BUSY, FAILED, OK, USAGE
from ordersync_dagster.core.orders import MOVES, Status
from ordersync_dagster.core.printful_order import STATUS
from ordersync_dagster_tests.support.pages import PAGES, console_lines
from ordersync_dagster_tests.support.places import ROOT
from ordersync_dagster_tests.support.world import served

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LEFT_OUT = "[…]"


def _inline_commands(page: Path) -> Iterator[str]:
    """Commands in running text and tables."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    yield from re.findall(r"`((?:ordersync|make) [^`]+)`", text)


def _words(line: str) -> Iterator[list[str]]:
    """The commands of one line, each as words; redirections are not theirs."""
    for part in re.split(r" -- | \| |; ", line):
        yield shlex.split(re.split(r" \d?>", part)[0])


def _ours(name: str) -> list[tuple[Path, list[str]]]:
    lines = [(page, line) for page in PAGES for line in (*console_lines(page), *_inline_commands(page))]
    return [(page, words[1:]) for page, line in lines for words in _words(line) if words and words[0] == name]


def _command(words: list[str]) -> tuple[Any, list[str]]:
    """The command that `words` name, and its arguments."""
    command: Any = typer.main.get_command(main.app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def _rows(page: str) -> list[list[str]]:
    """The cells of every table row of a page."""
    lines = (ROOT / page).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def _cells(page: str) -> Mapping[str, str]:
    """First cell, without its backticks → second cell."""
    return {row[0].strip("`"): row[1] for row in _rows(page) if len(row) > 1}


@pytest.mark.full
def test_every_ordersync_command_in_the_docs_exists_with_its_options() -> None:
    found = _ours("ordersync")
    unknown = []
    for page, words in found:
        command, rest = _command(words)
        options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        wrong = [word for word in rest if word.startswith("-") and word not in options]
        is_group = hasattr(command, "commands") and not command.invoke_without_command
        is_bare_group = is_group and not {"--help", "--version"} & set(rest)
        if wrong or is_bare_group:
            unknown.append((page.name, words))
    assert len(found) > 30, "the docs' commands were not found: has their form changed?"
    assert unknown == []


def _paths(group: Any) -> Iterator[str]:
    """Every command that can be run, as a person types it."""
    for name, command in group.commands.items():
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield name
        if hasattr(command, "commands"):
            yield from (f"{name} {path}" for path in _paths(command))


def test_every_command_is_in_the_readme() -> None:
    named = [" ".join(words) + " " for page, words in _ours("ordersync") if page == ROOT / "README.md"]
    commands = _paths(typer.main.get_command(main.app))
    assert [each for each in commands if not any(line.startswith(f"{each} ") for line in named)] == []


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {word for _, words in _ours("make") for word in words if "=" not in word}
    assert {"demo", "test", "test-all", "ui", "ui-shop"} <= named <= targets


@pytest.fixture(scope="module", autouse=True)
def nothing_is_sent() -> Iterator[None]:
    """The vendors that the demonstration serves for itself are watched as those of the tests are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretend_shops, "serve", served)
        yield


def test_the_readme_shows_what_the_demo_prints() -> None:
    block = re.search(r"```console\n\$ make demo\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert block is not None
    printed = UUID.sub("ID", "\n".join(demonstrate()))
    at = 0
    for shown in UUID.sub("ID", block[1]).split(LEFT_OUT):
        found = printed.find(shown.strip("\n"), at)
        assert found >= 0, f"the demo no longer prints this:\n{shown}"
        at = found + len(shown.strip("\n"))


def test_env_example_names_exactly_the_settings_and_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = re.findall(r"^(?:# )?([A-Z_]+=.*)$", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(line.split("=")[0] for line in lines) == sorted(field.upper() for field in Settings.model_fields)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    (tmp_path / ".env").write_text("\n".join(lines))
    settings = read_settings(tmp_path / ".env")
    assert settings.ordersync_session_match is not None
    assert set(settings.faults) == {"ORDERSYNC_CONFIG", "ORDERSYNC_CA_BUNDLE"}  # no such files here; the rest is valid


def test_the_exit_codes_are_those_of_the_command() -> None:
    named = {int(cell) for cell in _cells("README.md") if cell.isdigit()}
    assert named == {OK, FAILED, USAGE, BUSY}


def test_the_status_map_is_documented_as_it_is() -> None:
    documented = {row[0].strip("`"): row[1] for row in _rows("docs/printful.md") if row[0].startswith("`")}
    assert documented == {word: str(status) for word, status in STATUS.items()}


def test_the_allowed_moves_are_documented_as_they_are() -> None:
    rows = _rows("docs/printful.md")
    first = next(place for place, row in enumerate(rows) if row == ["pending", "any"])
    documented = dict(row for row in rows[first : first + 4])
    assert documented.pop("pending") == "any"
    moves = {str(before): set(after) for before, after in MOVES.items() if after and before is not Status.PENDING}
    assert {before: set(after.split(", ")) for before, after in documented.items()} == moves


def test_each_permission_stands_beside_what_it_lets_us_read() -> None:
    rows = {row[0]: row for row in _rows("docs/stripe.md")}
    for path, permission in PERMISSIONS.items():
        name, value = permission.split(": ")
        assert rows[name][1] == value
        assert f"`GET {path}`" in rows[name][2]


def test_every_column_that_we_know_is_in_the_schema_page() -> None:
    page = (ROOT / "docs/database-schema.md").read_text()
    for table in (*shop_tables().sorted_tables, *own_tables().sorted_tables):
        section = re.search(rf"^## {table.name}\n(.*?)^## |^`{table.name}`: (.*?)$", page, re.S | re.M)
        assert section is not None, f"{table.name} has no section"
        named = set(re.findall(r"`(\w+)`", section[0]))
        assert {column.name for column in table.columns} - named == set(), table.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    assert [path.name for path in folder.glob("[0-9]*.md") if path.name not in index] == []


def test_the_first_screen_says_what_is_never_done() -> None:
    screen = " ".join((ROOT / "README.md").read_text().splitlines()[:12])
    for word in ("charges", "refunds", "ships", "cancels", "e-mails", "creates no customers", "docs/webhooks.md"):
        assert word in screen
