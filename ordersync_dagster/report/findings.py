"""The doctor's findings, as lines for a person and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """Green: fine. Yellow: think about it. Red: change it. Away: somebody did not answer."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    AWAY = "away"


_MARKS = {Level.GREEN: "✓", Level.YELLOW: "!", Level.RED: "✗", Level.AWAY: "…"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    level: Level
    subject: str
    sentence: str


def findings_text(findings: Sequence[Finding]) -> str:
    """A line a finding."""
    return "\n".join(f"{_MARKS[each.level]} {each.subject}: {each.sentence}" for each in findings)


def findings_json(findings: Sequence[Finding]) -> str:
    """The same for scripts."""
    return json.dumps({"schema_version": 1, "findings": [asdict(each) for each in findings]}, indent=2)
