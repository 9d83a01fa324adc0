"""The `[[shop]]` entries of ordersync.toml: what one may say, and the values of its settings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr

from ordersync_dagster.adapters.database.schema.shop_mapping import ShopMapping, close_match, mapping_of, read_mapping
from ordersync_dagster.app.setting_values import KEY
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.cron import EXAMPLE, why_no_time
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.value_words import in_brackets

ALL_SHOPS = "all"
OF_THE_DEPLOYMENT = frozenset(
    {"ordersync_shop", "ordersync_secrets_dir", "ordersync_state_dir", "ordersync_rates_url"}
)  # one value for all shops
_SHORT = {"stripe_secret_key": "stripe_key", "printful_api_key": "printful_key"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


def _entry_name(setting: str) -> str:
    return _SHORT.get(setting, setting.removeprefix("ordersync_"))


_FIELDS = {name: each for name, each in Settings.model_fields.items() if name not in OF_THE_DEPLOYMENT}
_SECRETS = {name for name, each in _FIELDS.items() if SecretStr in get_args(each.annotation)}
VARIABLES: Mapping[str, str] = {f"{_entry_name(name)}_variable": name for name in _FIELDS if name in _SECRETS}
"""Name in an entry → the setting whose value stands in the environment variable that it names."""
VALUES: Mapping[str, str] = {_entry_name(name): name for name in _FIELDS if name not in _SECRETS}
"""Name in an entry → the setting whose value it holds."""
TABLES = frozenset(ShopMapping.model_fields) - {"shop"}
KNOWN = ("name", *VARIABLES, *VALUES, *sorted(TABLES), "schedule")


@dataclass(slots=True)
class ShopEntry:
    """One entry: the texts of its settings as the environment would hold them, and what is wrong with it alone."""

    name: str
    schedule: str | None = None
    texts: dict[str, object] = field(default_factory=dict)  # by setting
    variables: dict[str, str] = field(default_factory=dict)  # by setting
    faults: dict[str, str] = field(default_factory=dict)  # by setting in capitals
    names: dict[str, str] = field(default_factory=dict)  # setting in capitals → its name in the entry


def read_entries(root: ShopMapping, file: Path) -> list[ShopEntry]:
    """The entries of `file`, whose tables are the defaults; raises SettingsError that names all faults of its form."""
    wrong = [sentence for place, given in enumerate(root.shop, start=1) for sentence in _form_faults(place, given)]
    wrong += _doubled([str(given.get("name", "")) for given in root.shop])
    if wrong:
        raise SettingsError("\n  ".join([f"{file} has entries that cannot be used:", *wrong]))
    defaults = root.model_dump(exclude={"shop"}, exclude_unset=True)
    return [_entry(given, defaults, file) for given in root.shop]


def _form_faults(place: int, given: Mapping[str, object]) -> Iterable[str]:
    name = given.get("name")
    who = f"[[shop]] {name}" if _is_name(name) else f"[[shop]] number {place}"
    if name is None:
        yield f'{who} has no name: write name = "…"'
    elif not _is_name(name):
        yield f"{who}: name has 1 to 40 letters, digits, - and _, and begins with a letter or digit; not {ALL_SHOPS!r}"
    for each in given:
        if each not in KNOWN:
            yield f"{who}: {_advice(each)}"


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(_NAME.fullmatch(name)) and name.lower() != ALL_SHOPS and not KEY.match(name)


def _advice(name: str) -> str:
    shown = name if re.fullmatch(r"\w{1,40}", name) and not KEY.match(name) else "a name"
    setting = name.lower()
    known = {**VALUES, **VARIABLES, **{_entry_name(each): each for each in OF_THE_DEPLOYMENT}}
    full = setting if setting in known.values() else known.get(setting, "")
    if setting in KNOWN:
        return f"{shown} is called {setting} here"
    if full in OF_THE_DEPLOYMENT:
        return f"{shown} is one for all shops: set {full.upper()} in the environment"
    if full in _SECRETS or _entry_name(setting) in map(_entry_name, _SECRETS):
        variable = f"{_entry_name(full or setting)}_variable"
        return f"{shown} is a secret, which never stands in this file: give the name of its variable as {variable}"
    if full:
        return f"{shown} is called {_entry_name(full)} here"
    return f"{shown}: there is no such name{close_match(name, KNOWN) or '; docs/shops.md lists them'}"


def _doubled(names: Sequence[str]) -> Iterable[str]:
    """Names that are the same to Dagster or to a file system."""
    plain = [name.lower().replace("-", "_") for name in names]
    for place, name in enumerate(names):
        first = names[plain.index(plain[place])]
        if name and plain[place] in plain[:place]:
            what = (
                f"{name} is the name of two shops" if first == name else f"{first} and {name} are one name to Dagster"
            )
            yield f"[[shop]] {what}: give each a name of its own"


def _entry(given: Mapping[str, Any], defaults: Mapping[str, Any], file: Path) -> ShopEntry:
    entry = ShopEntry(str(given["name"]))
    for name, value in given.items():
        if name in VALUES and name != "config":
            _set(entry, name, VALUES[name], value)
        elif name in VARIABLES:
            _name_variable(entry, name, VARIABLES[name], value)
    _set_mapping(entry, given, defaults, file)
    _set_schedule(entry, given.get("schedule"))
    return entry


def _set(entry: ShopEntry, name: str, setting: str, value: object) -> None:
    entry.names[setting.upper()] = name
    text = _text(value)
    if text is None:
        entry.faults[setting.upper()] = f"{name} is a text, a number, true or false, a day, or a list of texts"
    elif value == []:
        entry.faults[setting.upper()] = f"{name} is an empty list, which says nothing: name something, or take it away"
    else:
        entry.texts[setting] = text


def _text(value: object) -> str | None:
    """As the environment would hold it."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float() | date():
            return str(value)
        case list() if all(isinstance(each, str) for each in value):
            return ",".join(value)
    return None


