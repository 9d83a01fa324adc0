"""The sandbox shares no code with what it tests."""

import ast
from pathlib import Path

import ordersync_dagster.sandbox

FOLDER = Path(ordersync_dagster.sandbox.__file__).parent


def test_the_sandbox_imports_nothing_else_of_the_package() -> None:
    for path in FOLDER.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        modules += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
        ours = [module for module in modules if module.startswith("ordersync_dagster")]
        assert all(module.startswith("ordersync_dagster.sandbox") for module in ours), path.name
