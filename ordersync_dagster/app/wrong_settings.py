"""Sentences for settings whose values are wrong."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ordersync_dagster.app.setting_values import limits
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.value_words import A_DAY, SWITCH, in_brackets, number_words

# Their own validators say more, and URLs may have line breaks between them.
MULTILINE = ("stripe_secret_key", "printful_api_key", "ordersync_alert_urls")


def with_control_character(name: str) -> str:
    """The message about a value with a control character in it."""
    return f"{name.upper()} has a line break or another control character in it: copy it again"


def not_taken(error: ErrorDetails, given: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> str:
    """The message about a value that a setting does not take. A value that could be a secret is not shown."""
    ours, name = error.get("ctx", {}).get("error"), str(error["loc"][0])
    if isinstance(ours, SettingsError):
        return str(ours)
    return f"{name.upper()}{in_brackets(given[name])} takes {_taken(fields[name]) or error['msg']}"


def _taken(field: FieldInfo) -> str | None:
    """The words for the values of a setting that has no reader of its own."""
    kinds = getattr(field.annotation, "__args__", (field.annotation,))
    if bool in kinds:
        return SWITCH
    if int in kinds:
        return number_words(*limits(field.metadata))
    return A_DAY if date in kinds else None
