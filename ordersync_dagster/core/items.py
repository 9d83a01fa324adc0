"""The items that an order lacks, and their prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ordersync_dagster.core.changes import AddItems, NewItem
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import Json, LineItem, StoredItem, StoredOrder, item_id
from ordersync_dagster.core.printful_order import PrintfulItem, PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem


def is_guessed(item: NewItem) -> bool:
    """Whether the price is a guess, written because the column must have one."""
    return item.price is not None and item.metadata.get("price_source") in ("printful_cost", "unknown")


@dataclass(frozen=True, slots=True)
class _Price:
    amount: Decimal | None
    source: str


def missing_items(
    stored: StoredOrder, theirs: PrintfulOrder, lines: Sequence[LineItem], limits: Limits
) -> AddItems | Problem | None:
    """The items to add, None where none is missing; a problem where a match is ambiguous, or a value cannot be used.

    Items of ours carry an id made of the Printful item's id; one that has changed since is a problem. Items that
    somebody else wrote are matched as a multiset by variant (catalog or sync) and quantity, so that none is ever
    doubled.
    """
    if theirs.unread_items:
        return _unreadable(stored, theirs)
    wanted = {item_id(stored.id, item.id): item for item in theirs.items}  # Printful may repeat a row
    own = {row.id: row for row in stored.items if row.id in wanted}
    changed = sum(not _agree(row, wanted[row.id]) for row in own.values())
    lacking, foreign = _unmatched(
        [item for key, item in wanted.items() if key not in own], [row for row in stored.items if row.id not in own]
    )
    if foreign or changed or theirs.unsynced_items:
        return _mismatch(stored, theirs, len(lacking) + changed, len(foreign) + changed)
    if not lacking:
        return None
    return _additions(stored, theirs, lacking, lines, limits)


def _agree(row: StoredItem, item: PrintfulItem) -> bool:
    return row.quantity == item.quantity and row.variant_id in (item.variant_id, item.sync_variant_id)


def _unmatched(lacking: list[PrintfulItem], foreign: list[StoredItem]) -> tuple[list[PrintfulItem], list[StoredItem]]:
    """Both sides without their matches; all items are matched by catalog id first, then by sync id."""
    for name in ("variant_id", "sync_variant_id"):
        rest: list[PrintfulItem] = []
        for item in sorted(lacking, key=lambda item: item.id):
            twin = next(
                (row for row in foreign if row.variant_id == getattr(item, name) and row.quantity == item.quantity),
                None,
            )
            if twin is None:
                rest.append(item)
            else:
                foreign = [row for row in foreign if row is not twin]
        lacking = rest
    return lacking, foreign


def _unreadable(stored: StoredOrder, theirs: PrintfulOrder) -> Problem:
    return Problem(
        ProblemClass.ITEMS_MISMATCH,
        f"The items of order {stored.id} were left alone: Printful order {theirs.printful_order_id} has some that "
        f"cannot be read ({theirs.unread_items}). Compare them by hand.",
        {"order_id": stored.id, "printful_order_id": theirs.printful_order_id},
    )


def _mismatch(stored: StoredOrder, theirs: PrintfulOrder, lacking: int, foreign: int) -> Problem:
    unsynced = f"; {theirs.unsynced_items} more are not synced at Printful" if theirs.unsynced_items else ""
    return Problem(
        ProblemClass.ITEMS_MISMATCH,
        f"The items of order {stored.id} were left alone: {lacking} of Printful's {len(theirs.items)} and "
        f"{foreign} of the shop's {len(stored.items)} have no counterpart{unsynced}. Compare them by hand.",
        {"order_id": stored.id, "printful_order_id": theirs.printful_order_id},
    )


def _additions(
    stored: StoredOrder,
    theirs: PrintfulOrder,
    lacking: list[PrintfulItem],
    lines: Sequence[LineItem],
    limits: Limits,
) -> AddItems | Problem:
    additions = []
    for item in lacking:
        price = _price(item, stored, theirs, lines, limits)
        row = _new_item(stored, item, price)
        texts = {"printful_product_id": row.product_id, "printful_variant_id": row.variant_id}
        too_narrow = limits.too_narrow("order_items", {**texts, "name": row.name, "image_url": row.image_url})
        if price.amount is not None and not limits.price.holds(price.amount):
            return _does_not_fit(stored, theirs, item, "price", ProblemClass.AMOUNT_DOES_NOT_FIT)
        if too_narrow:
            return _does_not_fit(stored, theirs, item, too_narrow, ProblemClass.TEXT_DOES_NOT_FIT)
        if empty := limits.lacking("order_items", {"image_url": row.image_url}):
            return _lacks(stored, theirs, item, empty)
        additions.append(row)
    return AddItems(tuple(sorted(additions, key=lambda row: row.id)))


def _price(
    item: PrintfulItem, stored: StoredOrder, theirs: PrintfulOrder, lines: Sequence[LineItem], limits: Limits
) -> _Price:
    """The customer's price of one unit: Printful's retail price, else the session's line, else unknown."""
    currency = (stored.currency or "").lower()
    if item.retail_price is not None and theirs.retail_currency == currency:
        return _Price(item.retail_price, "retail_price")
    if len(lines) == 1 and len(theirs.items) == 1 and lines[0].quantity == item.quantity:
        return _Price(lines[0].unit_price, "stripe_line_item")
    if not limits.is_price_required:
        return _Price(None, "unknown")
    if item.cost is not None and theirs.cost_currency == currency:
        return _Price(item.cost, "printful_cost")
    return _Price(Decimal("0.00"), "unknown")


def _new_item(stored: StoredOrder, item: PrintfulItem, price: _Price) -> NewItem:
    metadata: Json = {
        "printful_item_id": item.id,
        "sync_variant_id": item.sync_variant_id,
        "price_source": price.source,
    }
    return NewItem(
        id=item_id(stored.id, item.id),
        product_id=item.product_id,
        variant_id=item.variant_id,
        name=item.name,
        quantity=item.quantity,
        price=price.amount,
        image_url=item.image_url,
        metadata=metadata,
    )


def _lacks(stored: StoredOrder, theirs: PrintfulOrder, item: PrintfulItem, column: str) -> Problem:
    return Problem(
        ProblemClass.DATABASE_REFUSED,
        f"The items of order {stored.id} were left alone: {column} must have a value, and item {item.id} has none. "
        "Allow NULL, or say under [values.order_items] in ordersync.toml what stands there instead.",
        {"order_id": stored.id, "printful_order_id": theirs.printful_order_id},
    )


def _does_not_fit(
    stored: StoredOrder, theirs: PrintfulOrder, item: PrintfulItem, column: str, problem_class: ProblemClass
) -> Problem:
    return Problem(
        problem_class,
        f"The items of order {stored.id} were left alone: {column} cannot hold item {item.id} exactly. Widen it.",
        {"order_id": stored.id, "printful_order_id": theirs.printful_order_id},
    )
