"""`ordersync sandbox` and `ordersync demo`: the pretend shop."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ordersync_dagster.cli.console import say
from ordersync_dagster.core.errors import SettingsError


def sandbox(
    context: typer.Context,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME", help="outage, quiet, messy or large.", show_default="outage")
    ] = None,
    size: Annotated[int, typer.Option(metavar="N", min=1, help="Sessions of `large`.")] = 20_000,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65_535, help="0 takes a free one.")] = 0,
    latency: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Seconds that each answer takes.")] = 0.0,
    folder: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Keep the shop's database here.")] = None,
    shops: Annotated[
        int, typer.Option(metavar="N", min=0, max=200, help="So many shops, with their ordersync.toml.")
    ] = 0,
) -> None:
    """Run the pretend shop, or several; a command after `--`, such as bash, runs on it. Else it serves."""
    from ordersync_dagster.app.pretend_shops import pretend_shop, pretend_shops

    _require_program(context)
    if shops:
        played = pretend_shops(shops, scenario, size=size, port=port, latency=latency, folder=folder)
    else:
        played = pretend_shop(scenario, size=size, port=port, latency=latency, folder=folder)
    with ExitStack() as stack:
        environment = _started(stack, played, port, folder)
        if context.args:
            sys.exit(_exit_of(context.args, environment))
        print("\n".join(f"export {name}={value}" for name, value in environment.items()), flush=True)
        say("Serving the pretend shop; Ctrl-C stops it.")
        signal.pause()


def _require_program(context: typer.Context) -> None:
    """Raises SettingsError where the words after the options are no program's name."""
    import shutil

    name = context.args[0] if context.args else None
    if name is None:
        return
    if name.startswith("-"):
        raise SettingsError(f"there is no option {name}: `ordersync sandbox --help` lists them")
    if name in getattr(context.find_root().command, "commands", ()):
        raise SettingsError(f"`{name}` is a command of ordersync: write `ordersync sandbox -- ordersync {name} …`")
    if shutil.which(name) is None:
        raise SettingsError(f"there is no program {name!r} on this machine")


def _started(
    stack: ExitStack, played: AbstractContextManager[dict[str, str]], port: int, folder: Path | None
) -> dict[str, str]:
    """The running shop's settings; raises SettingsError where the port is taken or the folder cannot be written."""
    try:
        return stack.enter_context(played)
    except OSError as error:
        if error.filename is None:
            raise SettingsError(f"port {port} is not free ({error.strerror}): choose another --port") from None
        place = f"--folder {folder}" if folder else "the folder for temporary files"
        raise SettingsError(f"{place} cannot be used: {error.strerror} ({error.filename})") from None


def _exit_of(words: Sequence[str], environment: dict[str, str]) -> int:
    """Run the person's own command to its end."""
    import subprocess

    with subprocess.Popen(words, env=os.environ | environment) as child:  # noqa: S603
        signal.signal(signal.SIGTERM, lambda number, _frame: child.send_signal(number))
        return child.wait()


def demo() -> None:
    """Sandbox, SQLite, a dry run, the run, and a second run that finds nothing; needs no keys."""
    from ordersync_dagster.app.demo import demonstrate

    for line in demonstrate():
        print(line, flush=True)
