"""The pages of the documentation, and the commands that they tell people to type."""

import re
from collections.abc import Iterator
from pathlib import Path

from ordersync_dagster_tests.support.places import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def console_lines(page: Path) -> Iterator[str]:
    """Lines that begin with $ in console blocks."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.S):
        yield from re.findall(r"^\s*\$ (.*)$", block, re.M)
