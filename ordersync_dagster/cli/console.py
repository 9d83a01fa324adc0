"""Exit codes, options and output that the commands share."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ordersync_dagster.app.settings import Settings

OK, FAILED, USAGE, BUSY = 0, 1, 2, 75  # the contract's exit codes
DRY_RUN = typer.Option("--dry-run", help="Show what would change; write nothing.")
AS_JSON = typer.Option("--json", help="Print one JSON document.")


def settings() -> "Settings":
    """From the environment, then from .env in the working directory; raises SettingsError."""
    from ordersync_dagster.app.settings import read_settings

    path = Path(".env")
    return read_settings(path if path.is_file() else None)


def say(text: str) -> None:
    """Print to stderr: stdout is for results."""
    print(text, file=sys.stderr, flush=True)
