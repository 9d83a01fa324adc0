"""Each command that a page tells people to type is run, or the test that runs it is named here."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordersync_dagster.app.pretend_shops import pretend_shop
from ordersync_dagster_tests.support.pages import PAGES, console_lines
from ordersync_dagster_tests.support.places import ROOT, TESTS

COMMANDS = sorted({line for page in PAGES for line in console_lines(page)})
WALKS = {"quick-start": "", "first-day": "report.html", "outage": "outage.html"}  # page → a file that it leaves
CLUSTER = "not run anywhere, as docs/kubernetes.md says; the manifests are checked by tests/deploy"
ELSEWHERE = {
    r"ordersync sandbox --folder \S+$": "app/test_pretend_shops.py",  # it serves for ever
    r"ordersync (db grants|db init --sql)": "adapters/database/schema/test_grants.py",  # PostgreSQL's
    r"ordersync alerts( test)?$": "cli/test_alerts.py",  # they send something to somebody
    r"make ui|make ui-shop": "test_make_ui.py",
    r"python3 -m venv|venv/bin/pip|pip install": "release/test_packaging.py",
    r"\. \.?venv/bin/activate|chmod|cp \.env|exit|export |make demo": "test_docs_commands.py",  # the walks below
    r"make (test|test-all|bench)$|.*benchmarks": "test_docs.py",  # that there is such a target
    r"make (dist|changelog-check)": "release/test_workflows.py",
    r".*tests\.release\.before": "release/test_upgrade.py",
    r"docker |kubectl |helm |jq ": CLUSTER,
    r"psql ": "deploy/test_dagster_retention.py",
}


def _elsewhere(line: str) -> str:
    return next((where for pattern, where in ELSEWHERE.items() if re.match(pattern, line)), "")


OURS = [line for line in COMMANDS if line.startswith("ordersync ") and not _elsewhere(line)]


def test_no_command_of_a_page_is_left_without_a_test() -> None:
    assert [line for line in COMMANDS if line not in OURS and not _elsewhere(line)] == []
    assert len(OURS) > 30, "the docs' commands were not found: has their form changed?"


def test_the_tests_that_run_the_others_exist() -> None:
    assert [where for where in ELSEWHERE.values() if where != CLUSTER and not (TESTS / where).is_file()] == []
    assert "**No image was built, and no cluster" in (ROOT / "docs/kubernetes.md").read_text()


@pytest.fixture(scope="module")
def shop_environment() -> Iterator[dict[str, str]]:
    with pretend_shop() as environment:
        yield os.environ | environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.mark.slow
@pytest.mark.parametrize("line", OURS)
def test_the_commands_of_the_docs_run_on_the_pretend_shop(
    line: str, shop_environment: dict[str, str], tmp_path: Path
) -> None:
    ended = subprocess.run(
        line, shell=True, cwd=tmp_path, env=shop_environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout or any(path.read_text() for path in tmp_path.glob("*.json")) or line.endswith("bash")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout whose environments are set up already."""
    for name in ("Makefile", "setup.cfg", "pyproject.toml", ".env.example", "requirements", "ordersync_dagster"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for name in (".venv", "venv"):
        (tmp_path / name / "bin").mkdir(parents=True)
        for path in Path(sys.executable).parent.iterdir():
            (tmp_path / name / "bin" / path.name).symlink_to(path)
        (tmp_path / name / "bin/activate").unlink(missing_ok=True)
        (tmp_path / name / "bin/activate").write_text(f'PATH="{Path(sys.executable).parent}:$PATH"')
        (tmp_path / name / ".ready").touch()
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("name", WALKS)
def test_a_newcomer_who_types_a_page_line_by_line_gets_through(name: str, clone: Path) -> None:
    lines = list(console_lines(ROOT / f"docs/{name}.md"))
    typed = [line for line in lines if not re.match(r"make ui|python3 -m venv|venv/bin/pip", line)]
    assert len(typed) > 5
    with pretend_shop() as environment:
        known = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "XDG_STATE_HOME", "TMPDIR", "PYTHONPATH")
            if name in os.environ
        }
        if not any("activate" in line for line in typed):  # the page is for those who have the command
            known["PATH"] = f"{Path(sys.executable).parent}:{known['PATH']}"
        ended = subprocess.run(
            ["bash"],  # it reads what is typed; so does the shell that the sandbox opens
            input="\n".join(typed), cwd=clone, env=known | environment | {"SHELLOPTS": "errexit"},
            capture_output=True, text=True,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-1500:] + ended.stderr[-1500:]
    assert "Dry run: nothing was written" in ended.stdout
    assert ended.stdout.count("Stripe Sessions Added: 3") >= 2  # shown, then done
    assert "ordersync:" not in ended.stderr
    assert not WALKS[name] or (clone / WALKS[name]).stat().st_size > 10_000
