"""Exit codes, options and output that the commands share."""

import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ordersync_dagster.app.settings import Settings
    from ordersync_dagster.app.shops import Shop, Shops

DRY_RUN = typer.Option("--dry-run", help="Show what would change; write nothing.")
AS_JSON = typer.Option("--json", help="Print one JSON document.")


_shop: ContextVar["Shop | None"] = ContextVar("shop", default=None)
_is_watched: ContextVar[bool] = ContextVar("is_watched", default=False)


def shops() -> "Shops":
    """From the environment, then from .env in the working directory, and ordersync.toml; raises SettingsError."""
    from ordersync_dagster.app.shops import read_shops

    path = Path(".env")
    return read_shops(path if path.is_file() else None)


def use_shop(shop: "Shop | None") -> None:
    """Let the command work on this shop; None before it is known."""
    _shop.set(shop)


def is_terminal() -> bool:
    """Whether a person at a terminal can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def keep_watched(is_watched: bool) -> None:
    """Note that a person looks on who cannot be asked, because the commands of several shops run side by side."""
    _is_watched.set(is_watched)


def is_watched() -> bool:
    """Whether a person looks on who cannot be asked."""
    return _is_watched.get()


def settings() -> "Settings":
    """The settings of the shop that the command works on; raises SettingsError where several could be meant."""
    shop = _shop.get() or shops().chosen(None)[0]
    return shop.settings


def in_words(text: str) -> str:
    """`text` with the names and the commands of the shop that the command works on."""
    shop = _shop.get()
    return shop.settings.in_words_of_shop(text) if shop else text


def show(text: str, *, end: str = "\n") -> None:
    """Print a result to stdout."""
    print(in_words(text), end=end)


def say(text: str) -> None:
    """Print to stderr: stdout is for results."""
    print(in_words(text), file=sys.stderr, flush=True)
