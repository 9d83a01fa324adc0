"""Asset checks of a day, of the items and of the run. Both jobs evaluate all of them."""

from collections.abc import Iterable, Iterator

import dagster as dg

from ordersync_dagster.core.part import Part
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SkipReason
from ordersync_dagster.core.text import counted
from ordersync_dagster.orchestration.names import ShopNames
from ordersync_dagster.orchestration.partitions import daily
from ordersync_dagster.report.outcome import Outcome

IDS_IN_METADATA = 100  # of one check

PAID_HAS_ORDER, AMOUNTS_AGREE, NO_DUPLICATES = "every_paid_session_has_an_order", "amounts_agree", "no_duplicates"
ITEMS_AGREE, RUN_FINISHED = "items_agree", "last_run_finished"
OF_DAY = {
    PAID_HAS_ORDER: "No paid Checkout Session of the day is without an order.",
    AMOUNTS_AGREE: "Orders say the amount, currency and payment that their sessions say.",
    NO_DUPLICATES: "No two orders of the day name the same payment.",
}
ON_ASSET = dict.fromkeys(OF_DAY, "orders") | {ITEMS_AGREE: "order_items", RUN_FINISHED: "order_sync_summary"}


def of_shop(names: ShopNames) -> Iterator[dg.AssetCheckSpec]:
    """All checks of one shop."""
    for name, description in OF_DAY.items():
        asset = names.asset(ON_ASSET[name])
        yield dg.AssetCheckSpec(name, asset=asset, partitions_def=daily, description=description)
    items, summary = names.asset(ON_ASSET[ITEMS_AGREE]), names.asset(ON_ASSET[RUN_FINISHED])
    agree = "Orders have the items and quantities that Printful makes."
    yield dg.AssetCheckSpec(ITEMS_AGREE, asset=items, description=agree)
    finished = "The last run came to its end without errors."
    yield dg.AssetCheckSpec(RUN_FINISHED, asset=summary, description=finished)


def of_day(names: ShopNames, part: Part, *, is_dry_run: bool) -> Iterable[dg.AssetCheckEvaluation]:
    """The checks on `orders` for the day of `part`. An order that is still missing fails them, why ever it is."""
    day = str(part.plan.day)
    failed = [each.session_id for each in part.plan.failed_sessions]
    missing = [each.order.session_id for each in part.plan.inserts] if is_dry_run else []
    unread = [f"sessions of {name}" for name in _problem_ids(part.plan.notes, ProblemClass.STRIPE_NOT_READ, "day")]
    notes = part.plan.notes
    put_off = [each.session_id for each in part.plan.skips if each.reason is SkipReason.TOO_RECENT]
    yield _evaluation(names, PAID_HAS_ORDER, [*failed, *missing, *unread, *put_off], day)
    yield _evaluation(names, AMOUNTS_AGREE, _problem_ids(notes, ProblemClass.ORDER_DISAGREES, "order_id"), day)
    yield _evaluation(names, NO_DUPLICATES, _problem_ids(notes, ProblemClass.DUPLICATE_ORDER, "order_ids"), day)


def of_items(names: ShopNames, outcome: Outcome) -> Iterable[dg.AssetCheckEvaluation]:
    """The check on `order_items`, over all orders that were looked up; it passes only where each could be."""
    mismatched = _problem_ids(outcome.problems, ProblemClass.ITEMS_MISMATCH, "order_id")
    lacking = [row["order_id"] for row in outcome.changes if row["change"] == "add_item"] if outcome.is_dry_run else []
    named = sorted({*mismatched, *lacking})
    if named or outcome.is_printful_done:
        yield _evaluation(names, ITEMS_AGREE, named)


def of_run(names: ShopNames, outcome: Outcome | None, stopped_by: str | None = None) -> dg.AssetCheckEvaluation:
    """Whether the run finished without errors, so that a failed run is red in the asset graph too."""
    errors = outcome.summary.errors if outcome else 0
    sentence = stopped_by or (
        f"{counted(errors, 'record')} could not be decided; the report names them." if errors else "finished"
    )
    metadata = {"what_happened": sentence, "ordersync_run": outcome.run_id if outcome else "none"}
    return dg.AssetCheckEvaluation(
        asset_key=names.asset(ON_ASSET[RUN_FINISHED]),
        check_name=RUN_FINISHED,
        passed=stopped_by is None and not errors,
        metadata=metadata,
    )


def _problem_ids(problems: Iterable[Problem], problem_class: ProblemClass, key: str) -> list[str]:
    return [each.ids[key] for each in problems if each.problem_class is problem_class]


def _evaluation(names: ShopNames, check: str, ids: list[str], day: str | None = None) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=names.asset(ON_ASSET[check]),
        check_name=check,
        passed=not ids,
        partition=day,
        metadata={"count": len(ids), "ids": ", ".join(ids[:IDS_IN_METADATA])},
    )
