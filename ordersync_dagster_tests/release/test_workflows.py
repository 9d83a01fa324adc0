"""The workflows of GitHub Actions: pinned, with the least rights, and about what we promise."""

import re
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
import yaml

from ordersync_dagster_tests.support.places import ROOT

FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
TEXTS = {path.name: path.read_text() for path in FILES}
WORKFLOWS: dict[str, Any] = {name: yaml.load(text, yaml.BaseLoader) for name, text in TEXTS.items()}
each = pytest.mark.parametrize("name", TEXTS)


def _jobs(name: str) -> dict[str, Any]:
    return dict(WORKFLOWS[name]["jobs"])


def _steps(name: str) -> list[dict[str, Any]]:
    return [step for job in _jobs(name).values() for step in job.get("steps", [])]


@each
def test_each_action_is_pinned_by_its_commit_with_the_version_beside_it(name: str) -> None:
    used = [line.strip().removeprefix("- ") for line in TEXTS[name].splitlines() if "uses:" in line]
    pinned = re.compile(r"uses: (\./\.github/workflows/\w+\.yml .*|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)")
    assert used
    assert [line for line in used if not pinned.fullmatch(line)] == []


def test_one_action_is_pinned_to_one_commit_everywhere() -> None:
    pins = {pin for text in TEXTS.values() for pin in re.findall(r"uses: ([\w.-]+/.*)", text)}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@each
def test_a_workflow_has_no_right_and_a_job_what_it_needs(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}
    assert WORKFLOWS[name]["concurrency"]
    assert [job for job, facts in _jobs(name).items() if "permissions" not in facts] == []
    assert [job for job, facts in _jobs(name).items() if "uses" not in facts and "timeout-minutes" not in facts] == []


def test_a_pull_request_reaches_no_secret_and_may_write_nothing() -> None:
    triggered = [name for name, workflow in WORKFLOWS.items() if "pull_request" in workflow["on"]]
    assert triggered
    for name in triggered:
        assert "secrets." not in TEXTS[name]
        assert {right for job in _jobs(name).values() for right in job["permissions"].values()} <= {"read"}
    assert [name for name, workflow in WORKFLOWS.items() if "pull_request_target" in workflow["on"]] == []


def test_the_tests_run_on_each_python_that_we_promise() -> None:
    promised = re.findall(r"Python :: (3\.\d+)", (ROOT / "setup.cfg").read_text())
    assert _jobs("ci.yml")["test"]["strategy"]["matrix"]["python"] == promised


def test_the_tests_run_on_postgresql_14_to_18() -> None:
    assert _jobs("ci.yml")["postgresql"]["strategy"]["matrix"]["postgresql"] == ["14", "15", "16", "17", "18"]


@each
def test_each_target_of_make_exists(name: str) -> None:
    commands = [line for step in _steps(name) for line in step.get("run", "").splitlines() if line.startswith("make ")]
    called = [word for line in commands for word in line.split()[1:] if "=" not in word and "$" not in word]
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(called) <= known


def test_a_release_is_tested_audited_signed_and_has_a_bill_of_materials() -> None:
    jobs, text = _jobs("release.yml"), TEXTS["release.yml"]
    assert (jobs["attest"]["needs"], jobs["publish"]["needs"]) == (["ci", "build"], ["attest"])
    assert "sbom-path" in text
    assert re.search(r"make .*release-notes audit", text)
    assert "--trusted-publishing always" in text
    assert "password" not in text


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    ran = run([zizmor, "--quiet", "--offline", ROOT / ".github"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
