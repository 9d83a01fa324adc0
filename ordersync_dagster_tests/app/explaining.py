"""Questions to `explain`, and its answers."""

from collections.abc import Mapping
from typing import Any

from ordersync_dagster.app.explain import Explained, explain_order
from ordersync_dagster.core.explanation import Explanation
from ordersync_dagster.report.rows import iter_changes
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop

A_HANDFUL = 10
ONLY_A_LIST_SHOWS = {"possible_link", "unfulfilled"}  # they need Printful's whole list


def asked(shop: Shop, name: str = "", *, email: str = "", **changes: str) -> Explained:
    settings = settings_for(shop.sandbox, shop.database.url, **changes)
    return explain_order(settings, name=name, email=email, tools=shop.time.tools())


def the_one(shop: Shop, name: str, **changes: str) -> Explanation:
    (found,) = asked(shop, name, **changes).found.explanations
    return found


def sentences(found: Explanation) -> str:
    return "\n".join(moment.sentence for moment in found.moments)


def changes_of(found: Explanation) -> list[Mapping[str, Any]]:
    return sorted(map(dict, iter_changes(found.plan)), key=str)
