"""The changelog agrees with the version, and a change of the product has a line in it.

`python -m ordersync_dagster_tests.release.changelog since BASE` is `make changelog-check`.
`python -m ordersync_dagster_tests.release.changelog notes TAG` prints what the release of this tag brings.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ordersync_dagster import __version__
from ordersync_dagster_tests.support.places import ROOT

CHANGELOG = "CHANGELOG.md"
PRODUCT = ("ordersync_dagster", "deploy", "Dockerfile", "compose.yaml", ".env.example")
UNRELEASED = "Unreleased"
_HEADING = re.compile(r"^## \[(?P<title>[^]]+)\](?: - (?P<date>\d{4}-\d\d-\d\d))?$")


class ChangelogError(Exception):
    """A sentence with cause and fix."""


@dataclass(frozen=True)
class Entry:
    """One version of the changelog, or what is not released yet."""

    title: str
    date: str | None
    text: str


def entries(changelog: str) -> list[Entry]:
    """From the newest to the oldest; raises ChangelogError where a heading has another form."""
    found = []
    for section in re.split(r"^(?=## )", changelog, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        match = _HEADING.match(heading)
        if not match or (match["title"] == UNRELEASED) == bool(match["date"]):
            wanted = f"`## [{UNRELEASED}]` or `## [1.2.3] - 2026-12-31`"
            raise ChangelogError(f"{CHANGELOG}: the heading {heading!r} is neither {wanted}")
        found.append(Entry(match["title"], match["date"], text.strip()))
    if not found:
        raise ChangelogError(f"{CHANGELOG} has no entry: write one below `## [{UNRELEASED}]`")
    return found


def check_version(changelog: str, version: str) -> None:
    """Raises ChangelogError if the top entry and the version disagree."""
    found = entries(changelog)
    top, released = found[0], [entry.title for entry in found if entry.date]
    if top.date and top.title != version:
        raise ChangelogError(
            f"{CHANGELOG} has released {top.title} last, and the package says {version}: make them equal"
        )
    if not top.date and released and _order(version) <= _order(released[0]):
        raise ChangelogError(f"{released[0]} is released, and the package still says {version}: raise __version__")


def _order(version: str) -> tuple[int, ...]:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ChangelogError(f"the version {version!r} is not of the form 1.2.3")
    return tuple(int(part) for part in version.split("."))


def notes(changelog: str, tag: str, version: str) -> str:
    """The text of the release that has this tag; raises ChangelogError if tag, version and top entry are not one."""
    top = entries(changelog)[0]
    if not top.date:
        raise ChangelogError(f"{CHANGELOG}: the top entry is not released; name it `## [{version}] - DATE`")
    if not tag == f"v{top.title}" == f"v{version}":
        raise ChangelogError(f"tag {tag}, top entry {top.title} of {CHANGELOG} and version {version}: make them one")
    return top.text


def check_since(base: str, folder: Path) -> None:
    """Raises ChangelogError if commits since `base` change the product and nobody wrote a line about it."""
    if _git(folder, "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}", fails=True) is None:
        raise ChangelogError(f"git knows no {base}: fetch it, or name another with BASE=…")
    added = _git(folder, "diff", "--unified=0", f"{base}...HEAD", "--", CHANGELOG) or ""
    if re.search(r"^\+- ", added, re.MULTILINE):
        return
    silent = _silent_commits(base, folder)
    if silent:
        raise ChangelogError(
            f"{CHANGELOG} has no new line since {base}, and these commits change the product: write one."
            " If users see nothing of it, end the commit's message with `Changelog: none`.\n" + "\n".join(silent)
        )


def _silent_commits(base: str, folder: Path) -> list[str]:
    form = "--format=%h %s%x09%(trailers:key=Changelog,valueonly,separator=%x2C)"
    listed = _git(folder, "log", "--no-merges", form, f"{base}..HEAD", "--", *PRODUCT) or ""
    commits = [line.rpartition("\t") for line in listed.splitlines()]
    return [subject for subject, _, word in commits if word.strip().lower() != "none"]


def _git(folder: Path, *arguments: str, fails: bool = False) -> str | None:
    ran = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=not fails)
    return ran.stdout if ran.returncode == 0 else None


def main(arguments: Sequence[str]) -> int:
    """0, or 1 with one sentence."""
    changelog = (ROOT / CHANGELOG).read_text()
    try:
        check_version(changelog, __version__)
        match arguments:
            case ["since", base]:
                check_since(base, ROOT)
            case ["notes", tag]:
                print(notes(changelog, tag, __version__))
            case _:
                raise ChangelogError("say `since BASE` or `notes TAG`")
    except ChangelogError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
