"""docs/settings.md: each setting with its default, limits and its meaning."""

from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from docsite.texts import require_same, sentences
from ordersync_dagster.app.setting_values import limits
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.value_words import SWITCH

INTRO = """\
`ordersync` reads each setting from the environment. If it is not there, it reads `.env` in the working directory, then the files in `ORDERSYNC_SECRETS_DIR`. `.env.example` has all names: copy it to `.env`.

An empty value counts as not set. All wrong settings are named at once, before any request, and the exit code is 2. So is a name that is almost one of these: `ORDERSYNC_SHADDOW` is refused.

Names of tables, columns and statuses are not settings: they stand in `ordersync.toml` ([mapping.md](mapping.md)).
"""


def settings_page() -> str:
    """Raises NotDescribedError where a setting has no meaning."""
    groups = sentences("settings")
    described = {name for group in groups.values() for name in group}
    require_same(described, {name.upper() for name in Settings.model_fields}, "docsite/settings.toml")
    lines = ["# Settings", "", INTRO]
    for group, settings in groups.items():
        lines += [f"## {group}", ""]
        for name, texts in settings.items():
            facts = _facts(Settings.model_fields[name.lower()], texts.get("default"))
            lines += [f"### {name}", "", f"{texts['meaning']}", "", f"{facts}", ""]
    return "\n".join(lines)


def _facts(field: FieldInfo, default: str | None) -> str:
    values, usual = _values(field), default or _default(field.default)
    parts = [f"Default: {usual}." if usual else "No default."]
    parts += [f"Values: {values}."] if values else []
    parts += ["It is a secret."] if SecretStr in getattr(field.annotation, "__args__", (field.annotation,)) else []
    return " ".join(parts)


def _default(value: Any) -> str:
    """As it is written in `.env`; "" where nothing stands for it."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, int | str) else ""


def _values(field: FieldInfo) -> str:
    if bool in getattr(field.annotation, "__args__", (field.annotation,)):
        return SWITCH
    least, most = limits(field.metadata)
    return f"{least:,} to {most:,}" if least is not None and most is not None else ""
