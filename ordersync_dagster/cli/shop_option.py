"""`--shop NAME|all`: which of several shops a command works on."""

import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from ordersync_dagster.cli import console
from ordersync_dagster.core.errors import SettingsError

if TYPE_CHECKING:
    from ordersync_dagster.app.shops import Shop

P = ParamSpec("P")
OPTION = inspect.Parameter(
    "shop",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None,
        typer.Option("--shop", metavar="NAME", help="Which of several shops, or all.", show_default="ORDERSYNC_SHOP"),
    ],
)
_asked: ContextVar[str | None] = ContextVar("asked", default=None)  # by the group, before its command


def in_each_shop(command: Callable[P, None]) -> Callable[..., None]:
    """Give a command the option `--shop`; with `all` it runs for each shop, side by side."""
    return _with_option(command, _side_by_side)


def in_one_shop(command: Callable[P, None]) -> Callable[..., None]:
    """The same for a command that only makes sense in one shop."""
    return _with_option(command, _refuse)


Fan = Callable[[Callable[..., None], Mapping[str, Any], "tuple[Shop, ...]"], None]


def _with_option(command: Callable[..., None], fan_out: Fan) -> Callable[..., None]:
    @wraps(command)
    def run(*, shop: str | None = None, **given: Any) -> None:
        console.use_shop(None)
        name = shop or _asked.get()
        if getattr(given.get("context"), "invoked_subcommand", None) is not None:
            _asked.set(name)
            command(**given)
            return
        _asked.set(None)
        chosen = console.shops().chosen(name)
        if len(chosen) > 1:
            fan_out(command, given, chosen)
            return
        console.use_shop(chosen[0])
        command(**given)

    signature = inspect.signature(command)
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), OPTION])  # type: ignore[attr-defined]
    return run


def _refuse(_command: object, _given: object, _shops: object) -> None:
    raise SettingsError("this is about one shop: say --shop NAME")


def _side_by_side(command: Callable[..., None], given: Mapping[str, Any], shops: "tuple[Shop, ...]") -> None:
    if given.get("as_sql"):
        raise SettingsError("--sql is about one shop: say --shop NAME")
    from ordersync_dagster.cli.side_by_side import run_side_by_side

    run_side_by_side(command, given, shops)


def with_shops_files(given: Mapping[str, Any], shop: str) -> dict[str, Any]:
    """The arguments for one of all shops: each file has the shop's name in its own."""
    return {
        name: value.with_name(f"{value.stem}-{shop}{value.suffix}") if isinstance(value, Path) else value
        for name, value in given.items()
    }
