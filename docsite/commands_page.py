"""docs/commands.md: each command as cli/ declares it."""

import enum
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer.main

from docsite.texts import HERE, NotDescribedError, require_same, sentences, table
from ordersync_dagster.cli import main

INTRO = """\
stdout has only the result. The target, warnings and progress go to stderr. `ordersync COMMAND --help` shows the same options. [runbook.md](runbook.md) explains the exit codes, [json.md](json.md) the documents of `--json`, [settings.md](settings.md) the settings.

With several shops every command but `sandbox` and `demo` takes `--shop NAME`, and most take `--shop all`: [shops.md](shops.md).
"""


def commands_page() -> str:
    """Raises NotDescribedError where a command or an option has no sentence."""
    more = sentences("commands")
    commands = dict(every_command())
    require_same(set(more), set(commands), "docsite/commands.toml")
    lines = ["# Commands", "", INTRO]
    for name, command in commands.items():
        lines += _section(name, command, more[name])
    return "\n".join(lines)


def every_command() -> Iterator[tuple[str, Any]]:
    """What can be run, as a person types it after `ordersync`."""
    yield from _under(typer.main.get_command(main.app), "")


def _under(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield before + name, command
        if hasattr(command, "commands"):
            yield from _under(command, f"{before}{name} ")


def _section(name: str, command: Any, more: Mapping[str, Any]) -> list[str]:
    function = inspect.unwrap(command.callback)
    if not function.__doc__:
        raise NotDescribedError(f"`ordersync {name}` has no docstring in {function.__module__}")
    hints = get_type_hints(function, include_extras=True)
    rows = [_row(name, each, hints) for each in command.params if each.name in hints]
    given = " ".join(_usage(each) for each in command.params if each.name in hints and _is_argument(each))
    usage = " ".join(filter(None, ["ordersync", name, given, "[OPTIONS]" if rows else "", _rest(command)]))
    pages = ", ".join(f"[{title_of(page)}]({page})" for page in more.get("pages", ()))
    lines = [f"## ordersync {name}", "", inspect.cleandoc(function.__doc__), "", "```text", usage, "```", ""]
    lines += table(("option", "meaning"), rows) if rows else []
    lines += [more["more"], ""] if "more" in more else []
    return [*lines, *([f"More: {pages}.", ""] if pages else [])]


def title_of(page: str) -> str:
    """The first heading of a page of docs/."""
    text = (HERE.parent / "docs" / Path(page)).read_text()
    return text.partition("\n")[0].removeprefix("# ")


def _is_argument(parameter: Any) -> bool:
    return not parameter.opts[0].startswith("-")


def _usage(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _rest(command: Any) -> str:
    return "[-- COMMAND]" if command.context_settings.get("allow_extra_args") else ""


def _row(command: str, parameter: Any, hints: Mapping[str, Any]) -> tuple[str, str]:
    if not parameter.help:
        raise NotDescribedError(f"`{parameter.opts[0]}` of `ordersync {command}` has no help: add it in cli/")
    if _is_argument(parameter):
        return f"`{_usage(parameter)}`", parameter.help
    names = ", ".join(f"`{each}`" for each in (*parameter.opts, *parameter.secondary_opts))
    value = _value(parameter, hints[parameter.name])
    return f"{names}{f' `{value}`' if value else ''}", parameter.help + _default(parameter, hints[parameter.name])


def _value(parameter: Any, hint: Any) -> str:
    """The form of its value; "" for a switch."""
    kinds = [each for each in (get_args(get_args(hint)[0]) or (get_args(hint)[0],)) if each is not type(None)]
    if bool in kinds:
        return ""
    if parameter.metavar:
        return str(parameter.metavar)
    if isinstance(kinds[0], type) and issubclass(kinds[0], enum.Enum):
        return ", ".join(str(each.value) for each in kinds[0])
    return {"int": "N", "float": "SECONDS", "datetime": "DATE", "Path": "FILE"}.get(kinds[0].__name__, "TEXT")


def _default(parameter: Any, hint: Any) -> str:
    """From what --help says, else from the value that stands for nothing given."""
    shown = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    kinds = get_args(get_args(hint)[0]) or (get_args(hint)[0],)
    if shown is None or shown is False or callable(shown) or bool in kinds:
        return ""
    return f" Default: {getattr(shown, 'value', shown)}."
