"""The pretend vendors for tests: whatever a test does with them, they must be asked by GET alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ordersync_dagster.sandbox import Sandbox, World, serve


@contextmanager
def served(world: World, **how: Any) -> Iterator[Sandbox]:
    """As `serve`; in the end they must have seen nothing but GET."""
    with serve(world, **how) as sandbox:
        yield sandbox
    assert sandbox.methods <= {"GET"}, "something was sent to a vendor"
