"""Names that are almost a setting's: what a person meant to set would stay as it is, in silence."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource

OURS = "ORDERSYNC_"
LIKENESS = 0.85  # of the part after the prefix; SHADDOW and SHADOW have 0.92


def misspelt(
    settings: type[BaseSettings], env_file: Path | None, folder: Path | None, shops: Collection[Mapping[str, Any]]
) -> dict[str, str]:
    """A sentence for each misspelt name. Names that the entries of `shops` give to their variables are left alone."""
    known = {name.upper().removeprefix(OURS) for name in settings.model_fields if name.upper().startswith(OURS)}
    variables = {str(value) for entry in shops for name, value in entry.items() if name.endswith("_variable")}
    found = {}
    for name in sorted(set(_names(settings, env_file, folder)) - variables):
        if name.startswith(OURS) and (word := name.removeprefix(OURS)) not in known:
            for close in get_close_matches(word, sorted(known), n=1, cutoff=LIKENESS):
                found[name] = f"{name} is no setting: is it {OURS}{close}? Correct the name, or take the line away"
    return found


def _names(settings: type[BaseSettings], env_file: Path | None, folder: Path | None) -> Iterator[str]:
    """Every name that has a value, where settings are looked up: environment, `.env`, folder of secrets."""
    for source in (EnvSettingsSource(settings), DotEnvSettingsSource(settings, env_file=env_file)):
        yield from (name.upper() for name, value in source.env_vars.items() if value and value.strip())
    yield from (file.name.upper() for file in folder.iterdir()) if folder else ()
