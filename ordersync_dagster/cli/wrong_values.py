"""What an option takes, in plain words, where a person gave it something else."""

import inspect
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from ordersync_dagster.core.value_words import A_DAY, choice_words, number_words


def wrong_value(error: object) -> str | None:
    """A sentence for an error of an option's value; None for other errors. It rests on our own declaration alone."""
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if parameter is None or context is None or not getattr(error, "message", ""):  # a missing value has no message
        return None
    hints = get_type_hints(inspect.unwrap(context.command.callback), include_extras=True)
    words = _taken(hints, parameter.name)
    name = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.metavar or parameter.name.upper()
    return words and f"{name} takes {words}"


def _taken(hints: Mapping[str, Any], name: str) -> str | None:
    hint = hints.get(name)
    if get_origin(hint) is not Annotated:
        return None
    kind, option = get_args(hint)[:2]
    kind = next((each for each in get_args(kind) if each is not type(None)), kind)
    if kind in (int, float):
        return number_words(option.min, option.max, is_whole=kind is int)
    if kind is datetime:
        return A_DAY
    if isinstance(kind, type) and issubclass(kind, Enum):
        return choice_words(str(each.value) for each in kind)
    return None
