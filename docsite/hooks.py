"""What MkDocs calls while it builds the site: docs/ stays readable on a code host, and links work in both places."""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from docsite.drawing import drawing

ROOT = Path(__file__).parents[1]
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
REFERENCE = {"settings.md", "commands.md", "runbook.md", "json.md"}
LABEL = re.compile(r"\[[\w./-]+\.md\](?=\(([^)\s#:]+\.md)(?:#[^)\s]*)?\))")  # on a code host a file's name is its title
ITEM = re.compile(r"(?:[-*]|\d+\.) ")
FENCE = re.compile(r"```+")
LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
PICTURE = re.compile(r"^!\[([^\]]*)\]\(([^)\s]+\.svg)\)$", re.MULTILINE)
MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def on_config(config: Any) -> Any:
    """Add every decision record to the navigation."""
    records = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    _list_of(config["nav"], "Decisions").extend(f"decisions/{name}" for name in records)
    return config


def _list_of(nav: list[Any], title: str) -> list[Any]:
    """The pages below a title, anywhere in the navigation."""
    below = [next(iter(entry.items())) for entry in nav if isinstance(entry, dict)]
    for name, pages in below:
        if name == title:
            found: list[Any] = pages
            return found
    return next(filter(None, (_list_of(pages, title) for _, pages in below if isinstance(pages, list))), [])


def on_files(files: Any, config: Any) -> Any:
    """Add what the pages link to outside of docs/, such as manifests and CONTRIBUTING.md."""
    from mkdocs.structure.files import File

    for path in sorted(_outside()):
        place = _place(path)
        if files.get_file_from_path(place) is None:
            files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite links for the site; put drawings in place of their text."""
    place = page.file.src_uri
    _present(page.meta, place)
    home = {site: source for source, site in PAGES.items() if source != "README.md"}.get(place, f"docs/{place}")
    markdown = LABEL.sub(lambda match: _titled(match, home), widened(markdown))
    markdown = LINK.sub(lambda match: _relinked(match, home, place), markdown)
    markdown = PICTURE.sub(lambda match: _inlined(match, place), markdown)
    return MERMAID.sub(lambda match: drawing(match[1]), markdown)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Let the long names in the list of a page's headings break after an underscore."""
    waiting = list(page.toc)
    while waiting:
        heading = waiting.pop()
        heading.title = heading.title.replace("_", "_<wbr>")
        waiting += heading.children
    return html


def _present(meta: dict[str, Any], place: str) -> None:
    """The first page has no lists beside it; the search prefers reference to records of decisions."""
    if place == "index.md":
        meta["hide"] = ["navigation", "toc"]
    if place in REFERENCE:
        meta["search"] = {"boost": 3}
    if place.startswith(("decisions/", "changelog", "releasing", "contributing")):
        meta["search"] = {"boost": 0.3}


def _relinked(match: re.Match[str], home: str, place: str) -> str:
    target = normpath(PurePosixPath(home).parent / match[2])
    if not (ROOT / target).is_file():
        return match[0]  # --strict names it
    return f"{match[1]}{relpath(_place(target), PurePosixPath(place).parent)}{match[3]}"


def _titled(match: re.Match[str], home: str) -> str:
    """The heading of a page in place of its file's name."""
    file = ROOT / normpath(PurePosixPath(home).parent / match[1])
    heading = file.read_text().partition("\n")[0] if file.is_file() else ""
    return f"[{heading.removeprefix('# ')}]" if heading.startswith("# ") else match[0]


def widened(markdown: str) -> str:
    """Indent the lines of a list's item by four blanks: with fewer, Python-Markdown ends the list there."""
    lines, width, is_code = [], 0, False
    for line in markdown.splitlines():
        blanks = len(line) - len(line.lstrip())
        is_code ^= not blanks and FENCE.match(line) is not None
        if item := None if is_code else ITEM.match(line):
            width = len(item[0])
        elif line and not blanks:
            width = 0
        lines.append(" " * (4 - width) + line if width and blanks >= width else line)
    return "\n".join(lines) + "\n"


def _inlined(match: re.Match[str], place: str) -> str:
    """The drawing itself, so that it follows the colours that the reader chose."""
    svg = (ROOT / "docs" / PurePosixPath(place).parent / match[2]).read_text()
    return f'<figure class="drawing" role="img" aria-label="{match[1]}">\n{svg}</figure>'


def _place(path: str) -> str:
    """Where a file of the checkout stands on the site."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return PAGES.get(path, f"files/{path.lstrip('.')}")


def _outside() -> set[str]:
    """Files outside of docs/ that pages link to, and pages that are not in docs/."""
    found = set(PAGES) - {"README.md"}
    for page in [*(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in found)]:
        home = page.relative_to(ROOT).parent.as_posix()
        for match in LINK.finditer(page.read_text()):
            target = normpath(PurePosixPath(home) / match[2])
            if not target.startswith(("docs/", "..")) and (ROOT / target).is_file() and target != "README.md":
                found.add(target)
    return found
