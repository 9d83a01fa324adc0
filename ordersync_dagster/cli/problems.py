"""The command `problems`: what runs found that a person or the next run has to solve."""

import getpass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from ordersync_dagster.cli.console import AS_JSON, settings, show
from ordersync_dagster.cli.shop_option import in_each_shop, in_one_shop
from ordersync_dagster.core.errors import UsageError
from ordersync_dagster.core.problem_classes import CLASSES

if TYPE_CHECKING:
    from ordersync_dagster.app.problems import Problems

problems = typer.Typer(invoke_without_command=True, help="List the problems that runs found, show or acknowledge one.")
PROBLEM_ID = typer.Argument(
    metavar="ID", help="As `ordersync problems` shows it.", callback=lambda given: given.strip().lower()
)

PROBLEM_IDS = typer.Argument(
    metavar="ID",
    help="One or more, as `ordersync problems` shows them.",
    callback=lambda given: [each.strip().lower() for each in given],
)


@problems.callback()
@in_each_shop
def list_problems(
    context: typer.Context,
    classes: Annotated[
        list[str] | None, typer.Option("--class", metavar="CLASS", help="Only this class; may be repeated.")
    ] = None,
    shows_all: Annotated[bool, typer.Option("--all/--open", help="Ended ones too, or only open ones.")] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """List the open problems by class, first those that need a person: since when, how much money, what to do."""
    if context.invoked_subcommand is not None:
        return
    from ordersync_dagster.report.problems import MOST_OF_A_CLASS, problems_json, problems_text

    classes = [_class_name(each) for each in classes or ()]
    source = _problems()
    most = None if classes else MOST_OF_A_CLASS
    found = source.known(only_open=not shows_all, classes=[CLASSES[name] for name in classes])
    not_known = "" if found else source.not_known()
    if as_json:
        show(problems_json(found, source.now, not_known=not_known or None))
    elif found:
        show(problems_text(found, source.now, most))
    else:
        of_classes = f" of class {', '.join(classes)}" if classes else ""
        show(not_known or f"No {'' if shows_all else 'open '}problems{of_classes}.")


def _class_name(given: str) -> str:
    """As the report writes it too: Cancelled at Printful."""
    name = "_".join(given.lower().split())
    if name not in CLASSES:
        meant = "".join(f"is it {close}? " for close in get_close_matches(name, CLASSES, n=1))
        raise UsageError(f"--class {given}: there is no such class; {meant}docs/runbook.md lists them")
    return name


@problems.command("show")
@in_one_shop
def show_problem(problem_id: Annotated[str, PROBLEM_ID], as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Show all that is known of one problem."""
    from ordersync_dagster.report.problems import problem_json, problem_text

    source = _problems()
    show((problem_json if as_json else problem_text)(source.show(problem_id), source.now))


@problems.command("ack", short_help="Say that you have seen problems.")
@in_one_shop
def acknowledge_problem(
    problem_ids: Annotated[list[str], PROBLEM_IDS],
    note: Annotated[str, typer.Option(help="Your finding or decision; no names of customers.")],
    until: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="From this UTC day on it counts again."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who has seen it; else the user of this machine.")
    ] = None,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Say that you have seen problems: they stay listed, but no longer need a person."""
    from ordersync_dagster.report.problems import problem_json, problem_text, problems_json, problems_text

    source = _problems()
    when = until.replace(tzinfo=UTC) if until else None
    found = source.acknowledge(problem_ids, by=by or _user(), note=note, until=when)
    if len(found) == 1:
        show((problem_json if as_json else problem_text)(found[0], source.now))
    else:
        show(problems_json(found, source.now) if as_json else problems_text(found, source.now, most=None))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


def _problems() -> "Problems":
    from ordersync_dagster.app.problems import Problems

    return Problems(settings())
