"""The names of a shop's assets, jobs, schedules and sensors: plain where it is the only shop, else with its name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from ordersync_dagster.app.accounts import RATES, account_groups
from ordersync_dagster.app.shops import Shop

ASSETS = ("stripe_sessions", "orders", "printful_orders", "order_items", "order_sync_summary")
SHOP_TAG = "ordersync/shop"  # the tag of a run that names its shop
# More days than there are partitions, so that a shop's days are one run. Dagster puts assets whose policies are equal
# into the same run (docs/decisions/0023): each shop has a number of its own.
MORE_THAN_ALL_DAYS = 100_000


@dataclass(frozen=True)
class ShopNames:
    """The names of one shop's things in Dagster; `shop` is "" where it is the only one."""

    shop: str = ""
    place: int = 0  # among the shops
    pool: str = "order_sync"  # shops of one account of a vendor's share it: their runs take turns

    def of(self, name: str) -> str:
        """The name of a job, an op, a schedule or a sensor."""
        return f"{name}_{self._word}" if self.shop else name

    def asset(self, name: str) -> dg.AssetKey:
        """The key of an asset."""
        return dg.AssetKey([self._word, name] if self.shop else [name])

    def is_of(self, key: dg.AssetKey) -> bool:
        """Whether an asset is this shop's."""
        return key == self.asset(key.path[-1])

    @property
    def group(self) -> str:
        """The group of its assets."""
        return self._word if self.shop else "order_sync"

    @property
    def backfill_policy(self) -> dg.BackfillPolicy:
        """One run for all days of this shop, and never one run for two shops."""
        return dg.BackfillPolicy.multi_run(MORE_THAN_ALL_DAYS + self.place) if self.shop else _ALL_DAYS

    @property
    def tags(self) -> dict[str, str]:
        """The tags of its runs."""
        return {SHOP_TAG: self.shop} if self.shop else {}

    @cached_property
    def _word(self) -> str:
        """Dagster allows letters, digits and _ in names."""
        return self.shop.replace("-", "_")


_ALL_DAYS = dg.BackfillPolicy.single_run()
ONLY_SHOP = ShopNames()


def names_of_shops(shops: Sequence[Shop]) -> Iterator[ShopNames]:
    """The names of each shop's things. Shops of one account, of either vendor, have the pool of the first of them."""
    pools = [ShopNames(shop.name).of(ONLY_SHOP.pool) for shop in shops]
    settings = [shop.settings for shop in shops]
    for members in (group for vendor in RATES for group in account_groups(settings, vendor)):
        joined = {pools[place] for place in members}
        pools = [pools[members[0]] if pool in joined else pool for pool in pools]
    return (ShopNames(shop.name, place, pools[place]) for place, shop in enumerate(shops))
