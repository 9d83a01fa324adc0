"""The packages: complete, the same each time, and the wheel alone in an empty environment, outside the checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from hashlib import sha256
from pathlib import Path

import pytest

from ordersync_dagster import __version__
from ordersync_dagster_tests.support.places import ROOT

PACKAGE = ROOT / "ordersync_dagster"
UV = Path(sys.executable).with_name("uv")
PASSED_ON = ("PATH", "PIP_", "UV_", "SSL_CERT_", "HOME", "TMP")
pytestmark = pytest.mark.slow


def _run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The output of a command that must succeed; it sees no setting and no path of ours."""
    environment |= {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    ended = subprocess.run([str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    return ended.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, so that nothing of the checkout's build folders gets in."""
    copy = tmp_path_factory.mktemp("source") / "ordersync"
    copy.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in", "CHANGELOG.md"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(PACKAGE, copy / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def _built(source: Path, folder: Path, *options: str) -> dict[str, Path]:
    """What `make dist` does: `{"whl": …, "gz": …}`."""
    how = ("--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder)
    _run(UV, "build", *how, *options, source, cwd=folder.parent, SOURCE_DATE_EPOCH="1767225600")
    return {path.name.rpartition(".")[2]: path for path in folder.iterdir() if path.suffix in {".whl", ".gz"}}


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The source distribution, and the wheel that is made from it."""
    return _built(source, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(built: dict[str, Path]) -> Path:
    return built["whl"]


@pytest.fixture(scope="module")
def empty(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the locked requirements and the wheel."""
    folder = tmp_path_factory.mktemp("empty")
    python = folder / "venv/bin/python"
    _run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    install = (UV, "pip", "install", "--quiet", "--python", python)
    _run(*install, "--require-hashes", "-r", ROOT / "requirements/run.txt", cwd=folder)
    _run(*install, "--no-deps", wheel, cwd=folder)
    where = _run(python, "-c", "import ordersync_dagster; print(ordersync_dagster.__file__)", cwd=folder)
    assert where.startswith(str(folder))
    return folder / "venv/bin"


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def _shipped_files() -> set[str]:
    files = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*") if path.is_file()}
    return {name for name in files if "__pycache__" not in name}


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert shipped == _shipped_files()
    assert f"{PACKAGE.name}/py.typed" in shipped
    assert f"{PACKAGE.name}/adapters/database/migrations/script.py.mako" in shipped


def test_the_source_holds_every_file_of_the_package_and_the_changelog(built: dict[str, Path]) -> None:
    with tarfile.open(built["gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert _shipped_files() <= names
    assert {"CHANGELOG.md", "LICENSE", "README.md", "setup.cfg", "pyproject.toml"} <= names
    assert not [name for name in names if name.startswith(("ordersync_dagster_tests", "benchmarks", "deploy"))]


def test_the_wheel_of_the_source_is_the_wheel_of_the_checkout_to_the_byte(
    source: Path, wheel: Path, tmp_path: Path
) -> None:
    os.utime(source / "README.md")  # when a file was written does not matter
    again = _built(source, tmp_path / "dist", "--wheel")["whl"]
    assert sha256(again.read_bytes()).hexdigest() == sha256(wheel.read_bytes()).hexdigest()


def test_one_version_in_the_names_the_metadata_and_the_changelog(built: dict[str, Path], metadata: Message) -> None:
    assert metadata["Version"] == __version__
    assert {path.name.split("-")[1].removesuffix(".tar.gz") for path in built.values()} == {__version__}


def test_the_metadata_promise_python_311_to_314(metadata: Message) -> None:
    versions = {line.rpartition(" ")[2] for line in metadata.get_all("Classifier", []) if "Python :: 3." in line}
    assert versions == {"3.11", "3.12", "3.13", "3.14"}
    assert set(metadata["Requires-Python"].split(",")) == {">=3.11", "<3.15"}


def test_the_metadata_name_licence_and_extras(metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0" or metadata["License"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    assert set(metadata.get_all("Provides-Extra", [])) == {"postgres", "alerts", "metrics", "kubernetes", "dev"}
    assert "# ordersync" in str(metadata.get_payload())


def test_the_wheel_runs_the_demo_in_an_empty_environment_outside_the_checkout(empty: Path, tmp_path: Path) -> None:
    assert _run(empty / "ordersync", "--version", cwd=tmp_path) == f"ordersync {__version__}\n"
    assert "Rows written: 3 orders inserted" in _run(empty / "ordersync", "demo", cwd=tmp_path)
    _run(UV, "pip", "check", "--python", empty / "python", cwd=tmp_path)


def test_the_wheel_makes_a_database_and_repairs_it(empty: Path, tmp_path: Path) -> None:
    ordersync, shop = empty / "ordersync", f"sqlite:///{tmp_path}/shop.db"
    _run(ordersync, "db", "init", cwd=tmp_path, DATABASE_URL=shop)
    into = (ordersync, "sandbox", "--", "env", f"DATABASE_URL={shop}", ordersync)
    _run(*into, "sync", "--report", "result.html", cwd=tmp_path, ORDERSYNC_METRICS_FILE=f"{tmp_path}/ordersync.prom")
    assert f'version="{__version__}"' in (tmp_path / "ordersync.prom").read_text()
    assert "Printful Items Added" in (tmp_path / "result.html").read_text()
    assert "Stripe Sessions Added: 0" in _run(*into, "sync", "--dry-run", cwd=tmp_path)
    _run(*into, "report", "--output", "drift.html", cwd=tmp_path)
    assert f"ordersync {__version__}" in (tmp_path / "drift.html").read_text()
    _run(ordersync, "audit", "verify", cwd=tmp_path, DATABASE_URL=shop)
