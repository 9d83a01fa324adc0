"""The `ordersync` command in this process, on a sandbox and a database."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

import pytest

from ordersync_dagster.cli import main
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import UNHURRIED
from ordersync_dagster_tests.support.world import expected_counters

LABELS = (
    "Stripe Sessions Checked", "Stripe Sessions Added", "Stripe Sessions Skipped", "Printful Orders Checked",
    "Printful Orders Updated", "Printful Items Added", "Errors",
)  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


class Cli:
    """Runs `ordersync …` in this process, with the sandbox's settings and a database in the environment."""

    def __init__(
        self, sandbox: Sandbox, database: Database, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self.sandbox, self.database, self.patch, self._capture = sandbox, database, patch, capture
        for name, value in (sandbox.environment() | UNHURRIED | {"DATABASE_URL": database.url}).items():
            patch.setenv(name, value)

    def __call__(self, *arguments: str, **environment: str | None) -> Ran:
        for name, value in environment.items():
            self.patch.delenv(name, raising=False)
            if value is not None:
                self.patch.setenv(name, value)
        self.patch.setattr(sys, "argv", ["ordersync", *arguments])
        with pytest.raises(SystemExit) as stop:
            main.main()
        captured = self._capture.readouterr()
        return Ran(int(stop.value.code or 0), captured.out, captured.err)


def counter_lines(world: World) -> list[str]:
    """The seven lines of the summary that a run over this world has to print."""
    return [f"{label}: {n}" for label, n in zip(LABELS, astuple(expected_counters(world)), strict=True)]


def document(ran: Ran) -> Any:
    return json.loads(ran.out)


@contextmanager
def command_on(
    sandbox: Sandbox, database: Database, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Cli]:
    """`ordersync` until the end of the test, whose signal handler is put back."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield Cli(sandbox, database, patch, capture)
    finally:
        signal.signal(signal.SIGTERM, before)
