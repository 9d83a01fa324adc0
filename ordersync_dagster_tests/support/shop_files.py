"""An ordersync.toml with several shops, and the variables that it names."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ordersync_dagster.app.shops import Shops, read_shops

KEYS = ("database_url", "stripe_key", "printful_key")


def entry(name: str, more: str = "") -> str:
    """An entry whose variables begin with the shop's name in capitals."""
    variables = "\n".join(f'{key}_variable = "{variable(name, key)}"' for key in KEYS)
    return f'\n[[shop]]\nname = "{name}"\n{variables}\n{more}\n'


def variable(name: str, key: str) -> str:
    """The variable that `entry` names for one key."""
    return f"{name.upper().replace('-', '_')}_{key.upper()}"


def secrets_of(name: str, **changes: str) -> dict[str, str]:
    """Made-up values for the variables of a shop; `changes` by `database_url`, `stripe_key` or `printful_key`."""
    values = {
        "database_url": f"postgresql://writer:secret@db.example.com/{name}",
        "stripe_key": "rk_test_" + f"madeUpKeyOf{name.replace('-', '')}",
        "printful_key": f"token-of-{name}",
    } | changes
    return {variable(name, key): text for key, text in values.items()}


class ShopFile:
    """Writes ordersync.toml into a folder and reads the shops of it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, patch

    def set(self, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            self._patch.setenv(name, value)

    def read(self, text: str) -> Shops:
        (self.folder / "ordersync.toml").write_text(text)
        return read_shops(self.folder / ".env")

    def of(self, *names: str, **more: str) -> Shops:
        """Shops with made-up secrets in the environment; `more` lines by name."""
        for name in names:
            self.set(secrets_of(name))
        return self.read("".join(entry(name, more.get(name, "")) for name in names))
