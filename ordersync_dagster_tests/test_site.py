"""The documentation site: every page is in its navigation, it is built strictly, and it asks nobody for anything."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docsite.drawing import drawing
from docsite.hooks import PAGES, widened
from ordersync_dagster_tests.orchestration.browser import chromium, opened
from ordersync_dagster_tests.support.places import ROOT

DESK, PHONE = (1280, 900), (390, 844)


def _nav(entries: Any) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    else:
        for each in entries.values() if isinstance(entries, dict) else entries:
            yield from _nav(each)


def test_every_page_is_in_the_navigation_once() -> None:
    named = sorted(_nav(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    records = {page for page in pages if re.match(r"decisions/\d", page)}  # docsite/hooks.py adds them
    assert named == sorted((pages - records) | set(PAGES.values())), "add the page to nav in mkdocs.yml"


def test_a_drawing_has_a_box_for_each_room_and_an_arrow_for_each_import() -> None:
    drawn = drawing("flowchart TD\n    app --> core\n    cli --> app\n    cli --> core\n")
    assert drawn.count("<rect") == 3
    assert drawn.count('class="tip"') == 3
    heights = sorted((float(y), name) for y, name in re.findall(r'y="([\d.]+)" text-anchor="middle">(\w+)<', drawn))
    assert [name for _, name in heights] == ["cli", "app", "core"]


def test_what_belongs_to_an_item_of_a_list_has_four_blanks_before_it() -> None:
    """Else each item of a list with blocks in it would have the number 1."""
    of_list = "1. one\n\n   ```sh\n   make\n     two\n   ```\n2. two\n   - three\n\nText\n\n"
    others = "```sh\n- a\n  b\n```\n"
    assert widened(of_list + others) == of_list.replace("\n   ", "\n    ") + others
    assert widened("- four\n  five\n") == "- four\n    five\n"


def _build(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder), *options]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` builds it."""
    pytest.importorskip("mkdocs", reason="`make docs` installs it")
    folder = tmp_path_factory.mktemp("site")
    ended = _build(folder)
    assert ended.returncode == 0, ended.stderr
    assert "WARNING" not in ended.stderr
    return folder


@pytest.mark.slow
def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 40
    loaded = re.compile(r"<(?:script|img|iframe|source)[^>]+src=\"?(?:https?:)?//|<link[^>]+href=\"?(?:https?:)?//")
    assert [page.name for page in pages if loaded.search(page.read_text())] == []


@pytest.mark.slow
def test_links_out_of_docs_lead_to_the_sites_own_copy(site: Path) -> None:
    assert 'href="contributing.html"' in (site / "development.html").read_text()
    assert (site / "files/deploy/dagster-postgres.yaml").read_text() == (
        ROOT / "deploy/dagster-postgres.yaml"
    ).read_text()


@pytest.mark.slow
def test_steps_with_blocks_between_them_are_one_list(site: Path) -> None:
    """Python-Markdown begins a new list, again with 1, after a block that is not indented as it wants."""
    shops = (site / "shops.html").read_text()
    assert shops[: shops.index('id="an-entry"')].count("<ol>") == 1
    split = re.compile(r"</[ou]l>\s*<div class=\"language-\w+ highlight\">")
    assert [page.name for page in site.glob("*.html") if split.search(page.read_text())] == []


@pytest.mark.slow
def test_links_have_the_title_of_their_page(site: Path) -> None:
    assert '<a href="runbook.html">Runbook</a> explains the exit codes' in (site / "logs.html").read_text()
    named = re.compile(r">[\w-]+\.md</a>")
    assert [page.name for page in site.glob("*.html") if named.search(page.read_text())] == []


@pytest.mark.slow
def test_long_names_in_the_list_of_headings_break_after_an_underscore(site: Path) -> None:
    assert "ORDERSYNC_<wbr>GRACE_<wbr>MINUTES" in (site / "settings.html").read_text()


@pytest.mark.slow
def test_a_page_that_is_not_in_the_navigation_or_a_broken_link_stops_the_build(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    for path in ROOT.iterdir():
        if path.name not in ("docs", "mkdocs.yml", "build"):
            (tmp_path / path.name).symlink_to(path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "docs/lost.md").write_text("# Lost\n\n[nowhere](nowhere.md)\n")
    (tmp_path / "mkdocs.yml").write_text((ROOT / "mkdocs.yml").read_text())
    ended = _build(tmp_path / "out", "-f", str(tmp_path / "mkdocs.yml"))
    assert ended.returncode == 1
    assert "lost.md" in ended.stderr
    assert "nowhere.md" in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_pages_can_be_read_on_a_desk_and_a_phone_without_a_network(
    site: Path, size: tuple[int, int], colours: str
) -> None:
    chromium()
    with opened(f"file://{site}/", *size, color_scheme=colours) as page:
        for name in ("index", "how-it-works", "settings", "json", "never", "development", "ui"):
            page.goto(f"file://{site}/{name}.html")
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
            assert (
                page.evaluate("document.body.dataset.mdColorScheme") == {"light": "default", "dark": "slate"}[colours]
            )


@pytest.mark.slow
def test_the_search_finds_a_setting_by_a_word_of_its_name_from_files_alone(site: Path) -> None:
    chromium()
    with opened(f"file://{site}/", *DESK) as page:
        page.goto(f"file://{site}/index.html")
        page.click("input.md-search__input")
        page.keyboard.type("grace minutes")
        first = page.locator(".md-search-result__item").first
        first.wait_for()
        assert "Settings" in first.inner_text()
        assert "ORDERSYNC_GRACE_MINUTES" in first.inner_text()


@pytest.mark.slow
def test_what_is_copied_from_a_block_are_its_commands_alone(site: Path) -> None:
    chromium()
    with opened(f"file://{site}/", *DESK) as page:
        page.goto(f"file://{site}/first-day.html")
        page.evaluate("document.execCommand = () => { window.copied = document.activeElement.value; return true }")
        block = page.locator("pre", has_text="--dry-run").first
        block.hover()
        block.locator("button[data-md-type=copy]").click()
        copied = page.evaluate("window.copied").strip().splitlines()
        assert copied == ["ordersync sync --days 5 --dry-run"]
