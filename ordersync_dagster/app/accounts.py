"""Which shops have one account of a vendor's: they share its rate limit."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.engine.same_database import USUAL_SCHEMA, database_key, schema_of
from ordersync_dagster.app.settings import Settings

RATES: Mapping[str, str] = {"stripe": "stripe_requests_per_second", "printful": "printful_requests_per_minute"}
"""Vendor → the setting of its rate."""
# sk_live_51AbC… is a key of acct_1AbC…: newer keys look so, but Stripe does not promise it. Keys that look otherwise
# count as accounts of their own, unless they have one `stripe_account`.
_ACCOUNT_IN_KEY = re.compile(r"[sr]k_(live|test)_5(1[A-Za-z0-9]{15})[A-Za-z0-9]+")


@dataclass(slots=True)
class _Account:
    shops: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def place_of(settings: Settings) -> str:
    """The database and the schema of our own tables, without user and password; "" where none is set."""
    if not settings.database:
        return ""
    url = connection.parse_url(settings.database)
    schema = settings.ordersync_schema or schema_of(url)
    return database_key(url) + (f", schema {schema}" if schema not in ("", USUAL_SCHEMA) else "")


def orders_of(settings: Settings) -> str:
    """The database and the table of the shop's orders; "" where none is set."""
    if not settings.database:
        return ""
    url, table = connection.parse_url(settings.database), settings.ordersync_config.table("orders")
    schema = "" if "." in table else schema_of(url)
    return f"{database_key(url)}: {f'{schema}.{table}' if schema else table}".replace(f" {USUAL_SCHEMA}.", " ")


def account_of(settings: Settings, vendor: str) -> str:
    """The account whose limit requests count for; it may hold a key, so it is only for hashing."""
    label = settings.stripe_account if vendor == "stripe" else settings.printful_account
    mode = ("live" if settings.is_live else "test") if vendor == "stripe" else ""
    return f"{label} {mode}" if label else _by_key(settings, vendor)


def _by_key(settings: Settings, vendor: str) -> str:
    if vendor == "printful":
        return settings.printful_key
    known = _ACCOUNT_IN_KEY.fullmatch(settings.stripe_key)
    return f"acct_{known[2]} {known[1]}" if known else settings.stripe_key


def account_groups(shops: Sequence[Settings], vendor: str) -> list[list[int]]:
    """The places of the shops of each account; those without a key have none."""
    return [sorted(account.shops) for account in _accounts(shops, vendor) if account.names]


def sharing_budgets(shops: Sequence[Settings]) -> list[Settings]:
    """The settings of each shop; those of one account have its name, its lowest rate and one place in common."""
    found = list(shops)
    for vendor in RATES:
        for account in _accounts(found, vendor):
            _share(found, account, vendor)
    return found


def _accounts(shops: Sequence[Settings], vendor: str) -> list[_Account]:
    """Shops belong together by the same name of the account or by the same key."""
    whole: dict[str, _Account] = {}
    for place, settings in enumerate(shops):
        names = {account_of(settings, vendor), _by_key(settings, vendor)} - {""}
        joined = _Account({place}, names)
        for each in {id(whole[name]): whole[name] for name in names if name in whole}.values():
            joined.shops |= each.shops
            joined.names |= each.names
        whole.update(dict.fromkeys(joined.names, joined))
    return list({id(each): each for each in whole.values()}.values())


def _share(shops: list[Settings], account: _Account, vendor: str) -> None:
    rate, label = RATES[vendor], f"{vendor}_account"
    members = [shops[place] for place in sorted(account.shops)]
    labels = sorted({getattr(each, label) for each in members} - {None})
    common = {rate: min(getattr(each, rate) for each in members), **({label: labels[0]} if labels else {})}
    for place in account.shops:
        own = _other_channels(shops[place], members) if vendor == "printful" else {}
        shared = shops[place].model_copy(update={**common, **own})
        if len(members) > 1:
            shared.shared_accounts.add(vendor)
        shops[place] = shared


def _other_channels(shop: Settings, members: Sequence[Settings]) -> Mapping[str, bool]:
    """Where another shop has the same Printful store, its orders there are no orders that nobody paid for."""
    is_shared = any(each is not shop and each.printful_store_id == shop.printful_store_id for each in members)
    return {"ordersync_other_channels": True} if is_shared and shop.ordersync_other_channels is None else {}
