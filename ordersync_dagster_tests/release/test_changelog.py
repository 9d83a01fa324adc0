"""The changelog and the version are one, and nobody changes the product in silence."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ordersync_dagster import __version__
from ordersync_dagster_tests.release.changelog import (
    CHANGELOG,
    ChangelogError,
    check_since,
    check_version,
    entries,
    notes,
)
from ordersync_dagster_tests.support.places import ROOT

OPEN = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Undo.\n"
RELEASED = "# Changelog\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- Undo.\n\n## [0.1.0] - 2026-11-01\n\n- Sync.\n"


def test_our_own_changelog_agrees_with_our_version() -> None:
    check_version((ROOT / CHANGELOG).read_text(), __version__)


@pytest.mark.parametrize(
    ("text", "version"),
    [(OPEN, "0.1.0"), (RELEASED, "0.2.0"), (RELEASED.replace("## [0.2.0]", "## [Unreleased]\n\n## [0.2.0]"), "0.10.0")],
    ids=["nothing is released yet", "the top entry is the version", "work on the version after the released one"],
)
def test_a_changelog_that_agrees_with_the_version(text: str, version: str) -> None:
    check_version(text, version)


@pytest.mark.parametrize(
    ("text", "version", "sentence"),
    [
        (RELEASED, "0.1.0", "released 0.2.0 last, and the package says 0.1.0"),
        (RELEASED.replace("## [0.2.0]", "## [Unreleased]\n\n## [0.2.0]"), "0.2.0", "0.2.0 is released"),
        (RELEASED.replace(" - 2026-12-01", ""), "0.2.0", r"the heading '## \[0.2.0\]' is neither"),
        (RELEASED.replace("[0.2.0]", "0.2.0"), "0.2.0", "is neither"),
        ("# Changelog\n", "0.1.0", "has no entry"),
        (RELEASED.replace("## [0.2.0]", "## [Unreleased]\n\n## [0.2.0]"), "0.3", "not of the form"),
    ],
)
def test_a_changelog_that_disagrees_is_one_sentence(text: str, version: str, sentence: str) -> None:
    with pytest.raises(ChangelogError, match=sentence):
        check_version(text, version)


def test_the_notes_of_a_release_are_the_text_of_its_entry() -> None:
    assert notes(RELEASED, "v0.2.0", "0.2.0") == "### Added\n\n- Undo."
    assert [entry.title for entry in entries(RELEASED)] == ["0.2.0", "0.1.0"]


@pytest.mark.parametrize(
    ("text", "tag", "sentence"),
    [(OPEN, "v0.2.0", "is not released"), (RELEASED, "v0.3.0", "make them one"), (RELEASED, "0.2.0", "make them one")],
)
def test_a_tag_that_fits_no_release_is_refused(text: str, tag: str, sentence: str) -> None:
    with pytest.raises(ChangelogError, match=sentence):
        notes(text, tag, "0.2.0")


Commit = Callable[..., None]


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Writes files in a repository and commits them; `base` is its first commit."""

    def git(*arguments: str) -> None:
        named = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *named, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def change(message: str, **files: str) -> None:
        for name, text in files.items():
            path = tmp_path / {"changelog": CHANGELOG, "product": "ordersync_dagster/core.py"}.get(name, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        git("add", "--all")
        git("commit", "--message", message)

    git("init", "--quiet")
    change("First", changelog=OPEN, product="1")
    git("branch", "base")
    return change


def test_a_change_of_the_product_without_a_line_is_named(commit: Commit, tmp_path: Path) -> None:
    commit("Orders are counted twice", product="2")
    with pytest.raises(ChangelogError, match=r"no new line since base.*\n.*Orders are counted twice$"):
        check_since("base", tmp_path)


def test_a_change_of_the_product_with_a_line_passes(commit: Commit, tmp_path: Path) -> None:
    commit("Prices", product="2")
    commit("Its line", changelog=OPEN + "- Prices.\n")
    check_since("base", tmp_path)


def test_a_line_that_only_went_is_no_line(commit: Commit, tmp_path: Path) -> None:
    commit("Prices", product="2", changelog=OPEN.replace("- Undo.\n", ""))
    with pytest.raises(ChangelogError, match="has no new line"):
        check_since("base", tmp_path)


def test_each_commit_that_nobody_sees_says_so(commit: Commit, tmp_path: Path) -> None:
    commit("A module moves\n\nChangelog: none", product="2")
    check_since("base", tmp_path)
    commit("Prices", product="3")
    with pytest.raises(ChangelogError, match=r"no new line since base[^\n]*\n[^\n]*Prices$"):
        check_since("base", tmp_path)


def test_tests_and_docs_need_no_line(commit: Commit, tmp_path: Path) -> None:
    commit("A page", README="read me")
    check_since("base", tmp_path)


def test_a_base_that_git_does_not_know_is_one_sentence(commit: Commit, tmp_path: Path) -> None:
    with pytest.raises(ChangelogError, match="git knows no origin/nowhere: fetch it"):
        check_since("origin/nowhere", tmp_path)
