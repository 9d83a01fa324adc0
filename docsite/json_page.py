"""docs/json.md: each field of the documents that `--json` prints."""

from collections.abc import Iterator, Mapping

from docsite.commands_page import every_command
from docsite.texts import NotDescribedError, require_same, sentences, table
from ordersync_dagster.report import (
    deliveries,
    document,
    explanation,
    history,
    problems,
    proof_file,
    shadow,
    status,
    webhooks,
)
from ordersync_dagster.report.drift import document as drift

VERSIONS = {
    "sync": document.DOCUMENT_VERSION,
    "doctor": 1,
    "status": status.STATUS_VERSION,
    "report": drift.REPORT_VERSION,
    "outages": webhooks.WEBHOOKS_VERSION,
    "prove": proof_file.PROOF_VERSION,
    "explain": explanation.EXPLANATION_VERSION,
    "shadow": shadow.SHADOW_VERSION,
    **dict.fromkeys(("problems", "problems show", "problems ack"), problems.PROBLEMS_VERSION),
    **dict.fromkeys(("alerts", "alerts test"), deliveries.DELIVERIES_VERSION),
    **dict.fromkeys(
        ("runs", "runs show", "undo", "audit show", "audit verify", "purge", "forget"), history.HISTORY_VERSION
    ),
}
TITLES = {
    "window": "A period", "summary": "The figures of a run", "problem": "A problem", "change": "A changed field",
    "known": "A recorded problem", "run": "A run", "entry": "An entry of the audit", "outage": "An outage",
    "health": "The webhook in a period", "class": "The open problems of one class", "last": "A run in the status",
    "traffic": "Requests to a vendor", "erasure": "What was cleared", "side": "One side of a day",
}  # fmt: skip
INTRO = """\
With `--json` a command prints one document on stdout, and nothing else there. `schema_version` stands first in each. It changes only if the meaning of a field changes; new fields may come at any time, so a script should ignore fields that it does not know. With `--shop all` one document holds that of each shop ([shops.md](shops.md)).

Times are ISO 8601 in UTC. Amounts are exact decimal text, or whole minor units where the field says so; they are never floats. Names, addresses and e-mail addresses of customers are in no document.

`a.b` is the field `b` of the object `a`; `a[].b` is the field `b` of each object in the list `a`; `*` is any name. “→” leads to an object that several documents share.
"""


def json_page() -> str:
    """Raises NotDescribedError where a document has no description."""
    texts = sentences("json")
    documents, parts = texts["documents"], texts["parts"]
    known = {name for name, command in every_command() if any("--json" in each.opts for each in command.params)}
    require_same(set(documents), known | {"report"}, "docsite/json.toml")
    require_same(set(VERSIONS), set(documents), "VERSIONS in docsite/json_page.py")
    lines = ["# JSON documents", "", INTRO]
    for name, fields in documents.items():
        how = "--format json" if name == "report" else "--json"
        lines += [f"## ordersync {name}", "", f"`ordersync {name} {how}`, `schema_version` {VERSIONS[name]}.", ""]
        lines += _fields(fields)
    lines += ["## Shared objects", ""]
    for part, fields in parts.items():
        lines += [f"### {TITLES[part]}", "", *_fields(fields)]
    return "\n".join(lines)


def described_fields(name: str) -> dict[str, str]:
    """The path of every field of a document, `[]` left out → where it is described, which several may share."""
    texts = sentences("json")
    return {path.replace("[]", ""): home for path, home in _expanded(name, texts["documents"][name], texts["parts"])}


def _expanded(
    home: str, fields: Mapping[str, str], parts: Mapping[str, Mapping[str, str]], before: str = ""
) -> Iterator[tuple[str, str]]:
    for field, text in fields.items():
        path = before.rstrip(".") if field == "." else before + field
        if path:
            yield path, f"{home}: {field}"
        if text.startswith("@"):
            part = text[1:].split()[0]
            yield from _expanded(part, parts[part], parts, f"{path}." if path else "")


def _fields(fields: Mapping[str, str]) -> list[str]:
    return table(("field", "meaning"), [_row(field, text) for field, text in fields.items()])


def _row(field: str, text: str) -> tuple[str, str]:
    name = "(the document)" if field == "." else f"`{field}`"
    if not text.startswith("@"):
        return name, text
    part, _, meaning = text[1:].partition(" ")
    if part not in TITLES:
        raise NotDescribedError(f"docsite/json.toml has no [parts.{part}]")
    title = TITLES[part]
    return name, f"{meaning} → [{title[0].lower()}{title[1:]}](#{title.lower().replace(' ', '-')})"
