"""The settings of one of several shops: where they came from, and what the shop shares with others."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel
from pydantic_settings import BaseSettings

from ordersync_dagster.adapters.database.schema.shop_mapping import MAPPING_FILE

_WORD = re.compile(r"[A-Z](?:[A-Z0-9]|\\?_)+")  # Markdown writes \_
# A command that takes --shop, unless a shop is named already. (?>…) takes the first that fits and tries no other.
_COMMAND = re.compile(
    r"\bordersync (?>(?:alerts test|audit show|audit verify|db check|db grants|db init|problems ack|problems show"
    r"|runs show|alerts|doctor|explain|forget|outages|problems|prove|purge|report|runs|shadow|status|sync|undo)\b)"
    r"(?! --shop)"
)
_IN_DAGSTER = re.compile(r"\b(?:daily_order_sync|missed_webhooks|report_drift)\b")  # the jobs and sensors that we name


class ShopSettings(BaseSettings):
    """What settings know beside their values."""

    _faults: dict[str, str] = {}
    _shop: str = ""  # the name of one of several shops
    _names: dict[str, str] = {}
    _given: dict[str, Any] = {}  # texts as they were found, secrets too: never shown
    _all_shops: Mapping[str, Self] = {}
    _shared_accounts: set[str] = set()
    _side_by_side: Path | None = None

    @property
    def faults(self) -> dict[str, str]:
        """A sentence for each setting whose value is wrong, by its name."""
        return self._faults

    @property
    def shop(self) -> str:
        """The name of one of several shops, else ""."""
        return self._shop

    @property
    def names(self) -> dict[str, str]:
        """What a person calls a setting of one of several shops: its name in ordersync.toml, or its variable."""
        return self._names

    @property
    def config_file(self) -> Path:
        """Where ordersync.toml is."""
        return Path(self._given.get("ordersync_config") or MAPPING_FILE)

    def name_as(self, shop: str, names: dict[str, str]) -> None:
        """These are the settings of one of several shops; `names` as in the property."""
        self._shop, self._names = shop, names

    def with_values(self, texts: dict[str, object]) -> Self:
        """The settings of one of several shops: `texts` by setting, else what was found for all; "" is not set."""
        made = type(self).__new__(type(self))
        BaseModel.__init__(made, **(self._given | texts))  # without looking into the environment again: 20 times faster
        return made

    def other_shop(self, name: str) -> Self | None:
        """The settings of another shop of the deployment."""
        return None if name == self._shop else self._all_shops.get(name)

    def stands_beside(self, all_shops: Mapping[str, Self]) -> None:
        """These are the shops of the deployment, by name."""
        self._all_shops = all_shops

    @property
    def shared_accounts(self) -> set[str]:
        """Vendors whose account this shop shares with shops in other databases."""
        return self._shared_accounts

    @property
    def side_by_side(self) -> Path | None:
        """A folder for the rates of commands that run side by side and may write nowhere else."""
        return self._side_by_side

    def beside_others(self, folder: Path) -> None:
        """The command of this shop runs side by side with others."""
        self._side_by_side = folder

    def in_words_of_shop(self, sentence: str) -> str:
        """`sentence` for one of several shops: with the names in its entry and in Dagster, and `--shop` in commands."""
        if not self._shop:
            return sentence
        named = _WORD.sub(lambda found: self._name_of(found[0]), sentence)
        named = _IN_DAGSTER.sub(lambda found: f"{found[0]}_{self._shop.replace('-', '_')}", named)
        return _COMMAND.sub(lambda found: f"{found[0]} --shop {self._shop}", named)

    def _name_of(self, word: str) -> str:
        name = self._names.get(word.replace("\\", ""))
        if name is None:
            return word
        return name.replace("_", r"\_") if "\\" in word else name
