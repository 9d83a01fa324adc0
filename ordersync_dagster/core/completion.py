"""An existing order against its session: which empty fields are filled, and which values disagree."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ordersync_dagster.core.changes import Change, FillFields, OrderUpdate, SetStatus
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.money import with_decimals
from ordersync_dagster.core.order_fields import FILLABLE, PERSONAL, REPORTED
from ordersync_dagster.core.orders import OUR_WORDS, REFUNDABLE, Json, Order, Price, Status, StoredOrder
from ordersync_dagster.core.privacy import normalised_email
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem

PRICE_COLUMNS = ("total_amount", "currency")
_WENT_BACK = "the whole payment went back"
UNMAPPED = "which ordersync.toml does not map"  # part of every warning of `unmapped_word`
_UNPAID_WORDS = ("unpaid", "not paid", "not_paid", "await", "pending")  # in a shop's own word for an unpaid order


def completed(
    existing: StoredOrder,
    order: Order,
    limits: Limits,
    *,
    is_paid: bool,
    is_refunded: bool = False,
    is_erased: bool = False,
) -> tuple[OrderUpdate | None, list[Problem]]:
    """The update that fills empty fields of `existing`, and the problems of the fields that it leaves.

    With `is_paid` an order that says pending moves to the status of `order`, as the lost webhook would have moved it.
    With `is_refunded` an order whose whole payment went back becomes refunded.
    Name and address stay empty where the customer `is_erased`, or where the order has another e-mail address.
    """
    values, problems = _empty_fields(existing, order), list[Problem]()
    if is_erased or not _is_of_customer(existing, order):
        held = sorted(values.keys() & set(PERSONAL))
        values = {column: value for column, value in values.items() if column not in PERSONAL}
        if held and not is_erased:
            problems.append(_other_email(existing, held))
    column = limits.too_narrow("orders", {k: v for k, v in values.items() if isinstance(v, str)})
    if column:
        values = {}
        sentence = f"Order {existing.id} was not completed: {column} is too narrow for its value. Widen the column."
        problems.append(Problem(ProblemClass.TEXT_DOES_NOT_FIT, sentence, _order_ids(existing)))
    changes: list[Change] = [FillFields(values)] if values else []
    if is_paid and existing.status == Status.PENDING:
        changes.insert(0, SetStatus(existing.status, order.status, "paid", "Stripe"))
    elif is_refunded and existing.status in REFUNDABLE:
        changes.insert(0, SetStatus(existing.status, Status.REFUNDED, _WENT_BACK, "Stripe"))
    update = OrderUpdate(existing, tuple(changes)) if changes else None
    return update, [*problems, *disagreements(existing, order), *_unreadable(existing, order)]


def without_taken_back(
    existing: StoredOrder, order: Order, taken_back: Mapping[str, Collection[str]]
) -> tuple[Order, list[Problem]]:
    """`order` without the Printful id that a run of ours once gave to `existing`, and that somebody took back."""
    printful_id = order.printful_order_id
    if existing.printful_order_id or printful_id is None or printful_id not in taken_back.get(existing.id, ()):
        return order, []
    sentence = (
        f"The session of order {existing.id} names Printful order {printful_id}. An earlier run linked them, and "
        "somebody took that back: it was not linked again. If the link is right, set the order's printful_order_id."
    )
    ids = {**_order_ids(existing), "printful_order_ids": printful_id}
    return replace(order, printful_order_id=None), [Problem(ProblemClass.POSSIBLE_LINK, sentence, ids)]


def _empty_fields(existing: StoredOrder, order: Order) -> dict[str, str | Json]:
    """The session's values, by column, where the order has none."""
    fields = [field for field in FILLABLE if field.column not in existing.unreadable]
    offered = {
        field.column: getattr(order, field.attribute) for field in fields if _is_empty(existing, field.attribute)
    }
    return {column: value for column, value in offered.items() if value}


def _is_of_customer(existing: StoredOrder, order: Order) -> bool:
    """Whether the order still has the e-mail address of its session: a shop that erases a customer replaces it."""
    address = existing.customer_email
    return address is not None and normalised_email(address) == normalised_email(order.customer_email)


def _other_email(existing: StoredOrder, held: Sequence[str]) -> Problem:
    sentence = (
        f"Order {existing.id} has another e-mail address than its session, so {' and '.join(held)} stayed empty. "
        "If the customer was not erased, fill it by hand."
    )
    return Problem(ProblemClass.OTHER_EMAIL, sentence, _order_ids(existing))


def _is_empty(existing: StoredOrder, attribute: str) -> bool:
    """Whether there is no value; an address of nothing but nulls, which some webhook handlers wrote, is none."""
    value: str | Json | None = getattr(existing, attribute)
    return not value or (not isinstance(value, str) and not any(value.values()))


def disagreements(existing: StoredOrder, order: Order) -> Iterator[Problem]:
    is_otherwise = any(_is_priced(existing, price) for price in order.other_prices)
    for field in (each for each in REPORTED if not (is_otherwise and each.column in PRICE_COLUMNS)):
        ours, theirs = getattr(existing, field.attribute), getattr(order, field.attribute)
        if field.column == "currency":
            ours = (ours or "").lower() or None
        if ours not in (None, "") and theirs is not None and ours != theirs:
            ours = with_decimals(ours, order.currency) if isinstance(ours, Decimal) else ours
            sentence = f"Order {existing.id} says {field.column} {ours}, its session says {theirs}; it was left alone."
            yield Problem(ProblemClass.ORDER_DISAGREES, sentence, {**_order_ids(existing), "column": field.column})


def _is_priced(existing: StoredOrder, price: Price) -> bool:
    """Whether amount and currency, where the order has them, are those of `price`."""
    currency = (existing.currency or "").lower()
    return existing.total in (None, price.amount) and currency in ("", price.currency)


def _unreadable(existing: StoredOrder, order: Order) -> Iterator[Problem]:
    """Columns whose value nobody can read; it stays."""
    ids = _order_ids(existing)
    if "total_amount" in existing.unreadable:
        sentence = f"Order {existing.id} says a total_amount that is no amount, its session says {order.total}"
        ids_of_amount = {**ids, "column": "total_amount"}
        yield Problem(ProblemClass.ORDER_DISAGREES, f"{sentence}; it was left alone.", ids_of_amount)
    if "shipping_address" in existing.unreadable and order.shipping_address:
        sentence = f"The shipping_address of order {existing.id} is no JSON object; it was left alone."
        yield Problem(ProblemClass.UNREADABLE_COLUMN, sentence, {**ids, "column": "shipping_address"})


def unmapped_word(existing: StoredOrder, *, is_paid: bool) -> Iterator[str]:
    """The warning about a status that is the shop's own word, where nothing else is told of such an order."""
    word = existing.status
    begin = f"Orders of paid sessions have the status {word!r}, {UNMAPPED}, so it was left alone."
    if word in OUR_WORDS:
        return
    if any(unpaid in word.lower() for unpaid in _UNPAID_WORDS):
        yield f"{begin} If it is the word for an unpaid order, say under [statuses]: pending = (that word)."
    elif is_paid and not existing.printful_order_id:
        yield (
            f"{begin} Nobody is told whether these orders wait for their goods or were given up. If it is the word for "
            "one of our statuses, say so under [statuses]."
        )


def _order_ids(existing: StoredOrder) -> dict[str, str]:
    return {"order_id": existing.id, "stripe_session_id": existing.session_id}
