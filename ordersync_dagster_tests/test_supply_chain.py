"""What we ship with and what we publish: no licence that forbids it, no dependency without a hash, no key in a file."""

import re
import subprocess
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster_tests.support.places import ROOT

RUN, DEV, SITE = (ROOT / "requirements" / name for name in ("run.txt", "dev.txt", "docs.txt"))
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", re.MULTILINE)
ALLOWED = re.compile(
    r"MIT|Apache|BSD|0BSD|ISC|PSF|Python Software Foundation|Zlib|CC0|Unlicense|MPL|Mozilla|LGPL|Lesser"
)
FORBIDDEN = re.compile(r"AGPL|Affero|(?<!L)GPL|(?<!Lesser )General Public|Commercial|Proprietary|SSPL|BUSL")
KEYS = {
    "a Stripe key": re.compile(rb"\b[sr]k_(?:live|test)_[A-Za-z0-9]{20,}"),
    "a webhook secret": re.compile(rb"\bwhsec_[A-Za-z0-9]{20,}"),
    "an AWS key": re.compile(rb"\bAKIA[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})"),
    "a Slack token": re.compile(rb"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a token of three parts": re.compile(rb"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\."),
}


def licence(name: str) -> str:
    """As the package declares it: expression, classifiers, or the first line of its text."""
    found: Any = metadata(name)  # its `get` is older than its type
    classifiers = [each.split(" :: ")[-1] for each in found.get_all("Classifier", []) if each.startswith("License")]
    return found.get("License-Expression") or "; ".join(classifiers) or (found.get("License") or "").split("\n")[0]


def test_everything_that_runs_with_us_may_be_shipped_under_apache_2() -> None:
    refused = {}
    for name in PINNED.findall(RUN.read_text()):
        try:
            said = licence(name)
        except PackageNotFoundError:
            continue  # of another platform
        if not ALLOWED.search(said) or FORBIDDEN.search(said):
            refused[name] = said or "(none)"
    assert not refused


@pytest.mark.parametrize("path", [RUN, DEV, SITE], ids=lambda path: path.name)
def test_each_locked_requirement_has_a_hash(path: Path) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", path.read_text())
    pinned = [entry for entry in entries if PINNED.match(entry)]
    assert len(pinned) > 20
    assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []


def test_no_file_of_ours_holds_a_key() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("no git checkout: there is no list of files")
    paths = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    texts = {path: path.read_bytes() for path in paths if path.is_file()}
    assert len(texts) > 100
    found = [(path.name, what) for path, text in texts.items() for what, key in KEYS.items() if key.search(text)]
    assert not found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("rk_live_" + "a1B2" * 8, "a Stripe key"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "a private key"),
        ("AKIA" + "ABCD" * 4, "an AWS key"),
    ],
)
def test_the_scan_knows_a_key_when_it_sees_one(text: str, what: str) -> None:
    assert KEYS[what].search(f"key = '{text}'".encode())
