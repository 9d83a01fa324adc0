"""One order explained, from settings to answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ordersync_dagster.adapters.database.open_shop import open_existing
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.http.client import RetryPolicy
from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.adapters.stripe.lookups import StripeLookups
from ordersync_dagster.app.order_lookups import ShopLookups
from ordersync_dagster.app.records import known_problems
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, database_url, open_run
from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.explanation import Explanation, Found
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.sync.explain import Explainer
from ordersync_dagster.sync.order_sync import PrintfulScope

_PROBLEM = re.compile(r"p[0-9a-f]{12}")
_SUBJECTS = (
    "order_id", "stripe_session_id", "printful_order_id", "stripe_payment_intent_id", "order_ids", "stripe_session_ids",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer, the number of requests by vendor, the warnings, and the errors of vendors that gave no answer."""

    found: Found
    now: datetime
    requests: Mapping[str, int]
    warnings: tuple[str, ...]
    errors: tuple[OrderSyncError, ...]


def explain_order(settings: Settings, *, name: str = "", email: str = "", tools: Tools = Tools()) -> Explained:
    """Look up one id, or every order of an e-mail address; writes nothing. Without a Printful key that is left out."""
    open_existing(database_url(settings, "STRIPE_SECRET_KEY"), tools.clock, settings.layout)  # a typo makes no shop
    tools = replace(tools, retry_policy=_impatient(tools.retry_policy))
    scope = PrintfulScope.all if settings.printful_key else PrintfulScope.none
    ready = open_run(settings, scope, dry_run=True, tools=tools)
    printful = ready.sync.printful
    explainer = Explainer(
        ready.sync,
        ShopLookups(ready.store),
        StripeLookups(ready.stripe),
        printful if isinstance(printful, PrintfulApi) else None,
    )
    found = explainer.of_email(email) if email else explainer.of_name(_meant(ready.store, name))
    known = known_problems(ready.store)
    explained = [_with_known(each, known) for each in found.explanations]
    requests = {vendor: traffic.counts["requests"] for vendor, traffic in ready.traffic.items()}
    return Explained(
        replace(found, explanations=explained), tools.clock(), requests, tuple(ready.warnings), tuple(explainer.errors)
    )


def _meant(store: DatabaseStore, name: str) -> str:
    """The order, session or payment that a problem is about, where `name` is the id of one."""
    if not _PROBLEM.fullmatch(name.lower()):
        return name
    ids = next((each.ids for each in known_problems(store, only_open=False) if each.id == name.lower()), {})
    return next((ids[kind].partition(", ")[0] for kind in _SUBJECTS if ids.get(kind)), name)


def _with_known(each: Explanation, known: Sequence[KnownProblem]) -> Explanation:
    return replace(each, known=[problem for problem in known if each.names.are_in(problem.ids)])


def _impatient(policy: RetryPolicy) -> RetryPolicy:
    """Somebody waits for the answer, and the other systems can be shown without it."""
    return replace(policy, attempts=min(policy.attempts, 4), deadline=min(policy.deadline, 30.0))
