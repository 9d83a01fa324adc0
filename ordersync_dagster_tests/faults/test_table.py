"""docs/reliability.md, docs/security.md and docs/never.md name every fault and demand, and only tests that exist."""

import re
from pathlib import Path

import pytest

from ordersync_dagster_tests.support.places import TESTS

DOCS = TESTS.parent / "docs"
PAGES = [DOCS / "reliability.md", DOCS / "security.md", DOCS / "never.md"]
REFERENCE = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def rows(page: Path) -> list[list[str]]:
    """The cells of each table row."""
    lines = [line for line in page.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = REFERENCE.findall(page.read_text())
    assert len(named) > 10
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (TESTS / path).is_file() or f"\ndef {name}(" not in (TESTS / path).read_text()
    ]
    assert missing == []


def test_each_fault_has_its_row_with_an_outcome_and_a_test() -> None:
    found = {int(cells[0]): cells for cells in rows(PAGES[0]) if cells[0].isdigit()}
    assert sorted(found) == list(range(1, len(found) + 1))
    assert len(found) >= 72
    assert [number for number, cells in found.items() if not cells[2]] == []
    assert [number for number, cells in found.items() if not REFERENCE.search(cells[3])] == []


def test_each_of_the_ten_invariants_is_named_with_a_test() -> None:
    found = {cells[0]: cells for cells in rows(PAGES[0]) if re.fullmatch(r"I\d+", cells[0])}
    assert list(found) == [f"I{number}" for number in range(1, 11)]
    assert all(REFERENCE.search(cells[2]) for cells in found.values())


def test_each_of_the_14_security_demands_is_answered() -> None:
    found = [cells for cells in rows(PAGES[1]) if cells[0].isdigit()]
    assert [int(cells[0]) for cells in found] == list(range(1, 15))
    assert all(len(cells[2]) > 20 for cells in found)


def numbers(name: str) -> list[int]:
    """The faults that a test's name begins with."""
    begin = re.match(r"test_faults?_((?:(?:and_)?\d\d_)*)", name)
    return [int(number) for number in re.findall(r"\d\d", begin[1])] if begin else []


def named_by_row() -> dict[int, list[tuple[str, str]]]:
    """The tests that each fault's row names, as path and name."""
    return {int(cells[0]): REFERENCE.findall(cells[3]) for cells in rows(PAGES[0]) if cells[0].isdigit()}


def test_every_fault_has_a_test_that_carries_its_number() -> None:
    nameless = [row for row, named in named_by_row().items() if not any(row in numbers(name) for _, name in named)]
    assert nameless == []


def test_every_test_that_carries_numbers_stands_in_the_row_of_each_of_them() -> None:
    by_row, forgotten = named_by_row(), []
    for path in sorted(TESTS.rglob("test_*.py")):
        for name in re.findall(r"^def (test_faults?_\d\d_\w+)\(", path.read_text(), re.M):
            found = (path.relative_to(TESTS).as_posix(), name)
            forgotten += [(number, *found) for number in numbers(name) if found not in by_row[number]]
    assert forgotten == []
