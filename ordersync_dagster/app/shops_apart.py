"""Faults of shops that could take each other's orders for their own: they have one database, table, or account."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from ordersync_dagster.app.accounts import account_groups, orders_of, place_of
from ordersync_dagster.app.settings import Settings


def refuse_mixed_shops(shops: Sequence[Settings]) -> None:
    """Give each shop a fault that another one makes unsafe; all others go on."""
    for place, members in _by(place_of, shops):
        _blame(
            members,
            "DATABASE_URL",
            f"{_names(members)} have the same database and schema ({place}): a run of one would end the other's "
            "problems and take its orders for its own. Give each shop a database of its own, or in PostgreSQL "
            "a schema of its own in the URL (?schema=NAME); docs/shops.md",
        )
    for place, members in _by(orders_of, shops):
        _blame(
            members,
            "DATABASE_URL",
            f"{_names(members)} have the same table of orders ({place}), so each would take the other's orders for its "
            "own: give each shop tables of its own; docs/shops.md",
        )
    for file, members in _by(_metrics_file_of, shops):
        sentence = f"{_names(members)} have the same metrics_file ({file}): give each shop a file of its own"
        _blame(members, "ORDERSYNC_METRICS_FILE", sentence)
    for places in account_groups(shops, "stripe"):
        _refuse_mixed_sessions([shops[each] for each in places])


def _refuse_mixed_sessions(members: Sequence[Settings]) -> None:
    """Of one Stripe account, each shop needs a rule that says which sessions are its own."""
    for shop in members:
        others = [each for each in members if each is not shop and not _have_other_modes(each, shop)]
        match = shop.ordersync_session_match
        if others and (match is None or any(each.ordersync_session_match == match for each in others)):
            what = "no session_match" if match is None else "the same session_match"
            _blame(
                [shop],
                "ORDERSYNC_SESSION_MATCH",
                f"{shop.ordersync_shop} has the Stripe account of {_names(others)} and {what}, so it would add their "
                "payments as orders of its own: correct its key, or give each a session_match that says which sessions "
                "are its own; docs/shops.md",
            )


def _have_other_modes(first: Settings, second: Settings) -> bool:
    return first.ordersync_checkout_modes.isdisjoint(second.ordersync_checkout_modes)


def _metrics_file_of(settings: Settings) -> str:
    return str(settings.ordersync_metrics_file or "")


def _by(key: Callable[[Settings], str], shops: Iterable[Settings]) -> Iterable[tuple[str, list[Settings]]]:
    """What several shops have in common, and these shops."""
    found = defaultdict(list)
    for shop in shops:
        found[key(shop)].append(shop)
    return [(place, members) for place, members in found.items() if place and len(members) > 1]


def _names(shops: Sequence[Settings]) -> str:
    *first, last = (shop.ordersync_shop for shop in shops)
    return f"{', '.join(first)} and {last}" if first else last


def _blame(shops: Sequence[Settings], setting: str, sentence: str) -> None:
    for shop in shops:
        shop.faults.setdefault(setting, sentence)