def _name_variable(entry: ShopEntry, name: str, setting: str, value: object) -> None:
    entry.texts[setting] = ""  # the variable alone counts, also if it is not set
    entry.names[setting.upper()] = name
    if isinstance(value, str) and _VARIABLE.fullmatch(value) and not KEY.match(value.lower()):
        entry.variables[setting] = entry.names[setting.upper()] = value
    else:
        entry.faults[setting.upper()] = (
            f"{name} is the name of an environment variable in capitals, such as PRINTS_{setting.upper()}; the secret "
            "itself never stands in this file"
        )


def _set_mapping(entry: ShopEntry, given: Mapping[str, Any], defaults: Mapping[str, Any], file: Path) -> None:
    """Tables of the entry go before those of the file; `config` names another file instead of both."""
    tables, other = {name: given[name] for name in given if name in TABLES}, given.get("config")
    entry.names["ORDERSYNC_CONFIG"] = "config"
    rules = tables.get("printful")
    if isinstance(rules, Mapping) and rules.get("delivery") in ("fulfilled", "shipments"):
        entry.texts.setdefault("printful_delivery", rules["delivery"])  # before the environment of all shops
    try:
        if other is None:
            entry.texts["ordersync_config"] = mapping_of(_merged(defaults, tables), str(file))
            return
        if tables:
            raise SettingsError(f"config and {', '.join(tables)} exclude each other: write the tables into one place")
        mapping = read_mapping(file.parent / str(other))
        if mapping.shop:
            raise SettingsError(f"config names {other}, which has [[shop]] entries itself: name a file without them")
        entry.texts["ordersync_config"] = mapping
    except SettingsError as error:
        entry.faults["ORDERSYNC_CONFIG"] = str(error)


def _merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    both = {name: _merged(defaults[name], own[name]) for name in own if _are_tables(defaults.get(name), own[name])}
    return {**defaults, **own, **both}


def _are_tables(first: object, second: object) -> bool:
    return isinstance(first, Mapping) and isinstance(second, Mapping)


def _set_schedule(entry: ShopEntry, given: object) -> None:
    if given in (None, ""):
        return
    line = " ".join(given.split()) if isinstance(given, str) else ""
    why, shown = why_no_time(line), in_brackets(line)
    if why:
        reason = why if shown else "cron has five fields"
        entry.faults["SCHEDULE"] = f'schedule{shown} is no time: {reason}. Write it as cron does, such as "{EXAMPLE}"'
    else:
        entry.schedule = line
