"""Every YAML file that we ship reads the same for each reader: no key twice, no `on` that is true."""

import subprocess
import sys

from ordersync_dagster_tests.support.places import ROOT

RULES = """
extends: default
rules:
  line-length: {max: 180}
  document-start: disable
  comments: {min-spaces-from-content: 1}
  braces: {max-spaces-inside: 0}
  truthy: {check-keys: false}
  octal-values: disable
"""


def test_yamllint_has_nothing_to_say() -> None:
    files = [*(ROOT / "deploy").rglob("*.yaml"), *ROOT.glob("*.yaml")]
    assert len(files) > 8
    ended = subprocess.run(
        [sys.executable, "-m", "yamllint", "--strict", "-d", RULES, *files], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (0, "")
