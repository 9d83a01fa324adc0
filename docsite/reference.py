"""`python -m docsite.reference` (`make reference`) writes the pages that come from the code."""

from collections.abc import Callable, Mapping

from docsite.commands_page import commands_page
from docsite.json_page import json_page
from docsite.runbook_page import runbook_page
from docsite.settings_page import settings_page
from docsite.texts import HERE

MARK = "<!-- This page is written by `make reference`: change docsite/ or the code, not this file. -->\n"
PAGES: Mapping[str, Callable[[], str]] = {
    "runbook.md": runbook_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "json.md": json_page,
}


def written(name: str) -> str:
    """The whole text of one page."""
    title, _, rest = PAGES[name]().partition("\n")
    return f"{title}\n\n{MARK}{rest.rstrip()}\n"


if __name__ == "__main__":
    for each in PAGES:
        (HERE.parent / "docs" / each).write_text(written(each))
