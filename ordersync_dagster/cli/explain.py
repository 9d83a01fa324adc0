"""`ordersync explain`: one order in all three systems."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, in_words, say, settings, show
from ordersync_dagster.core.errors import SettingsError, UsageError
from ordersync_dagster.core.exit_codes import OK
from ordersync_dagster.core.privacy import require_address

if TYPE_CHECKING:
    from ordersync_dagster.app.explain import Explained

NAME = typer.Argument(
    metavar="ID", help="Of an order, session, payment intent, Printful order or problem.", show_default=False
)


def explain(
    name: Annotated[str | None, NAME] = None,
    email: Annotated[str | None, typer.Option(help="Every order of this customer.", show_default=False)] = None,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Show one order in all three systems, and what the next run would do about it; change nothing."""
    from ordersync_dagster.app.explain import explain_order
    from ordersync_dagster.report.explanation import explanation_json, explanation_lines

    name = (name or "").strip()
    if bool(name) == (email is not None):
        raise SettingsError("give an id or --email, and not both: `ordersync explain ID`")
    address = "" if email is None else require_address(email)
    answer = explain_order(settings(), name=name, email=address)
    for warning in answer.warnings:
        say(f"Warning: {warning}")
    if as_json:
        errors = [str(each) for each in answer.errors]
        show(explanation_json(answer.found, answer.now, answer.requests, answer.warnings, errors))
    else:
        _print_lines(explanation_lines(answer.found, answer.now))
        asked = ", ".join(f"{vendor.capitalize()} {count}" for vendor, count in answer.requests.items())
        say(f"Requests: {asked}.")
    raise typer.Exit(_outcome(answer, name, email))


def _outcome(answer: "Explained", name: str, email: str | None) -> int:
    """The exit code; raises the error of a vendor, or UsageError where nothing is known."""
    if answer.errors:
        raise answer.errors[0]
    if answer.found.is_empty and email is not None:
        raise UsageError("nothing is known of this customer: neither the shop's orders nor Stripe have the address")
    if answer.found.is_empty:
        raise UsageError(
            f"nothing is known of {name}: neither the shop's orders nor Stripe nor Printful have it. Give the id of an "
            "order, a Checkout Session (cs_…), a payment intent (pi_…), a Printful order or a problem (p…); a run is "
            "shown by `ordersync runs show`"
        )
    return OK


def _print_lines(lines: Iterable[tuple[str, str]]) -> None:
    """With colours on a terminal, plain in a pipe."""
    if not sys.stdout.isatty():
        for _, text in lines:
            show(text)
        return
    from rich.console import Console
    from rich.text import Text

    from ordersync_dagster.report.explanation import HEADING, WARNING

    console = Console(highlight=False)
    styles = {HEADING: "bold", WARNING: "yellow"}
    for style, text in lines:
        console.print(Text(in_words(text), styles.get(style, "")))
