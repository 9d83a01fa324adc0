"""The verdict on a shop as one screen, drawn by rich."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ordersync_dagster.core.history import PastRun
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.text import counted, visible
from ordersync_dagster.report.links import where_to_look
from ordersync_dagster.report.moments import lasting, moment_text
from ordersync_dagster.report.status import ClassStatus, ShopStatus, counters_of, money_of
from ordersync_dagster.report.webhooks import blocks_of_outages

if TYPE_CHECKING:
    from rich.console import RenderableType

PLAIN_WIDTH = 100  # columns, where there is no terminal
_TABLE_WIDTH = 80  # columns; on fewer, the table would cut off amounts and advice


def status_screen(status: ShopStatus, width: int, in_words: Callable[[str], str] = str) -> "RenderableType":
    """The verdict, the problems by class, the runs, and the figures of the last one; `in_words` of the shop.

    `width` is that of the screen in columns.
    """
    from rich.console import Group
    from rich.text import Text

    mark, style = ("✗", "bold red") if status.needs_person else ("✓", "bold green")
    parts: list[RenderableType] = [Text(f"{mark} {in_words(status.verdict)}", style=style)]
    if status.waiting and width < _TABLE_WIDTH:
        parts += [Text(in_words(line)) for line in _problem_lines(status)]
    elif status.waiting:
        parts.append(_problem_table(status, in_words))
    else:
        parts.append("")
    parts += [*(Text(visible(in_words(line))) for line in _lines(status))]
    return Group(*parts)


def status_text(status: ShopStatus, width: int = PLAIN_WIDTH) -> str:
    """The same screen without colours."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(status_screen(status, width), highlight=False)
    return "\n".join(line.rstrip() for line in captured.get().rstrip().splitlines())


def _problem_table(status: ShopStatus, in_words: Callable[[str], str]) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=False)
    for title, options in (("Problem", {}), ("Open", {"justify": "right"}), ("Oldest", {}), ("Money", {})):
        table.add_column(title, no_wrap=True, **options)  # type: ignore[arg-type]  # the options are rich's
    table.add_column("What to do", overflow="fold")
    for each in status.by_class(status.waiting):
        table.add_row(*(Text(in_words(cell)) for cell in _cells(each, status)))
    return table


def _problem_lines(status: ShopStatus) -> Iterator[str]:
    """The same as the table, for a narrow screen."""
    for each in status.by_class(status.waiting):
        facts = (str(len(each.problems)), f"for {lasting(each.oldest, status.now)}", each.money)
        yield ""
        yield f"{each.problem_class}: {', '.join(filter(None, facts))}"
        yield f"→ {each.problem_class.advice}"
    yield ""


def _cells(found: ClassStatus, status: ShopStatus) -> Sequence[str]:
    money = found.money.replace(" and ", "\n")
    oldest = lasting(found.oldest, status.now)
    return str(found.problem_class), str(len(found.problems)), oldest, money, found.problem_class.advice


def _lines(status: ShopStatus) -> Iterator[str]:
    if status.acknowledged:
        yield f"Acknowledged, so not counted above: {_classes(status, status.acknowledged)}"
    if status.others:
        yield f"For the next run: {_classes(status, status.others)}"
    if status.not_judged:
        yield status.not_judged
    if status.problems:
        yield "All open problems: ordersync problems"
        yield ""
    health = status.health
    yield from _run_lines("Last successful run", health.succeeded, status)
    yield from _figures(counters_of(health.succeeded))
    if status.shadow:
        yield f"  {status.shadow}"
    if health.last_failed:
        yield from _run_lines("Last failed run", health.last_failed, status)
    if health.last and health.last.state in ("running", "interrupted"):
        yield f"Last run: {health.last.id}, {health.last.state}"
        yield f"  Look: {where_to_look(health.last.id, status.links)}"
    if status.webhook:
        found = blocks_of_outages(status.webhook)
        title = "Webhook outages:" if status.webhook.outages else "Webhook:"
        yield title if found else "No outage of the webhook was found."
        yield from (f"  {line}" for lines in found for line in lines)
    elif health.succeeded:
        yield "When webhooks were down: ordersync outages"
    yield f"Shop: {status.target}"


def _run_lines(title: str, run: PastRun | None, status: ShopStatus) -> Iterator[str]:
    if run is None:
        yield f"{title}: none"
        return
    ended = run.ended_at or run.started_at
    yield f"{title}: {moment_text(ended)}, {lasting(ended, status.now)} ago ({run.id})"
    yield f"  Look: {where_to_look(run.id, status.links)}"


def _figures(counters: Mapping[str, int]) -> Iterator[str]:
    """The seven counters of a run that came to its end."""
    if counters:
        checked, added, skipped, looked_up, updated, items, errors = counters.values()
        yield f"  Stripe sessions: {checked} checked, {added} added, {skipped} skipped"
        yield f"  Printful orders: {looked_up} checked, {updated} updated, {items} items added"
        yield f"  Errors: {errors}"


def _classes(status: ShopStatus, problems: Sequence[KnownProblem]) -> str:
    money = money_of(problems)
    named = ", ".join(f"{len(each.problems)} {each.problem_class}" for each in status.by_class(problems))
    return f"{counted(len(problems), 'problem')} ({named}{f'; {money}' if money else ''})"
