"""`ordersync sandbox` and `ordersync demo`: the pretend shop."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from ordersync_dagster.cli.console import say


def sandbox(
    context: typer.Context,
    scenario: Annotated[str, typer.Option(help="outage, quiet, messy or large.")] = "outage",
    size: Annotated[int, typer.Option(help="Sessions of `large`.")] = 20_000,
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    latency: Annotated[float, typer.Option(help="Seconds that each answer takes.")] = 0.0,
    folder: Annotated[Path | None, typer.Option(help="Keep the shop's database here.")] = None,
    shops: Annotated[int, typer.Option(min=0, max=200, help="So many shops, with their ordersync.toml.")] = 0,
) -> None:
    """Run the pretend shop, or several; a command after `--`, such as bash, runs on it. Else it serves."""
    from ordersync_dagster.app.pretend_shops import pretend_shop, pretend_shops

    if shops:
        played = pretend_shops(shops, scenario, size=size, port=port, latency=latency, folder=folder)
    else:
        played = pretend_shop(scenario, size=size, port=port, latency=latency, folder=folder)
    with played as environment:
        if context.args:
            import subprocess  # the person's own command

            with subprocess.Popen(context.args, env=os.environ | environment) as child:  # noqa: S603
                signal.signal(signal.SIGTERM, lambda number, _frame: child.send_signal(number))
                sys.exit(child.wait())
        print("\n".join(f"export {name}={value}" for name, value in environment.items()), flush=True)
        say("Serving the pretend shop; Ctrl-C stops it.")
        signal.pause()


def demo() -> None:
    """Sandbox, SQLite, a dry run, the run, and a second run that finds nothing; needs no keys."""
    from ordersync_dagster.app.demo import demonstrate

    for line in demonstrate():
        print(line, flush=True)
