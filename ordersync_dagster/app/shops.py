"""The shops of a deployment: the one of the environment, or those of the `[[shop]]` entries in ordersync.toml."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource, SecretsSettingsSource

from ordersync_dagster.adapters.database.schema.shop_mapping import close_match
from ordersync_dagster.app.accounts import sharing_budgets
from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.app.shop_entries import ALL_SHOPS, ShopEntry, read_entries
from ordersync_dagster.app.shops_apart import refuse_mixed_shops
from ordersync_dagster.core.errors import SettingsError

SHOWN = 20  # names in a message


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop. `name` is "" where the deployment has only one; `schedule` is a cron line."""

    name: str
    settings: Settings
    schedule: str | None = None


@dataclass(frozen=True, slots=True)
class Shops:
    """All shops, in the order of the file; `asked` is ORDERSYNC_SHOP."""

    each: tuple[Shop, ...]
    asked: str = ""

    def __iter__(self) -> Iterator[Shop]:
        return iter(self.each)

    @property
    def names(self) -> tuple[str, ...]:
        """The names; none where the only shop has no name."""
        return tuple(shop.name for shop in self.each if shop.name)

    @property
    def faults(self) -> list[str]:
        """A sentence for each setting of each shop that is wrong, with the shop's name before it."""
        return [
            f"{shop.name}: {sentence}" if shop.name else sentence
            for shop in self.each
            for sentence in shop.settings.wrong_or_missing(shop.settings.faults)
        ]

    def named(self, name: str) -> Shop:
        """One shop; raises SettingsError with a hint where there is none of this name."""
        found = next((shop for shop in self.each if shop.name == name), None)
        if found is None:
            if not self.names and (unread := self.each[0].settings.faults.get("ORDERSYNC_CONFIG")):
                raise SettingsError(unread)
            there = f"there are {_some(self.names)}" if self.names else "no [[shop]] stands in ordersync.toml"
            hint = close_match(name, [*self.names, ALL_SHOPS]) if self.names else ""
            raise SettingsError(f"there is no shop {name[:40]!r}{hint}; {there} (docs/shops.md)")
        return found

    def chosen(self, name: str | None) -> tuple[Shop, ...]:
        """The shops that `name` or ORDERSYNC_SHOP means; raises SettingsError where that is not clear."""
        wanted = name or self.asked
        if wanted == ALL_SHOPS and self.names:
            return self.each
        if wanted:
            return (self.named(wanted),)
        if len(self.each) > 1:
            raise SettingsError(
                f"there are several shops: say --shop NAME or --shop {ALL_SHOPS}, or set ORDERSYNC_SHOP. "
                f"The names are {_some(self.names)}"
            )
        return self.each


def read_shops(env_file: Path | None = None) -> Shops:
    """Read the settings of every shop. What is wrong with one becomes a fault of its own settings.

    Raises SettingsError where a file cannot be read, or the form of an entry is wrong.
    """
    root = read_settings(env_file)
    if not root.ordersync_config.shop:
        if "ORDERSYNC_CONFIG" in root.faults and _has_entries(root.config_file):
            raise SettingsError(root.faults["ORDERSYNC_CONFIG"])  # else its shops would be gone without a word
        return Shops((Shop("", root),), root.ordersync_shop)
    entries = read_entries(root.ordersync_config, root.config_file)
    secrets = _Variables(root, env_file)
    found = [Shop(each.name, _settings(each, root, secrets), each.schedule) for each in entries]
    refuse_mixed_shops([shop.settings for shop in found])
    settings = sharing_budgets([shop.settings for shop in found])
    all_shops = {each.shop: each for each in settings}
    for each in settings:
        each.stands_beside(all_shops)
    return Shops(
        tuple(replace(shop, settings=own) for shop, own in zip(found, settings, strict=True)), root.ordersync_shop
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _has_entries(file: Path) -> bool:
    """Whether a file that cannot be read as TOML seems to have entries."""
    try:
        return re.search(r"^\s*\[+\s*shop\b", file.read_text(errors="replace"), re.M) is not None
    except OSError:
        return False


class _Variables:
    """The values of variables, where settings are looked up too: environment, `.env`, folder of secrets."""

    def __init__(self, root: Settings, env_file: Path | None) -> None:
        self._sources = [
            EnvSettingsSource(Settings).env_vars,
            DotEnvSettingsSource(Settings, env_file=env_file).env_vars,
        ]
        self._folder = root.ordersync_secrets_dir

    def value(self, name: str) -> str:
        """The text of a variable, or "" where it is not set. Raises SettingsError where its file cannot be read."""
        for source in self._sources:
            if text := (source.get(name.lower()) or "").strip():
                return text
        file = SecretsSettingsSource.find_case_path(self._folder, name, False) if self._folder else None
        try:
            return file.read_text().strip() if file and file.is_file() else ""
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"{name} cannot be read from {file}: let this user read it, as UTF-8 text") from None


def _settings(entry: ShopEntry, root: Settings, secrets: _Variables) -> Settings:
    """The entry's settings: its own, then those of the environment."""
    texts: dict[str, object] = dict(entry.texts)
    faults = dict(entry.faults)
    for setting, variable in entry.variables.items():
        try:
            texts[setting] = secrets.value(variable)
        except SettingsError as error:
            faults[setting.upper()] = str(error)
    given = {"ordersync_metrics_shop": entry.name, **_own_metrics_file(entry, root), **texts}
    settings = root.with_values(given | {"ordersync_shop": entry.name})
    settings.name_as(entry.name, entry.names)
    for setting, variable in entry.variables.items():
        name = setting.upper()
        if not texts[setting] and name not in _ASKED_WHEN_NEEDED:
            faults.setdefault(name, f"{variable} is not set in the environment or in .env")
    settings.faults.update(faults)
    settings.faults.update(
        (name, each) for name, each in root.faults.items() if name.lower() not in Settings.model_fields
    )
    return settings


_ASKED_WHEN_NEEDED = ("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL")  # `require` names them


def _own_metrics_file(entry: ShopEntry, root: Settings) -> dict[str, object]:
    """The file of the environment with the shop's name in it: one file holds the metrics of one shop."""
    file = root.ordersync_metrics_file
    if file is None or "ordersync_metrics_file" in entry.texts:
        return {}
    return {"ordersync_metrics_file": str(file.with_name(f"{file.stem}-{entry.name}{file.suffix}"))}
