"""The wheel alone, in an empty environment, outside the checkout."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from ordersync_dagster_tests.support.places import ROOT

PACKAGE = ROOT / "ordersync_dagster"
pytestmark = pytest.mark.slow


def _run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that must succeed; it sees no setting and no path of ours."""
    environment = {
        name: value for name, value in os.environ.items() if name.startswith(("PATH", "PIP_", "HOME", "TMP"))
    }
    ended = subprocess.run([str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing of the checkout's build folders gets in."""
    copy = tmp_path_factory.mktemp("source") / "ordersync"
    copy.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(PACKAGE, copy / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    _run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        "dist",
        ".",
        cwd=copy,
    )
    return next((copy / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*") if path.is_file()}
    assert shipped == {name for name in files if "__pycache__" not in name}
    assert f"{PACKAGE.name}/py.typed" in shipped
    assert f"{PACKAGE.name}/adapters/database/migrations/script.py.mako" in shipped


def test_the_metadata_promise_python_311_to_314(metadata: Message) -> None:
    versions = {line.rpartition(" ")[2] for line in metadata.get_all("Classifier", []) if "Python :: 3." in line}
    assert versions == {"3.11", "3.12", "3.13", "3.14"}
    assert set(metadata["Requires-Python"].split(",")) == {">=3.11", "<3.15"}


def test_the_metadata_name_licence_and_extras(metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0" or metadata["License"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    assert set(metadata.get_all("Provides-Extra", [])) == {"postgres", "alerts", "metrics", "dev"}
    assert "# ordersync" in str(metadata.get_payload())


def test_the_wheel_runs_the_demo_in_an_empty_environment_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*install, "--require-hashes", "-r", ROOT / "requirements/run.txt", cwd=tmp_path)
    _run(*install, "--no-deps", wheel, cwd=tmp_path)
    where = _run(python, "-c", "import ordersync_dagster; print(ordersync_dagster.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path))
    ordersync = tmp_path / "venv/bin/ordersync"
    assert "Rows written: 3 orders inserted" in _run(ordersync, "demo", cwd=tmp_path)
    _run(ordersync, "sandbox", "--", ordersync, "sync", "--dry-run", "--report", "result.html", cwd=tmp_path)
    assert "Dry run: nothing was written" in (tmp_path / "result.html").read_text()
    _run(python, "-m", "pip", "check", cwd=tmp_path)
