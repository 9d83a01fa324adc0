"""docs/runbook.md: what to do, by exit code and by class of problem."""

from docsite.texts import require_same, sentences, table
from ordersync_dagster.core.exit_codes import BUSY, FAILED, OK, USAGE
from ordersync_dagster.core.problem_classes import ProblemClass, Severity

INTRO = """\
Start with the exit code of the command. Inside a run, each record that needs attention is a **problem** with a class.
"""
CLASSES = """\
`ordersync problems` lists the open problems with their age and money, `ordersync problems show ID` shows one, and `ordersync explain ORDER` shows the order in all three systems. `ordersync problems ack ID --note …` says that you have seen it. [logs.md](logs.md#the-life-of-a-problem) explains when a problem ends.

An **error** is counted in `errors`, and the exit code is 1. A **notice** is only listed. “Run again” in the table means that the next run may solve it; a person is needed only if it comes again.
"""


def runbook_page() -> str:
    """Raises NotDescribedError where an exit code or a class has no sentence."""
    lines = ["# Runbook", "", INTRO, "## By exit code", "", *_exit_codes()]
    lines += ["## By class of problem", "", CLASSES, *_overview()]
    meanings = sentences("problems")
    require_same(set(meanings), {str(each) for each in ProblemClass}, "docsite/problems.toml")
    for severity in Severity:
        lines += [f"## {str(severity).capitalize()}s", ""]
        for each in _sorted(severity):
            lines += [f"### {each}", "", meanings[each], "", f"**{_who(each)}** {each.advice}", ""]
    return "\n".join(lines)


def _exit_codes() -> list[str]:
    codes = sentences("runbook")
    known = {str(each) for each in (OK, FAILED, USAGE, BUSY)}
    require_same(set(codes), known, "docsite/runbook.toml")
    rows = [(f"[{code}](#exit-{code})", texts["title"], texts["retry"]) for code, texts in codes.items()]
    lines = table(("exit", "meaning", "does a retry help?"), rows)
    for code, texts in codes.items():
        lines += [f"### Exit {code}", "", f"**{texts['title'].capitalize()}.**", "", texts["text"].strip(), ""]
    return lines


def _overview() -> list[str]:
    rows = [
        (f"[`{each}`](#{each})", str(each.severity), "a person" if each.needs_person else "run again")
        for severity in Severity
        for each in _sorted(severity)
    ]
    return table(("class", "severity", "who acts first"), rows)


def _sorted(severity: Severity) -> list[ProblemClass]:
    return [each for each in ProblemClass if each.severity is severity]


def _who(each: ProblemClass) -> str:
    return "What to do:" if each.needs_person else "The next run may solve it."
