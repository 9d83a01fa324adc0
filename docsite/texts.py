"""The sentences that the code does not hold: what a setting, a class of problem or a field means."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class NotDescribedError(Exception):
    """Something of the code has no sentence, or a sentence is about nothing that the code has."""


def sentences(name: str) -> dict[str, Any]:
    """One of the TOML files beside this module."""
    return tomllib.loads((HERE / f"{name}.toml").read_text())


def require_same(described: set[str], existing: set[str], where: str) -> None:
    """Raise NotDescribedError unless both name the same."""
    missing, stale = sorted(existing - described), sorted(described - existing)
    if missing:
        raise NotDescribedError(f"{where} does not describe {', '.join(missing)}: add a sentence to {where}")
    if stale:
        raise NotDescribedError(f"{where} describes {', '.join(stale)}, which the code does not have: take it out")


def cell(text: str) -> str:
    """As a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A table of Markdown, with an empty line behind it."""
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(map(cell, row)) + " |" for row in rows),
        "",
    ]
