"""Where tests and helpers live: folders mirror the package, conftest.py holds fixtures, helpers are in support/."""

import ast
import re
from collections.abc import Iterator

import pytest

from ordersync_dagster_tests.support.places import ROOT, TESTS

PACKAGE = ROOT / "ordersync_dagster"
# folders that are about no single part of the package
KINDS = {"deploy", "deployment", "faults", "fuzz", "release", "scaling", "simulation", "support"}
LONGEST = 80  # characters of a test's name
MODULES = {path.relative_to(TESTS).as_posix(): ast.parse(path.read_text()) for path in sorted(TESTS.rglob("*.py"))}


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules, and what may be modules, that are imported anywhere in it, also in the text of a program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"^\s*from (ordersync_dagster_tests[\w.]+) import", node.value, re.M)


def test_a_test_has_a_name_that_can_be_read_at_once() -> None:
    names = [node.name for tree in MODULES.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert [name for name in names if name.startswith("test_") and len(name) > LONGEST] == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.endswith("conftest.py")])
def test_a_conftest_holds_fixtures_and_hooks_alone(path: str) -> None:
    def is_at_home(node: ast.stmt) -> bool:
        if isinstance(node, ast.FunctionDef):
            fixtures = [each for each in node.decorator_list if "pytest.fixture" in ast.unparse(each)]
            return bool(fixtures) or node.name.startswith("pytest_")
        return isinstance(node, ast.Import | ast.ImportFrom | ast.Expr | ast.With)  # with: warnings of an import

    assert [ast.unparse(node) for node in MODULES[path].body if not is_at_home(node)] == []


def test_nothing_is_imported_from_a_test_or_a_conftest() -> None:
    known = [(path, name) for path, tree in MODULES.items() for name in imports(tree)]
    assert [
        (path, name) for path, name in known if re.match(r"ordersync_dagster_tests\..*(\.test_|conftest)", name)
    ] == []


def test_support_knows_no_other_folder_of_the_tests() -> None:
    known = {name for path, tree in MODULES.items() if path.startswith("support/") for name in imports(tree)}
    ours = {name for name in known if name.startswith("ordersync_dagster_tests.")}
    assert {name for name in ours if not name.startswith("ordersync_dagster_tests.support.")} == set()


def test_benchmarks_import_nothing_from_the_tests() -> None:
    benchmarks = (ROOT / "benchmarks").rglob("*.py")
    known = {name for path in benchmarks for name in imports(ast.parse(path.read_text()))}
    assert {name for name in known if name.startswith("ordersync_dagster_tests")} == set()


def test_a_public_name_stands_in_one_module_alone() -> None:
    """Sandbox apart, which shares no code with the rest."""
    homes: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" not in path.parts and "versions" not in path.parts:
            for node in ast.parse(path.read_text()).body:
                for name in defined(node):
                    homes.setdefault(name, []).append(path.relative_to(PACKAGE).as_posix())
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def defined(node: ast.stmt) -> list[str]:
    """The public names that a statement of a module defines; type variables apart."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        names = [node.name]
    elif isinstance(node, ast.Assign) and "TypeVar(" not in ast.unparse(node.value):
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        names = [node.target.id]
    else:
        names = []
    return [name for name in names if not name.startswith("_")]


def test_the_folders_of_the_tests_are_those_of_the_package() -> None:
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("*.py")}
    mirrored = [folder for folder in folders if folder.parts[:1] and folder.parts[0] not in KINDS]
    assert len(mirrored) > 10
    assert [str(folder) for folder in mirrored if not (PACKAGE / folder).is_dir()] == []
